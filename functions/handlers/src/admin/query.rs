//! The parameters that several lists of administrators take from the query.

use std::net::IpAddr;

use shared::email::Email;
use shared::error::Result;
use shared::http::Call;
use shared::id::UserId;

/// So many are on a page, and fewer if the caller says so.
const PAGE: usize = 50;

/// `userId`: somebody.
pub(super) fn user(call: &Call) -> Result<Option<UserId>> {
    call.query("userId", "must be the id of a person", |text| text.parse().ok())
}

/// `email`: somebody, or an address that nobody has.
pub(super) fn email(call: &Call) -> Result<Option<Email>> {
    call.query("email", "must be an e-mail address", |text| Email::parse(text).ok())
}

/// `ip`: where somebody called from.
pub(super) fn ip(call: &Call) -> Result<Option<IpAddr>> {
    call.query("ip", "must be an IP address", |text| text.parse().ok())
}

/// `limit`: how many at most, 1 to [`PAGE`].
pub(super) fn limit(call: &Call) -> Result<usize> {
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE).contains(limit));
    Ok(call.query("limit", "must be a number from 1 to 50", limit)?.unwrap_or(PAGE))
}
