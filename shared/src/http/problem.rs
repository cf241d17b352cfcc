//! Refusals and faults as problem+json (RFC 9457): the one table from what happened to status and code (WEB-6).
//!
//! What the caller reads is written here; what happened inside goes to the log and nowhere else.

use std::time::Duration;

use http::{StatusCode, header};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::reply::Reply;
use crate::error::{Error, FieldError, Refusal, Result};

/// Why a request was refused, or failed (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// The code as a URN. There is nothing to fetch.
    r#type: String,
    /// The same for every occurrence of a code and status; for people.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// This occurrence, for people; may change in wording.
    detail: String,
    /// Stable: branch on it. Together with the status it says everything.
    #[schemars(schema_with = "codes")]
    code: &'a str,
    /// Also the header `X-Request-ID`; name it when you ask us what happened.
    request_id: &'a str,
    /// Where fields are at fault: one for each.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// With `invalid_credentials`: whether the next try needs a CAPTCHA.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    captcha_required: Option<bool>,
    /// With `step_up_required`: by what one may show oneself again (RFC 8176 names).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    methods: &'a [&'a str],
}

/// How a kind of problem is answered. `code` is stable: clients branch on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
}

const fn kind(status: StatusCode, code: &'static str, title: &'static str) -> Kind {
    Kind { status, code, title }
}

/// After so many seconds a caller may ask a failing service again.
pub(super) const RETRY_UNAVAILABLE: Duration = Duration::from_secs(2);
const RETRY_IN_PROGRESS: Duration = Duration::from_secs(1);

/// The table.
pub fn kind_of(error: &Error) -> Kind {
    use StatusCode as S;
    match error {
        Error::Unavailable { .. } => kind(S::SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer now"),
        Error::Internal(_) => kind(S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side"),
        Error::Refused(refusal) => match refusal {
            Refusal::Malformed(_) => kind(S::BAD_REQUEST, "malformed", "The request cannot be read"),
            Refusal::Invalid(_) => kind(S::UNPROCESSABLE_ENTITY, "validation", "A field is missing or wrong"),
            Refusal::PasswordRejected(_) => {
                kind(S::UNPROCESSABLE_ENTITY, "password_rejected", "The password does not meet the policy")
            }
            Refusal::TooLarge => kind(S::PAYLOAD_TOO_LARGE, "too_large", "The request is too large"),
            Refusal::UnsupportedMediaType => {
                kind(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send JSON as application/json")
            }
            Refusal::NotFound => kind(S::NOT_FOUND, "not_found", "There is nothing here"),
            Refusal::MethodNotAllowed => {
                kind(S::METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not allowed here")
            }
            Refusal::Unauthenticated => kind(S::UNAUTHORIZED, "unauthenticated", "Sign in first"),
            Refusal::CsrfInvalid => {
                kind(S::FORBIDDEN, "csrf_invalid", "The request is not known to come from our own pages")
            }
            Refusal::Forbidden => kind(S::FORBIDDEN, "forbidden", "You may not do this"),
            Refusal::StepUpRequired => kind(S::UNAUTHORIZED, "step_up_required", "Sign in again to do this"),
            Refusal::AccountLocked { .. } => {
                kind(S::LOCKED, "account_locked", "Too many failed sign-ins; sign-in is locked for a while")
            }
            Refusal::RateLimited { .. } => kind(S::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
            Refusal::InvalidCredentials { .. } => {
                kind(S::UNAUTHORIZED, "invalid_credentials", "E-mail address or password is wrong")
            }
            Refusal::EmailNotVerified => {
                kind(S::FORBIDDEN, "email_not_verified", "The e-mail address is not verified yet")
            }
            Refusal::CaptchaRequired => kind(S::FORBIDDEN, "captcha_required", "Solve a CAPTCHA first"),
            Refusal::CaptchaInvalid => {
                kind(S::FORBIDDEN, "captcha_invalid", "The CAPTCHA is not solved, or not any more")
            }
            Refusal::TokenInvalid => kind(S::BAD_REQUEST, "token_invalid", "This link is not valid"),
            Refusal::TokenExpired => kind(S::GONE, "token_expired", "This link has expired"),
            Refusal::TokenUsed => kind(S::GONE, "token_used", "This link has been used"),
            Refusal::AccessTokenInvalid => kind(S::UNAUTHORIZED, "token_invalid", "The access token is not valid"),
            Refusal::AccessTokenExpired => kind(S::UNAUTHORIZED, "token_expired", "The access token has expired"),
            Refusal::SessionRevoked => kind(S::UNAUTHORIZED, "session_revoked", "The session has been ended"),
            Refusal::SessionExpired => kind(S::UNAUTHORIZED, "session_expired", "The session has expired"),
            Refusal::RefreshInvalid => kind(S::UNAUTHORIZED, "refresh_invalid", "The refresh token is not valid"),
            Refusal::RefreshReused => kind(S::UNAUTHORIZED, "refresh_reused", "The refresh token has been used before"),
            Refusal::RefreshInProgress => {
                kind(S::CONFLICT, "refresh_in_progress", "Another request is refreshing this session")
            }
            Refusal::Conflict => kind(S::CONFLICT, "conflict", "Somebody else has just changed this"),
            Refusal::SlugTaken => kind(S::CONFLICT, "slug_taken", "The slug is taken"),
            Refusal::SlugInvalid(_) => kind(S::UNPROCESSABLE_ENTITY, "slug_invalid", "This is not a slug"),
        },
    }
}

/// Every code, once.
fn codes(_: &mut SchemaGenerator) -> Schema {
    let mut codes: Vec<_> = kinds().iter().map(|kind| kind.code).collect();
    codes.sort_unstable();
    codes.dedup();
    json_schema!({ "type": "string", "enum": codes })
}

/// Every refusal and fault as a row of `docs/errors.md`: code, status, and what it means.
pub fn table() -> Vec<String> {
    let row = |Kind { status, code, title }: Kind| format!("| `{code}` | {} | {title} |", status.as_u16());
    kinds().into_iter().map(row).collect()
}

/// Every kind of problem that there is.
fn kinds() -> Vec<Kind> {
    let refusals = [
        Refusal::Malformed(""),
        Refusal::Invalid(Vec::new()),
        Refusal::PasswordRejected(Vec::new()),
        Refusal::SlugInvalid(""),
        Refusal::TooLarge,
        Refusal::UnsupportedMediaType,
        Refusal::NotFound,
        Refusal::MethodNotAllowed,
        Refusal::Unauthenticated,
        Refusal::CsrfInvalid,
        Refusal::Forbidden,
        Refusal::StepUpRequired,
        Refusal::AccountLocked { wait: Duration::ZERO },
        Refusal::RateLimited { wait: Duration::ZERO },
        Refusal::InvalidCredentials { captcha_required: false },
        Refusal::EmailNotVerified,
        Refusal::CaptchaRequired,
        Refusal::CaptchaInvalid,
        Refusal::TokenInvalid,
        Refusal::TokenExpired,
        Refusal::TokenUsed,
        Refusal::AccessTokenInvalid,
        Refusal::AccessTokenExpired,
        Refusal::SessionRevoked,
        Refusal::SessionExpired,
        Refusal::RefreshInvalid,
        Refusal::RefreshReused,
        Refusal::RefreshInProgress,
        Refusal::Conflict,
        Refusal::SlugTaken,
    ];
    let faults = [Error::Internal(String::new()), Error::Unavailable { dependency: "", cause: String::new() }];
    let rows = refusals.into_iter().map(Error::Refused).chain(faults);
    rows.map(|error| kind_of(&error)).collect()
}

/// The answer to a request that failed.
pub fn reply(error: &Error, request_id: &str) -> Result<Reply> {
    let Kind { status, code, title } = kind_of(error);
    let errors = match error {
        Error::Refused(Refusal::Invalid(errors) | Refusal::PasswordRejected(errors)) => errors.as_slice(),
        _ => &[],
    };
    let captcha_required = match error {
        Error::Refused(Refusal::InvalidCredentials { captcha_required }) => Some(*captcha_required),
        _ => None,
    };
    let methods: &[&str] = if matches!(error, Error::Refused(Refusal::StepUpRequired)) { &["pwd"] } else { &[] };
    // The type need not be fetched to be understood; the code in it is the documentation's anchor.
    let problem = Problem {
        r#type: format!("urn:postern:problem:{code}"),
        title,
        status: status.as_u16(),
        detail: detail(error),
        code,
        request_id,
        errors,
        captcha_required,
        methods,
    };
    let mut reply = Reply::json(status, &problem)?.with_content_type("application/problem+json").with_code(code);
    if let Some(wait) = retry_after(error) {
        // Rounded up: whoever comes back then is not too early.
        reply = reply.with_header(header::RETRY_AFTER, wait.as_millis().div_ceil(1000).max(1).to_string());
    }
    if status == StatusCode::UNAUTHORIZED {
        reply = reply.with_header(header::WWW_AUTHENTICATE, challenge(error));
    }
    Ok(reply)
}

/// What a caller is told of it.
pub fn detail(error: &Error) -> String {
    match error {
        Error::Unavailable { .. } => "It is safe to send the same request again, shortly.".to_owned(),
        Error::Internal(_) => "The fault has been logged under this request id.".to_owned(),
        Error::Refused(Refusal::Malformed(what)) => (*what).to_owned(),
        Error::Refused(Refusal::SlugInvalid(why)) => format!("A slug {why}."),
        Error::Refused(Refusal::Invalid(errors) | Refusal::PasswordRejected(errors)) => errors
            .iter()
            .map(|e| if e.field.is_empty() { e.message.clone() } else { format!("{}: {}", e.field, e.message) })
            .collect::<Vec<_>>()
            .join("; "),
        Error::Refused(Refusal::RefreshInProgress) => {
            "Repeat the request with the same refresh token after a second; keep your cookies.".to_owned()
        }
        Error::Refused(Refusal::AccountLocked { wait }) => {
            format!(
                "Sign-in is locked for {}. A mail to the account's address has a link that unlocks it.",
                in_words(*wait)
            )
        }
        Error::Refused(Refusal::RateLimited { wait }) => format!("Try again in {}.", in_words(*wait)),
        Error::Refused(_) => format!("{}.", kind_of(error).title),
    }
}

/// A span as a person would say it, rounded up.
fn in_words(span: Duration) -> String {
    let seconds = span.as_millis().div_ceil(1000).max(1);
    let (number, unit) = match seconds {
        0..=90 => (seconds, "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// After how long to come again; `None` where waiting does not help.
pub fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::Unavailable { .. } => Some(RETRY_UNAVAILABLE),
        Error::Refused(Refusal::RefreshInProgress) => Some(RETRY_IN_PROGRESS),
        Error::Refused(Refusal::AccountLocked { wait } | Refusal::RateLimited { wait }) => Some(*wait),
        _ => None,
    }
}

/// RFC 6750 §3: a 401 names the scheme, and the error only where a token was presented.
fn challenge(error: &Error) -> &'static str {
    match error {
        Error::Refused(Refusal::AccessTokenInvalid | Refusal::AccessTokenExpired | Refusal::SessionRevoked) => {
            r#"Bearer error="invalid_token""#
        }
        _ => "Bearer",
    }
}
