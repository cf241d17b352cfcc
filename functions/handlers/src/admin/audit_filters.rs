//! The filters of the audit trail, as both of its routes take them from the query.

use shared::audit::Filters;
use shared::clock::Timestamp;
use shared::error::Result;
use shared::http::Call;

use super::query;
use crate::openapi::{Operation, values};

const INSTANT: &str = "must be an instant as of RFC 3339, such as 2026-11-21T00:00:00Z";

const LONGEST_REQUEST_ID: usize = 64;

/// Their names.
pub const NAMES: [&str; 8] = ["userId", "email", "action", "from", "to", "ip", "requestId", "outcome"];

/// What the API reference says of them.
pub fn describe(operation: Operation) -> Operation {
    operation
        .query("userId", values::id, "What this person did, and what was done about them")
        .query("email", values::email, "The same by address, and what was tried under it")
        .query("action", values::action, "Of this kind")
        .query("from", values::time, "Not before")
        .query("to", values::time, "Before")
        .query("ip", values::text, "From this IP address")
        .query("requestId", values::text, "Of this request")
        .query("outcome", values::outcome, "That went so")
}

/// # Errors
/// [`shared::error::Refusal::Invalid`] for a filter that is misspelt, repeated or malformed.
pub fn read(call: &Call, besides: &[&str]) -> Result<Filters> {
    call.only(&[&NAMES, besides].concat())?;
    let request_id = |text: &str| (text.len() <= LONGEST_REQUEST_ID).then(|| text.to_owned());
    Ok(Filters {
        user: query::user(call)?,
        email: query::email(call)?,
        action: call.query("action", "must be a kind of event, such as UserLoggedIn", |text| text.parse().ok())?,
        from: call.query("from", INSTANT, Timestamp::parse)?,
        to: call.query("to", INSTANT, Timestamp::parse)?,
        ip: query::ip(call)?,
        request_id: call.query("requestId", "must be a request id", request_id)?,
        outcome: call.query("outcome", "must be success or failure", |text| text.parse().ok())?,
    })
}
