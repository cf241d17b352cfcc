//! The scheduled jobs as administrators see them: when each ran, how that ended, and its switch (OPS-6).
//!
//! Running them is `functions/handlers/src/jobs`; what each does is its own module's part.

use std::time::Duration;

use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::audit::{Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::store::{Committed, JobRecord, RunRecord};

/// A job of the product: its name, and how often its schedule calls for it.
#[derive(Clone, Copy, Debug)]
pub struct Scheduled {
    pub name: &'static str,
    pub every: Duration,
}

/// A job, and what is known of its last runs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    pub name: &'static str,
    pub enabled: bool,
    /// Why it was switched last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    pub every_seconds: u64,
    /// When its schedule calls for it next, as far as its last call tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub next_due: Option<String>,
    /// The newest runs, newest first.
    pub runs: Vec<RunView>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JobRun")]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub id: String,
    /// `running`, `done`, `failed`, `skipped`, or `died`: its time is over and it never said how it ended.
    pub outcome: String,
    /// The time of the schedule that called for it; none for a run by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub scheduled_at: Option<String>,
    pub started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub finished_at: Option<String>,
    /// Its figures as JSON, or what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report: Option<String>,
}

/// How many runs of each job are shown.
const SHOWN: i32 = 10;

/// Every job, with its newest runs.
pub async fn list(app: &App, ctx: &RequestContext, jobs: &[Scheduled]) -> Result<Vec<JobView>> {
    let views = jobs.iter().map(async |job| {
        let (record, runs) = tokio::try_join!(app.store.job(job.name), app.store.runs(job.name, SHOWN))?;
        Ok::<_, Error>(view(job, record, runs, ctx.now))
    });
    try_join_all(views).await
}

fn view(job: &Scheduled, record: JobRecord, runs: Vec<RunRecord>, now: Timestamp) -> JobView {
    let called_at = runs.iter().find_map(|run| run.scheduled_at);
    JobView {
        name: job.name,
        enabled: !record.disabled,
        reason: record.reason,
        every_seconds: job.every.as_secs(),
        next_due: called_at.map(|at| (at + job.every).to_string()),
        runs: runs.into_iter().map(|run| run_view(run, now)).collect(),
    }
}

fn run_view(run: RunRecord, now: Timestamp) -> RunView {
    let has_died = run.outcome == "running" && run.leased_until <= now;
    RunView {
        id: run.run_id,
        outcome: if has_died { "died".to_owned() } else { run.outcome },
        scheduled_at: run.scheduled_at.map(|at| at.to_string()),
        started_at: run.started_at.to_string(),
        finished_at: run.finished_at.map(|at| at.to_string()),
        report: run.report,
    }
}

/// Switches a job's schedule on or off; runs by hand go on. The trail is told who did it and why. Switching to what is
/// so already changes nothing.
pub async fn switch(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    job: &'static str,
    enabled: bool,
    reason: &str,
) -> Result<()> {
    let event = Event::by_user(Kind::JobSwitched, admin).on_job(job).with("enabled", enabled).with("reason", reason);
    let change = app.store.transaction().switch_job(job, enabled, reason).event(ctx, event)?;
    match change.commit().await? {
        Committed::Done | Committed::Refused(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcome: &str, scheduled_at: Option<i64>) -> RunRecord {
        let at = Timestamp::from_seconds;
        RunRecord {
            run_id: "r".to_owned(),
            scheduled_at: scheduled_at.map(at),
            started_at: at(1_000),
            leased_until: at(1_060),
            finished_at: None,
            outcome: outcome.to_owned(),
            report: None,
        }
    }

    #[test]
    fn ops_6_a_run_that_never_ended_has_died_when_its_lease_is_over() {
        let seen = |now| run_view(run("running", None), Timestamp::from_seconds(now)).outcome;
        assert_eq!((seen(1_059).as_str(), seen(1_060).as_str()), ("running", "died"));
        assert_eq!(run_view(run("failed", None), Timestamp::from_seconds(9_999)).outcome, "failed");
    }

    #[test]
    fn ops_6_the_next_run_is_due_by_the_schedule_and_not_by_hand() {
        let job = Scheduled { name: "jobs-x", every: Duration::from_secs(60) };
        let due = |runs| view(&job, JobRecord::default(), runs, Timestamp::from_seconds(2_000)).next_due;
        assert_eq!(
            due(vec![run("done", None), run("done", Some(960))]),
            Some(Timestamp::from_seconds(1_020).to_string())
        );
        assert_eq!(due(vec![run("done", None)]), None);
    }
}
