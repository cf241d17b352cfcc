//! The scheduled jobs: their switches, their leases, and the log of their runs.
//!
//! | table | key | item | ends by TTL |
//! |---|---|---|---|
//! | Settings | `kind` = `job`, `key` = name | the switch, the running run's lease, the newest schedule time that was done | |
//! | Settings | `kind` = `run#<name>`, `key` = run id | one run: why, when, how it ended | after 30 days |
//!
//! Run ids are in the order of time. The lease and the log's row are written together, so every run that began is there.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::transaction::{Attempt, Change, Part};
use super::{DYNAMODB, Store, Transaction, from_item, key2, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// How long the log keeps a run.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A schedule time that lies further ahead was set by another clock, and must not stop the runs of this one.
const AHEAD: Duration = Duration::from_secs(300);

/// Whether a run may start.
#[derive(Debug, PartialEq, Eq)]
pub enum RunStart {
    Go,
    /// Another run holds the lease.
    Running,
    /// This schedule time, or a later one, was done before.
    AlreadyDone,
    /// An administrator has switched the job off.
    SwitchedOff,
}

/// A run that wants to begin.
pub struct NewRun<'a> {
    pub job: &'a str,
    pub run_id: &'a str,
    /// The schedule's time; `None` for a run by hand.
    pub scheduled_at: Option<Timestamp>,
    pub now: Timestamp,
    /// The end of its lease: should it die, the next run may begin then.
    pub until: Timestamp,
}

/// How a run ended.
pub struct RunEnd<'a> {
    /// `done` or `failed`.
    pub outcome: &'a str,
    /// The job's figures as JSON, or what went wrong.
    pub report: &'a str,
}

/// A job as it is stored. A job that never ran has none.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct JobRecord {
    #[serde(rename = "key", default)]
    pub name: String,
    #[serde(default)]
    pub disabled: bool,
    /// Why it was switched, by who did.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub leased_until: Option<Timestamp>,
    #[serde(default)]
    pub done_for: Option<Timestamp>,
}

/// One row of the run log.
#[derive(Clone, Debug, Deserialize)]
pub struct RunRecord {
    #[serde(rename = "key")]
    pub run_id: String,
    #[serde(default)]
    pub scheduled_at: Option<Timestamp>,
    pub started_at: Timestamp,
    pub leased_until: Timestamp,
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// `running`, `done`, `failed` or `skipped`.
    pub outcome: String,
    #[serde(default)]
    pub report: Option<String>,
}

impl Store {
    /// *Advance*: takes the job's lease, and writes the log's row with it.
    ///
    /// A scheduled run starts only if the job is switched on and its time was not done before; one by hand needs the
    /// lease alone.
    pub async fn start_run(&self, run: &NewRun<'_>) -> Result<RunStart> {
        let condition = match run.scheduled_at {
            None => FREE.to_owned(),
            Some(_) => format!("{FREE} AND {SWITCHED_ON} AND {NOT_DONE}"),
        };
        let mut values = vec![
            (":until", number(run.until.millis())),
            (":run", text(run.run_id)),
            (":now", number(run.now.millis())),
        ];
        if let Some(at) = run.scheduled_at {
            values.extend([
                (":no", AttributeValue::Bool(false)),
                (":slot", number(at.millis())),
                (":ahead", number((run.now + AHEAD).millis())),
            ]);
        }
        let head = Change {
            table: &self.tables.settings,
            key: key2("kind", "job", "key", run.job),
            update: "SET leased_until = :until, run_id = :run, started_at = :now",
            condition: &condition,
            names: &[],
            values,
        };
        match self.transaction().update(Part::Job, head).log_run(run, "running").try_commit().await? {
            Attempt::Done => return Ok(RunStart::Go),
            // Of several deliveries at once one gets through; these met it.
            Attempt::Contended => return Ok(RunStart::Running),
            Attempt::Refused(_) => {}
        }
        let job = self.job(run.job).await?;
        let is_done = |at| job.done_for.is_some_and(|done| at <= done && done <= run.now + AHEAD);
        Ok(match run.scheduled_at {
            Some(_) if job.disabled => RunStart::SwitchedOff,
            Some(at) if is_done(at) => RunStart::AlreadyDone,
            _ => RunStart::Running,
        })
    }

    /// Logs that a run was called for and did not begin.
    pub async fn skip_run(&self, run: &NewRun<'_>) -> Result<()> {
        self.transaction().log_run(run, "skipped").commit().await.map(drop)
    }

    /// Gives the lease back and logs how the run ended. A run that was overtaken, its lease being over, is only logged.
    pub async fn finish_run(&self, run: &NewRun<'_>, end: &RunEnd<'_>, now: Timestamp) -> Result<()> {
        // Only what succeeded is done: after a failure the same schedule time may come once more.
        let is_for_good = end.outcome == "done" && run.scheduled_at.is_some();
        let mut values =
            vec![(":now", number(now.millis())), (":outcome", text(end.outcome)), (":run", text(run.run_id))];
        if let Some(at) = run.scheduled_at.filter(|_| is_for_good) {
            values.push((":slot", number(at.millis())));
        }
        let head = Change {
            table: &self.tables.settings,
            key: key2("kind", "job", "key", run.job),
            update: match is_for_good {
                true => "SET finished_at = :now, outcome = :outcome, done_for = :slot REMOVE leased_until",
                false => "SET finished_at = :now, outcome = :outcome REMOVE leased_until",
            },
            condition: "run_id = :run",
            names: &[],
            values,
        };
        if self.transaction().update(Part::Job, head).end_run(run, end, now).commit().await?.is_done() {
            return Ok(());
        }
        self.transaction().end_run(run, end, now).commit().await.map(drop)
    }

    /// Every job that ever ran or was switched.
    pub async fn jobs(&self) -> Result<Vec<JobRecord>> {
        self.settings_of("job").await
    }

    /// A job as it is now.
    pub async fn job(&self, job: &str) -> Result<JobRecord> {
        Ok(self.get(&self.tables.settings, key2("kind", "job", "key", job)).await?.unwrap_or_default())
    }

    /// The newest runs of a job, newest first.
    pub async fn runs(&self, job: &str, limit: i32) -> Result<Vec<RunRecord>> {
        let query = self.client.query().table_name(&self.tables.settings).consistent_read(true);
        let query = query
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(format!("run#{job}")))
            .scan_index_forward(false)
            .limit(limit);
        let items = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items;
        items.unwrap_or_default().into_iter().map(from_item).collect()
    }

    /// Whether the table answers. For the health check; reads one small item that need not exist.
    pub async fn ping(&self) -> Result<()> {
        self.get::<JobRecord>(&self.tables.settings, key2("kind", "health", "key", "ping")).await.map(drop)
    }
}

const FREE: &str = "(attribute_not_exists(leased_until) OR leased_until <= :now)";
const SWITCHED_ON: &str = "(attribute_not_exists(disabled) OR disabled = :no)";
const NOT_DONE: &str = "(attribute_not_exists(done_for) OR done_for < :slot OR done_for > :ahead)";

impl Transaction<'_> {
    /// Switches a job on or off. Refused (`Part::Job`) when it is so already.
    pub fn switch_job(self, job: &str, enabled: bool, reason: &str) -> Self {
        let table = self.tables().settings.as_str();
        self.update(
            Part::Job,
            Change {
                table,
                key: key2("kind", "job", "key", job),
                update: "SET disabled = :disabled, reason = :reason",
                condition: if enabled {
                    "disabled = :other"
                } else {
                    "attribute_not_exists(disabled) OR disabled = :other"
                },
                names: &[],
                values: vec![
                    (":disabled", AttributeValue::Bool(!enabled)),
                    (":other", AttributeValue::Bool(enabled)),
                    (":reason", text(reason)),
                ],
            },
        )
    }

    fn log_run(self, run: &NewRun<'_>, outcome: &str) -> Self {
        let table = self.tables().settings.as_str();
        let mut values = vec![
            (":now", number(run.now.millis())),
            (":until", number(run.until.millis())),
            (":outcome", text(outcome)),
            (":ttl", number((run.now + KEPT).seconds())),
        ];
        let update = match run.scheduled_at {
            None => "SET started_at = :now, leased_until = :until, outcome = :outcome, #ttl = :ttl",
            Some(at) => {
                values.push((":slot", number(at.millis())));
                "SET started_at = :now, leased_until = :until, outcome = :outcome, #ttl = :ttl, scheduled_at = :slot"
            }
        };
        self.update(
            Part::Run,
            Change { table, key: row(run), update, condition: "", names: &[("#ttl", "ttl")], values },
        )
    }

    fn end_run(self, run: &NewRun<'_>, end: &RunEnd<'_>, now: Timestamp) -> Self {
        let table = self.tables().settings.as_str();
        self.update(
            Part::Run,
            Change {
                table,
                key: row(run),
                update: "SET finished_at = :now, outcome = :outcome, report = :report",
                condition: "attribute_exists(started_at)",
                names: &[],
                values: vec![
                    (":now", number(now.millis())),
                    (":outcome", text(end.outcome)),
                    (":report", text(end.report)),
                ],
            },
        )
    }
}

fn row(run: &NewRun<'_>) -> super::Item {
    key2("kind", format!("run#{}", run.job), "key", run.run_id)
}
