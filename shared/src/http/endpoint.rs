//! Endpoints: a handler with a name, and everything that surrounds each of them.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lambda_http::{Body, Request, Response};
use tracing::Instrument;

use super::reply::ProblemCode;
use super::{Call, Reply, cors, csrf, problem, rate};
use crate::app::App;
use crate::attempts::Rate;
use crate::aws::trips::{self, Trips};
use crate::error::{Error, Result};
use crate::log::masked_ip;
use crate::metrics;

/// A boxed handler's future.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<Reply>> + Send + 'a>>;

/// One function behind one or more routes; the name is its binary's. A test holds both to `template.yaml`.
#[derive(Clone, Copy)]
pub struct Endpoint {
    pub name: &'static str,
    /// `METHOD /path`, as in the template; empty for the function that gets what no route catches.
    pub routes: &'static [&'static str],
    /// Whether one caller may come only so often (LOGIN-8): every route that takes a secret or makes a mail be sent.
    pub limited: bool,
    pub handle: for<'a> fn(&'a App, &'a Call) -> Handling<'a>,
}

/// Tells a person in words of its own what went wrong before a handler ran, or too late for it. `None` for everybody else: they
/// get problem+json.
pub type Telling = fn(&App, &Call, &Error) -> Option<Reply>;

/// A client gives a refresh five seconds: by then it must have been told to try again (F10). Giving up in the middle is
/// no worse than an answer that is lost on the way, and every handler has to bear that.
const DEADLINE: Duration = Duration::from_millis(4500);

/// Answers one request. Never fails: whatever happens becomes an answer with all headers.
pub async fn respond(endpoint: &Endpoint, app: &App, request: Request, tell: Telling) -> Response<Body> {
    let call = Call::new(app, endpoint, request);
    // Of the highest level, so that its id stands on every line, whatever the level of the log.
    let span = tracing::error_span!("request", request_id = call.ctx.request_id, function = endpoint.name);
    let started = app.clock.now();
    async {
        // Beside the work, so that it costs no round trip of its own; whatever becomes of it, the answer is the same (F31).
        let work =
            async { tokio::join!(answer(endpoint, app, &call), metrics::write_due(app, endpoint.name, started)).0 };
        let (result, trips) = trips::counted(&call.ctx.request_id, work).await;
        let mut response = result.unwrap_or_else(|error| match tell(app, &call, &error) {
            Some(page) => page.into_response(),
            None => failed(&call, &error),
        });
        if let Some(rate) = rate_of(&call) {
            rate::dress(rate, response.headers_mut());
        }
        cors::finish(&app.settings, &call, &mut response);
        let took = app.clock.now().since(started);
        let code = response.extensions().get::<ProblemCode>().map_or("ok", |code| code.0);
        app.gathered().answered(endpoint.name, code, took, started);
        log(endpoint, app, &call, &response, trips, took);
        response
    }
    .instrument(span)
    .await
}

async fn answer(endpoint: &Endpoint, app: &App, call: &Call) -> Result<Response<Body>> {
    call.check_way()?;
    if cors::is_preflight(call) {
        return Ok(cors::preflight());
    }
    csrf::check_origin(app, call)?;
    call.check_body()?;
    let handling = tokio::time::timeout(DEADLINE, (endpoint.handle)(app, call)).await;
    let late = Error::Unavailable { dependency: "deadline", cause: format!("no answer within {DEADLINE:?}") };
    let reply = handling.unwrap_or(Err(late))?;
    // A handler may refuse before it asks, but it has done nothing by then.
    if endpoint.limited && rate_of(call).is_none() {
        return Err(Error::internal(format!("{} answered without asking its limit", endpoint.name)));
    }
    Ok(reply.into_response())
}

fn rate_of(call: &Call) -> Option<Rate> {
    call.ctx.admission.as_ref()?.rate()
}

fn failed(call: &Call, error: &Error) -> Response<Body> {
    // The one place where a fault meets the log. Refusals are everyday, and are told by their status below.
    match error {
        Error::Refused(_) => tracing::info!(code = problem::kind_of(error).code, "refused"),
        Error::Unavailable { .. } => tracing::warn!(%error, "a dependency failed"),
        Error::Internal(_) => tracing::error!(%error, "internal fault"),
    }
    let reply = problem::reply(error, &call.ctx.request_id);
    reply.map_or_else(|_| Response::builder().status(500).body(Body::Empty).unwrap_or_default(), Reply::into_response)
}

/// The functions that are called with every request of others, or by every probe. What goes well there is sampled (OPS-5).
pub const HOT: [&str; 4] = ["auth-verify-token", "keys-jwks", "keys-discovery", "health-auth"];

fn log(endpoint: &Endpoint, app: &App, call: &Call, response: &Response<Body>, trips: Trips, took: Duration) {
    let status = response.status();
    let is_hot = HOT.contains(&endpoint.name) && status.as_u16() < 400;
    let Some(stands_for) = (if is_hot { app.hot_log().take() } else { Some(1) }) else { return };
    let Trips { calls, round_trips, .. } = trips;
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let ip = call.ctx.ip.map(masked_ip).unwrap_or_default();
    tracing::info!(method = %call.method(), status = status.as_u16(), millis, aws_calls = calls, round_trips, ip, stands_for, "answered");
}
