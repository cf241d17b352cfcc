//! Runs of the scheduled jobs.
//!
//! | table | key | item |
//! |---|---|---|
//! | Settings | `kind` = `job`, `key` = name | the switch, the running run's lease, and what the last run did |

use std::time::Duration;

use serde::Deserialize;

use super::primitives::Advance;
use super::transaction::Change;
use super::{Store, key2, number, text};
use crate::clock::Timestamp;
use crate::error::Result;

/// Whether a run may start.
#[derive(Debug, PartialEq, Eq)]
pub enum RunStart {
    Go,
    /// Another run holds the lease.
    Running,
    /// An operator has switched the job off.
    SwitchedOff,
}

#[derive(Deserialize)]
struct JobRecord {
    #[serde(default)]
    disabled: bool,
}

impl Store {
    /// *Advance*: takes the job's lease. A run that dies gives it up when the lease ends.
    pub async fn start_run(&self, job: &str, run_id: &str, now: Timestamp, lease: Duration) -> Result<RunStart> {
        let change = Change {
            table: &self.tables.settings,
            key: key2("kind", "job", "key", job),
            update: "SET leased_until = :until, run_id = :run, started_at = :now",
            // Our own run passes again, should the first answer have been lost.
            condition: "(attribute_not_exists(leased_until) OR leased_until <= :now OR run_id = :run) AND (attribute_not_exists(disabled) OR disabled = :no)",
            names: &[],
            values: vec![
                (":until", number((now + lease).millis())),
                (":run", text(run_id)),
                (":now", number(now.millis())),
                (":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false)),
            ],
        };
        if let Advance::Won(_) = self.advance(change).await? {
            return Ok(RunStart::Go);
        }
        let record: Option<JobRecord> = self.get(&self.tables.settings, key2("kind", "job", "key", job)).await?;
        Ok(if record.is_some_and(|record| record.disabled) { RunStart::SwitchedOff } else { RunStart::Running })
    }

    /// Gives the lease back and logs the run.
    pub async fn finish_run(&self, job: &str, run_id: &str, outcome: &str, report: &str, now: Timestamp) -> Result<()> {
        let change = Change {
            table: &self.tables.settings,
            key: key2("kind", "job", "key", job),
            update: "SET finished_at = :now, outcome = :outcome, report = :report REMOVE leased_until",
            condition: "run_id = :run",
            names: &[],
            values: vec![
                (":now", number(now.millis())),
                (":outcome", text(outcome)),
                (":report", text(report)),
                (":run", text(run_id)),
            ],
        };
        self.advance(change).await.map(drop)
    }

    /// Whether the table answers. For the health check; reads one small item that need not exist.
    pub async fn ping(&self) -> Result<()> {
        self.get::<JobRecord>(&self.tables.settings, key2("kind", "health", "key", "ping")).await.map(drop)
    }
}
