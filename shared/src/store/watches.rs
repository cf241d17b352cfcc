//! What the service's checks of itself have found, and what can be restored.
//!
//! | table | key | item |
//! |---|---|---|
//! | Settings | `kind` = `check`, `key` = name | since when something is wrong, what, and whether that was told |

use aws_sdk_dynamodb::types::{AttributeValue, PointInTimeRecoveryStatus};
use futures_util::future::try_join_all;
use serde::Deserialize;

use super::transaction::{Change, Part};
use super::{DYNAMODB, Store, Transaction, key2, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// Where a check stands; the default is well, and never anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct WatchRecord {
    #[serde(default)]
    pub version: u64,
    /// Since when something is wrong.
    #[serde(default)]
    pub since: Option<Timestamp>,
    #[serde(default)]
    pub told: bool,
    #[serde(default)]
    pub trouble: Option<String>,
}

/// How far back a table can be restored.
#[derive(Clone, Debug)]
pub struct Backup {
    pub table: String,
    /// The newest moment; `None` when nothing is kept.
    pub restorable_until: Option<Timestamp>,
}

impl Store {
    pub async fn watch(&self, check: &str) -> Result<WatchRecord> {
        Ok(self.get(&self.tables.settings, key2("kind", "check", "key", check)).await?.unwrap_or_default())
    }

    /// The continuous backups of every table that outlives the stack.
    pub async fn backups(&self) -> Result<Vec<Backup>> {
        let tables = &self.tables;
        let lasting = [
            &tables.users,
            &tables.logins,
            &tables.organizations,
            &tables.audit_events,
            &tables.audit_chain,
            &tables.signing_keys,
            &tables.settings,
        ];
        try_join_all(lasting.map(|table| self.backup(table))).await
    }

    pub(super) async fn backup(&self, table: &str) -> Result<Backup> {
        let output = self.client.describe_continuous_backups().table_name(table).send().await;
        let output = output.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let recovery = output.continuous_backups_description.and_then(|all| all.point_in_time_recovery_description);
        let recovery = recovery
            .filter(|it| it.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled))
            .and_then(|it| it.latest_restorable_date_time);
        let restorable_until = recovery.and_then(|at| at.to_millis().ok()).map(Timestamp::from_millis);
        Ok(Backup { table: table.to_owned(), restorable_until })
    }
}

impl Transaction<'_> {
    /// *Advance*: of several runs that saw the same, one changes the record. Refused (`Part::Watch`) for the others.
    pub fn advance_watch(self, check: &str, read: &WatchRecord, next: &WatchRecord) -> Self {
        let table = self.tables().settings.as_str();
        let mut values = vec![(":next", number(next.version)), (":told", AttributeValue::Bool(next.told))];
        if read.version > 0 {
            values.push((":version", number(read.version)));
        }
        let update = match (next.since, &next.trouble) {
            (Some(since), Some(trouble)) => {
                values.extend([(":since", number(since.millis())), (":trouble", text(trouble))]);
                "SET version = :next, told = :told, since = :since, trouble = :trouble"
            }
            _ => "SET version = :next, told = :told REMOVE since, trouble",
        };
        let condition = if read.version == 0 { "attribute_not_exists(version)" } else { "version = :version" };
        let key = key2("kind", "check", "key", check);
        self.update(Part::Watch, Change { table, key, update, condition, names: &[], values })
    }
}
