//! `GET /admin/audit-logs`: the audit trail by pages, newest first, and what has come since (AUDIT-2, AUDIT-4).

use serde::Serialize;
use shared::app::App;
use shared::audit::{self, MAX_PAGE, Shown};
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};

use super::audit_filters;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-audit-logs",
    routes: &["GET /admin/audit-logs"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    events: Vec<Shown>,
    /// For older events.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// For events that come later, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    newer_cursor: Option<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin_reader(app, call).await?.user.user_id;
    let filters = audit_filters::read(call, &["cursor", "limit"])?;
    let cursor = call.query("cursor", "must be a cursor", |text| Some(text.to_owned()))?;
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
    let limit = call.query("limit", "must be a number from 1 to 50", limit)?.unwrap_or(MAX_PAGE);
    let page = audit::read(app, &call.ctx, admin, filters, cursor.as_deref(), limit).await?;
    Reply::ok(&Response { events: page.events, next_cursor: page.next, newer_cursor: page.newer })
}
