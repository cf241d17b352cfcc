//! `GET /admin/audit-logs`: the audit trail by pages, newest first, and what has come since (AUDIT-2, AUDIT-4).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::audit::{self, Shown};
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};

use super::{audit_filters, query};
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-audit-logs",
    routes: &["GET /admin/audit-logs"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A page of the audit trail.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditPage")]
#[serde(rename_all = "camelCase")]
struct Response {
    events: Vec<Shown>,
    /// For older events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next_cursor: Option<String>,
    /// For events that come later, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    newer_cursor: Option<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin_reader(app, call).await?.user.user_id;
    let filters = audit_filters::read(call, &["cursor", "limit"])?;
    let cursor = call.query("cursor", "must be a cursor", |text| Some(text.to_owned()))?;
    let page = audit::read(app, &call.ctx, admin, filters, cursor.as_deref(), query::limit(call)?).await?;
    Reply::ok(&Response { events: page.events, next_cursor: page.next, newer_cursor: page.newer })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    let operation =
        Operation::new(&ENDPOINT, "GET /admin/audit-logs", "readAudit", Tag::Administration, "Read the audit trail")
            .about("Newest first. Filters combine in any way; a page may be short or empty and still have a next one.")
            .for_reading_admins();
    vec![
        audit_filters::describe(operation)
            .query("cursor", values::text, "The `nextCursor` or `newerCursor` of an answer to the same query")
            .query("limit", values::limit, "How many at most")
            .answers::<Response>(200, "Events."),
    ]
}
