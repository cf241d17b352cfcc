//! `GET /admin/audit-logs/export`: a copy of a part of the audit trail, as CSV or lines of JSON (AUDIT-3).
//!
//! What does not fit into one answer comes in the next: `Link` says where it is.

use http::header;
use shared::app::App;
use shared::audit::Actor;
use shared::audit::export::{self, Format};
use shared::error::{FieldError, Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};

use super::audit_filters;
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-audit-export",
    routes: &["GET /admin/audit-logs/export"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

const MUST: &str = "must be csv or ndjson";

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let reader = Actor::User(credentials::admin_reader(app, call).await?.user.user_id);
    let filters = audit_filters::read(call, &["cursor", "format"])?;
    let cursor = call.query("cursor", "must be a cursor", |text| Some(text.to_owned()))?;
    let format = call.query("format", MUST, |text| match text {
        "csv" => Some(Format::Csv),
        "ndjson" => Some(Format::NdJson),
        _ => None,
    })?;
    let Some(format) = format else {
        return Err(Refusal::Invalid(vec![FieldError::new("format", "invalid", MUST)]).into());
    };
    let piece = export::export(app, &call.ctx, &reader, filters, format, cursor.as_deref()).await?;
    let (content_type, disposition) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
        Format::NdJson => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
    };
    let reply = Reply::text(content_type, piece.text).with_header(header::CONTENT_DISPOSITION, disposition);
    Ok(match piece.next {
        Some(cursor) => reply.with_header(header::LINK, next(call, &cursor)),
        None => reply,
    })
}

/// The same query with another cursor (RFC 8288).
fn next(call: &Call, cursor: &str) -> String {
    let is_kept = |pair: &&str| !pair.is_empty() && !pair.starts_with("cursor=");
    let query: Vec<&str> = call.raw_query().split('&').filter(is_kept).collect();
    format!("<{}?{}&cursor={cursor}>; rel=\"next\"", call.path(), query.join("&"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    let operation = Operation::new(
        &ENDPOINT,
        "GET /admin/audit-logs/export",
        "exportAudit",
        Tag::Administration,
        "Take a copy of a part of the audit trail",
    )
    .about("What does not fit into one answer comes in the next: `Link` says where. Put one after the other they are one file.")
    .for_reading_admins();
    vec![
        audit_filters::describe(operation)
            .required_query("format", values::format, "Of the copy")
            .query("cursor", values::text, "From the `Link` of an answer to the same query")
            .answers_text("A piece of the copy.", ["text/csv", "application/x-ndjson"])
            .with_header("Content-Disposition")
            .with_header("Link"),
    ]
}
