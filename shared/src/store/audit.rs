//! Audit events.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | AuditEvents | `actor` = `user#<id>`, `email#<address>` or `system#<job>`; `at` = time and id | after 90 days |

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::transaction::Part;
use super::{DYNAMODB, Item, Store, Transaction, to_item};
use crate::audit::{Event, Kind, Outcome};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id;

/// How long events are kept (AUDIT-5).
const RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);

#[derive(Serialize)]
struct EventRecord<'a> {
    actor: String,
    /// The instant and then the id: unique, and in the order of time.
    at: String,
    id: String,
    kind: Kind,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    detail: BTreeMap<&'static str, String>,
    ttl: i64,
}

fn record(ctx: &RequestContext, event: Event) -> Result<Item> {
    let id = id::fresh(ctx.now);
    let at: Timestamp = ctx.now;
    to_item(&EventRecord {
        actor: event.actor.key(),
        at: format!("{at}#{id}"),
        id,
        kind: event.kind,
        outcome: event.outcome,
        target: event.target,
        ip: ctx.ip.map(|ip| ip.to_string()),
        user_agent: &ctx.user_agent,
        request_id: &ctx.request_id,
        detail: event.detail,
        ttl: (at + RETENTION).seconds(),
    })
}

impl Transaction<'_> {
    /// Tells the trail, if and only if the rest happens.
    pub fn event(self, ctx: &RequestContext, event: Event) -> Result<Self> {
        let item = record(ctx, event)?;
        let table = self.tables().audit_events.as_str();
        Ok(self.create(Part::Event, table, item, "actor"))
    }
}

impl Store {
    /// Tells the trail of something that changed no other state, such as a refused sign-in.
    pub async fn record_event(&self, ctx: &RequestContext, event: Event) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.audit_events)
            .set_item(Some(record(ctx, event)?))
            .send()
            .await;
        put.map(drop).map_err(|cause| Error::unavailable(DYNAMODB, &cause))
    }
}
