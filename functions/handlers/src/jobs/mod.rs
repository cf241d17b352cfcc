//! Work that nobody waits for: scheduled jobs and consumers of streams. Each may run twice, late, or half-way.

pub mod chain_audit;
pub mod count_sessions;
pub mod expire_sessions;
pub mod follow_events;
pub mod purge_audit;
pub mod retry_mail;
pub mod retry_webhooks;
pub mod rotate_keys;
pub mod send_mail;
pub mod send_webhooks;
pub mod sign_audit_checkpoint;
pub mod spike_detector;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde::Serialize;
use serde_json::Value;
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::error::{Error, Result};
use shared::id;
use shared::store::RunStart;

type Running<'a> = Pin<Box<dyn Future<Output = Result<Value>> + Send + 'a>>;
type Consuming<'a> = Pin<Box<dyn Future<Output = DynamoDbEventResponse> + Send + 'a>>;

/// A function that consumes a table's stream; `template.yaml` says which. Its answer names the records that are to come again
/// (`ReportBatchItemFailures`).
#[derive(Clone, Copy)]
pub struct Consumer {
    pub name: &'static str,
    pub handle: for<'a> fn(&'a App, Event) -> Consuming<'a>,
}

/// A record that is to come again, by its sequence number.
fn failure(sequence_number: Option<String>) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence_number;
    failure
}

/// A scheduled function. The name is the binary's; `template.yaml` says when it runs.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    /// Longer than a run can take: the function's time-out. A run that died gives its turn up then.
    pub lease: Duration,
    pub run: for<'a> fn(&'a App, &'a RequestContext, Value) -> Running<'a>,
}

/// What became of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub job: &'static str,
    pub run_id: String,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub report: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// Another run was under way; this one did nothing.
    AlreadyRunning,
    SwitchedOff,
}

/// Runs a job once, under its lease, and logs the run (OPS-6).
///
/// # Errors
/// When a dependency failed. What was done stays done; the next run goes on from there.
pub async fn run(job: &Job, app: &App, input: Value) -> Result<Run> {
    let now = app.clock.now();
    let run_id = id::fresh(now);
    let ctx = RequestContext::of_job(now, run_id.clone());
    let work = async {
        match app.store.start_run(job.name, &run_id, now, job.lease).await? {
            RunStart::Go => {}
            RunStart::Running => return Ok((Outcome::AlreadyRunning, Value::Null)),
            RunStart::SwitchedOff => return Ok((Outcome::SwitchedOff, Value::Null)),
        }
        let result = (job.run)(app, &ctx, input).await;
        let (outcome, report) = match &result {
            Ok(report) => ("done", report.to_string()),
            Err(error) => ("failed", error.to_string()),
        };
        app.store.finish_run(job.name, &run_id, outcome, &report, app.clock.now()).await?;
        Ok((Outcome::Done, result?))
    };
    let (result, trips): (Result<_>, _) = trips::counted(&run_id, work).await;
    let millis = u64::try_from(app.clock.now().since(now).as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok((outcome, report)) => {
            tracing::info!(job = job.name, run_id, ?outcome, %report, millis, aws_calls = trips.calls, "job ran");
            Ok(Run { job: job.name, run_id, outcome, report })
        }
        Err(error) => {
            tracing::error!(job = job.name, run_id, %error, millis, "job failed");
            Err(error)
        }
    }
}

fn report(report: impl Serialize) -> Result<Value> {
    serde_json::to_value(report).map_err(Error::internal)
}
