//! How the tables themselves stand, for who looks after a deployment. Nothing here reads what is in them.

use aws_sdk_dynamodb::types::{TableStatus, TimeToLiveStatus};
use futures_util::future::try_join_all;

use super::{DYNAMODB, Store};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// A table, as `template.yaml` wants it and as it is.
#[derive(Clone, Debug)]
pub struct TableStanding {
    pub table: String,
    /// Whether it is there and serves.
    pub is_active: bool,
    /// Whether it outlives the stack: then production keeps it from deletion and can restore it.
    pub is_lasting: bool,
    pub is_protected: bool,
    /// The newest moment it can be restored to; `None` when nothing is kept.
    pub restorable_until: Option<Timestamp>,
    /// Whether its items have an end that TTL is to clean up after.
    pub has_ends: bool,
    pub is_cleaned_up: bool,
}

impl Store {
    /// Every table of the stack.
    pub async fn standings(&self) -> Result<Vec<TableStanding>> {
        let tables = &self.tables;
        let of = |table, is_lasting, has_ends| self.standing(table, is_lasting, has_ends);
        try_join_all([
            of(&tables.users, true, false),
            of(&tables.logins, true, false),
            of(&tables.organizations, true, false),
            of(&tables.audit_events, true, true),
            of(&tables.audit_chain, true, false),
            of(&tables.signing_keys, true, false),
            of(&tables.settings, true, true),
            of(&tables.sessions, false, true),
            of(&tables.attempts, false, true),
            of(&tables.challenges, false, true),
            of(&tables.outbox, false, true),
            of(&tables.metrics, false, true),
            of(&tables.deliveries, false, true),
        ])
        .await
    }

    async fn standing(&self, table: &str, is_lasting: bool, has_ends: bool) -> Result<TableStanding> {
        let described = match self.client.describe_table().table_name(table).send().await {
            Ok(output) => output.table,
            Err(cause) if cause.as_service_error().is_some_and(|it| it.is_resource_not_found_exception()) => None,
            Err(cause) => return Err(Error::unavailable(DYNAMODB, &cause)),
        };
        let mut standing = TableStanding {
            table: table.to_owned(),
            is_active: false,
            is_lasting,
            is_protected: false,
            restorable_until: None,
            has_ends,
            is_cleaned_up: false,
        };
        let Some(described) = described else { return Ok(standing) };
        let status = described.table_status;
        standing.is_active = matches!(status, Some(TableStatus::Active | TableStatus::Updating));
        standing.is_protected = described.deletion_protection_enabled.unwrap_or(false);
        let time_to_live = async {
            let output = self.client.describe_time_to_live().table_name(table).send().await;
            let output = output.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            Ok::<_, Error>(output.time_to_live_description.and_then(|it| it.time_to_live_status))
        };
        let (ttl, backup) = tokio::try_join!(time_to_live, self.backup(table))?;
        standing.is_cleaned_up = matches!(ttl, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
        standing.restorable_until = backup.restorable_until;
        Ok(standing)
    }
}
