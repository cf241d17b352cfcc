//! Work that nobody waits for: scheduled jobs and consumers of streams. Each may run twice, late, or half-way.
//!
//! Every run of a scheduled job goes through [`run`]: a lease, so that one run is under way at a time; the schedule's
//! time, so that a call that is delivered twice runs once; the switch; and the run log. See docs/jobs.md.

pub mod chain_audit;
pub mod check_backups;
pub mod count_sessions;
pub mod daily_report;
pub mod expire_sessions;
pub mod follow_events;
pub mod monitor_jwks;
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
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::app::App;
use shared::aws::trips;
use shared::clock::Timestamp;
use shared::context::RequestContext;
use shared::error::{Error, Result};
use shared::id;
use shared::jobs::Scheduled;
use shared::store::{NewRun, RunEnd, RunStart};
use tracing::Instrument;

type Running<'a> = Pin<Box<dyn Future<Output = Result<Value>> + Send + 'a>>;
type Consuming<'a> = Pin<Box<dyn Future<Output = DynamoDbEventResponse> + Send + 'a>>;

/// A record that is to come again, by its sequence number.
fn failure(sequence_number: Option<String>) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence_number;
    failure
}

/// A scheduled function. The name is the binary's; `template.yaml` says the same of its times, and a test holds both
/// together.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    /// How often its schedule calls for it.
    pub every: Duration,
    /// Not shorter than a run can take: the function's time-out. A run that died gives its turn up then.
    pub lease: Duration,
    pub run: for<'a> fn(&'a App, &'a RequestContext, Value) -> Running<'a>,
}

impl Job {
    /// As it is listed.
    pub const fn scheduled(&self) -> Scheduled {
        Scheduled { name: self.name, every: self.every }
    }
}

/// A function that a table's stream wakes, with what has changed. The name is the binary's.
#[derive(Clone, Copy)]
pub struct Consumer {
    pub name: &'static str,
    /// The answer names the records that are to come again (`ReportBatchItemFailures`).
    pub handle: for<'a> fn(&'a App, Event) -> Consuming<'a>,
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
    /// The schedule's call came a second time, or after a later one; this one did nothing.
    AlreadyDone,
    /// The schedule's call came while the job was switched off; it was logged as skipped.
    SwitchedOff,
}

/// What the schedules of `template.yaml` send. Whatever else calls a job is somebody's hand.
#[derive(Deserialize)]
struct SchedulersEvent {
    source: String,
    time: String,
}

/// A schedule time further ahead than this is no schedule's.
const SKEW: Duration = Duration::from_secs(300);

/// The schedule's time of a call; `None` for a call by hand.
fn scheduled_at(input: &Value, now: Timestamp) -> Option<Timestamp> {
    let event = SchedulersEvent::deserialize(input).ok().filter(|event| event.source == "aws.scheduler")?;
    Timestamp::parse(&event.time).filter(|at| *at <= now + SKEW)
}

/// Runs a job once, under its lease, and logs the run (OPS-6).
///
/// # Errors
/// When a dependency failed. What was done stays done; the next run goes on from there.
pub async fn run(job: &Job, app: &App, input: Value) -> Result<Run> {
    let now = app.clock.now();
    let run_id = id::fresh(now);
    let ctx = RequestContext::of_job(now, run_id.clone());
    let new =
        NewRun { job: job.name, run_id: &run_id, scheduled_at: scheduled_at(&input, now), now, until: now + job.lease };
    let span = tracing::error_span!("job", request_id = run_id, function = job.name);
    let work = run_logged(job, app, &ctx, &new, input).instrument(span);
    let (result, trips) = trips::counted(&run_id, work).await;
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

async fn run_logged(
    job: &Job,
    app: &App,
    ctx: &RequestContext,
    new: &NewRun<'_>,
    input: Value,
) -> Result<(Outcome, Value)> {
    match app.store.start_run(new).await? {
        RunStart::Go => {}
        RunStart::Running => return Ok((Outcome::AlreadyRunning, Value::Null)),
        RunStart::AlreadyDone => return Ok((Outcome::AlreadyDone, Value::Null)),
        RunStart::SwitchedOff => {
            app.store.skip_run(new).await?;
            return Ok((Outcome::SwitchedOff, Value::Null));
        }
    }
    let result = (job.run)(app, ctx, input).await;
    let (outcome, report) = match &result {
        Ok(report) => ("done", report.to_string()),
        Err(error) => ("failed", error.to_string()),
    };
    // Enough for any figures; an error's chain of causes has no bound of its own.
    let report: String = report.chars().take(4_000).collect();
    app.store.finish_run(new, &RunEnd { outcome, report: &report }, app.clock.now()).await?;
    Ok((Outcome::Done, result?))
}

fn report(report: impl Serialize) -> Result<Value> {
    serde_json::to_value(report).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn f15_only_the_schedulers_own_event_has_a_schedules_time() {
        let now = Timestamp::parse("2026-03-02T09:30:05Z").unwrap();
        let at = |event: Value| scheduled_at(&event, now).map(|at| at.to_string());
        let event = |time: &str| json!({ "version": "0", "source": "aws.scheduler", "time": time, "detail": "{}" });
        assert_eq!(at(event("2026-03-02T09:30:00Z")).as_deref(), Some("2026-03-02T09:30:00.000Z"));
        assert_eq!(at(event("2026-03-01T09:30:00Z")).as_deref(), Some("2026-03-01T09:30:00.000Z"), "late");
        // A time from next year would keep every run until then from starting.
        assert_eq!(at(event("2027-03-02T09:30:00Z")), None);
        for by_hand in
            [json!({}), json!(null), json!({ "action": "rotate" }), json!({ "time": "2026-03-02T09:30:00Z" })]
        {
            assert_eq!(at(by_hand.clone()), None, "{by_hand}");
        }
    }
}
