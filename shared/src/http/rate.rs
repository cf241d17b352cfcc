//! What a caller is told of a route's limit (LOGIN-8): `RateLimit-*` (draft-ietf-httpapi-ratelimit-headers, versions up
//! to 7, which clients know), and the older `X-RateLimit-*` with the same figures.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::attempts::Rate;

/// Puts the figures on an answer, whatever it says.
pub(super) fn dress(rate: Rate, headers: &mut HeaderMap) {
    // Rounded up: whoever comes back then is not too early.
    let reset = rate.reset.as_millis().div_ceil(1000);
    let figures =
        [("limit", rate.limit.to_string()), ("remaining", rate.remaining.to_string()), ("reset", reset.to_string())];
    for (name, value) in figures {
        for prefix in ["", "x-"] {
            insert(headers, &format!("{prefix}ratelimit-{name}"), &value);
        }
    }
    insert(headers, "ratelimit-policy", &format!("{};w=60;burst={}", rate.limit, rate.burst));
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
