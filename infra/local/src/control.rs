//! The routes under `/_local/`: what AWS cannot do and a developer wants. Never deployed.

use std::sync::Arc;
use std::time::Duration;

use askama::Template as _;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use embedded_aws::Fault;
use handlers::jobs::{Job, Outcome, Run};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::Timestamp;

use crate::captcha::Captcha;
use crate::gateway::{json_response, refused};
use crate::pages::{CallsPage, IndexPage, MailRow, MailboxPage};
use crate::stack::Inner;
use crate::{deployed, functions, laptop, samples};

type Answer = Response<Body>;
type Stack = State<Arc<Inner>>;

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/_local", get(|| async { Redirect::permanent("/_local/") }))
        .route("/_local/", get(index))
        .route("/_local/env", get(environment))
        .route("/_local/mail", get(mailbox))
        .route("/_local/mail.json", get(mail_json))
        .route("/_local/clock", get(clock).post(move_clock))
        .route("/_local/jobs/{name}", post(run_job))
        .route("/_local/faults", post(add_fault).delete(clear_faults))
        .route("/_local/calls", get(calls))
        .route("/_local/environment/{function}", get(deployed::environment))
        .route("/_local/reset", post(reset))
}

async fn index(State(stack): Stack) -> Answer {
    let page = IndexPage {
        url: stack.url.clone(),
        accounts: samples::accounts(),
        mail_count: stack.aws.mailbox().list(None).len(),
        routes: stack.routes.all().iter().map(|route| (route.method.clone(), route.path.clone())).collect(),
        jobs: handlers::JOBS.iter().map(|job| job.name.to_owned()).collect(),
        now: stack.clock.now().to_string(),
        recent_calls: stack.requests.recent(stack.aws.calls(), 8).into_iter().map(Into::into).collect(),
    };
    html(page.render())
}

/// For a shell's `eval`: what every SDK and the command line need to take this for AWS.
async fn environment(State(stack): Stack) -> Answer {
    let mut lines = String::from("unset AWS_PROFILE AWS_SESSION_TOKEN\n");
    let settings = laptop::client_settings(stack.aws.endpoint());
    for (name, value) in settings.iter().chain([&("POSTERN_STACK".to_owned(), stack.app().settings.stack_name.clone())])
    {
        lines.push_str(&format!("export {name}={value}\n"));
    }
    lines.into_response()
}

#[derive(Deserialize)]
struct MailQuery {
    to: Option<String>,
}

impl MailQuery {
    fn to(&self) -> Option<&str> {
        self.to.as_deref().map(str::trim).filter(|to| !to.is_empty())
    }
}

async fn mailbox(State(stack): Stack, Query(query): Query<MailQuery>) -> Answer {
    let mails = stack.aws.mailbox().list(query.to()).into_iter();
    let mails = mails.map(|m| MailRow {
        id: m.id,
        at: m.at,
        to: m.to.join(", "),
        subject: m.subject,
        text: m.text,
        html: m.html,
    });
    html(MailboxPage { to: query.to().map(str::to_owned), mails: mails.collect() }.render())
}

async fn mail_json(State(stack): Stack, Query(query): Query<MailQuery>) -> Answer {
    let mails = stack.aws.mailbox().list(query.to()).into_iter();
    let mails = mails.map(|m| json!({ "id": m.id, "to": m.to.join(", "), "subject": m.subject, "text": m.text, "html": m.html, "at": m.at }));
    json_response(StatusCode::OK, &mails.collect())
}

async fn clock(State(stack): Stack) -> Answer {
    json_response(StatusCode::OK, &json!({ "now": stack.clock.now().to_string() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ClockMove {
    advance_seconds: Option<f64>,
    set: Option<String>,
}

/// Ten years: far enough for any test, and far from any overflow.
const FARTHEST: f64 = 10.0 * 365.0 * 86_400.0;

async fn move_clock(State(stack): Stack, body: Bytes) -> Answer {
    let moved: ClockMove = match serde_json::from_slice(&body) {
        Ok(moved) => moved,
        Err(error) => return refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", &error.to_string()),
    };
    let set = moved.set.as_deref().map(Timestamp::parse);
    match (moved.advance_seconds, set) {
        (Some(seconds), None) if (-FARTHEST..=FARTHEST).contains(&seconds) => {
            let now = stack.clock.now();
            let span = Duration::from_secs_f64(seconds.abs());
            if seconds < 0.0 { stack.clock.set(now - span) } else { stack.clock.advance(span) }
        }
        (None, Some(Some(to))) => stack.clock.set(to),
        _ => {
            return refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "validation",
                r#"Send {"advanceSeconds": n} or {"set": "RFC 3339"}"#,
            );
        }
    }
    clock(State(stack)).await
}

/// How long a run by hand waits for one that is under way.
const PATIENCE: u32 = 100;

async fn run_job(State(stack): Stack, Path(name): Path<String>, body: Bytes) -> Answer {
    let Some(job) = functions::job(&name) else {
        return refused(StatusCode::NOT_FOUND, "not_found", "There is no such job");
    };
    // The page's button sends an empty form.
    let input = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(&body) };
    let Ok(input) = input else {
        return refused(StatusCode::BAD_REQUEST, "malformed", "The job's input is not JSON");
    };
    match run_when_free(&stack, job, &input).await {
        Ok(run) => json_response(StatusCode::OK, &json!(run)),
        Err(functions::Failed::Refused(why)) => refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", &why),
        Err(failed) => refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &failed.to_string()),
    }
}

async fn run_when_free(stack: &Inner, job: &'static Job, input: &Value) -> Result<Run, functions::Failed> {
    for _ in 0..PATIENCE {
        let run = functions::run(stack.app(), job, input.clone()).await?;
        if run.outcome != Outcome::AlreadyRunning {
            return Ok(run);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    functions::run(stack.app(), job, input.clone()).await
}

async fn add_fault(State(stack): Stack, body: Bytes) -> Answer {
    let fault: Value = serde_json::from_slice(&body).unwrap_or_default();
    let added = match Captcha::is_meant_by(&fault) {
        true => stack.captcha.add_fault(fault),
        false => add_aws_fault(&stack, fault),
    };
    match added {
        Ok(fault) => json_response(StatusCode::OK, &fault),
        Err(fault) => refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", &fault),
    }
}

fn add_aws_fault(stack: &Inner, fault: Value) -> Result<Value, String> {
    let fault: Fault = serde_json::from_value(fault).map_err(|error| error.to_string())?;
    let fault = with_table_name(stack, fault).ok_or("The template has no such table")?;
    let taken = json!(fault);
    stack.aws.faults().add(fault).map(|()| taken).map_err(|invalid| invalid.to_string())
}

/// Takes a table by its name, its logical id in the template, or the name's last part: `Sessions`, `sessions`.
fn with_table_name(stack: &Inner, mut fault: Fault) -> Option<Fault> {
    if let Some(given) = &fault.table {
        let prefix = format!("{}-", stack.app().settings.stack_name);
        let is_meant = |table: &&template::Table| {
            let ending = table.name.strip_prefix(prefix.as_str()).unwrap_or(&table.name);
            [table.name.as_str(), &table.logical_id, ending].iter().any(|name| name.eq_ignore_ascii_case(given))
        };
        fault.table = Some(stack.template.tables.iter().find(is_meant)?.name.clone());
    }
    Some(fault)
}

async fn clear_faults(State(stack): Stack) -> StatusCode {
    stack.clear_faults();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallsQuery {
    request_id: Option<String>,
}

/// A page for browsers, JSON for everybody else.
async fn calls(State(stack): Stack, Query(query): Query<CallsQuery>, headers: axum::http::HeaderMap) -> Answer {
    let is_browser = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let log = stack.aws.calls();
    let requests = match &query.request_id {
        Some(id) => vec![stack.requests.traced(log, id)],
        None => stack.requests.recent(log, 200),
    };
    if is_browser {
        return html(CallsPage { requests: requests.into_iter().map(Into::into).collect() }.render());
    }
    match (query.request_id, requests.first()) {
        (Some(_), Some(one)) => json_response(StatusCode::OK, &json!(one)),
        _ => json_response(StatusCode::OK, &json!({ "requests": requests, "calls": log.list(None) })),
    }
}

async fn reset(State(stack): Stack) -> Answer {
    match stack.reset().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", &fault),
    }
}

fn html(page: Result<String, askama::Error>) -> Answer {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    match page {
        Ok(page) => ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")], Html(page))
            .into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", &error.to_string()),
    }
}
