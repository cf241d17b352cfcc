//! What can go wrong: a refusal (we said no, the caller is told why) or a fault (we broke, the log is told why).
//!
//! Knows nothing of HTTP. [`crate::http::problem`] is the one place that turns these into statuses.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was understood and is refused.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// A dependency did not answer, or not in time. Nothing was decided; the caller may try again.
    #[error("{dependency} did not answer: {cause}")]
    Unavailable { dependency: &'static str, cause: String },
    /// Our own mistake: stored data that cannot be read, a rule that does not hold.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A dependency's failure, with the whole chain of causes for the log.
    pub fn unavailable(dependency: &'static str, cause: &(dyn StdError + 'static)) -> Self {
        Self::Unavailable { dependency, cause: Chain(cause).to_string() }
    }

    pub fn internal(what: impl fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Every reason for which a caller is told no. `docs/errors.md` lists them with code and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Malformed(&'static str),
    Invalid(Vec<FieldError>),
    PasswordRejected(Vec<FieldError>),
    TooLarge,
    UnsupportedMediaType,
    NotFound,
    MethodNotAllowed,
    Unauthenticated,
    CsrfInvalid,
    Forbidden,
    /// Signed in, but too long ago for this: sign in again by one of the methods.
    StepUpRequired,
    /// Too many failures for this account, by callers like this one.
    AccountLocked {
        wait: Duration,
    },
    /// Too many requests, or too many failures, from this caller.
    RateLimited {
        wait: Duration,
    },
    /// `captcha_required`: the next try needs a CAPTCHA (LOGIN-5).
    InvalidCredentials {
        captcha_required: bool,
    },
    EmailNotVerified,
    CaptchaRequired,
    CaptchaInvalid,
    TokenInvalid,
    TokenExpired,
    TokenUsed,
    /// An access token that is past its life. Its own kind, because a client answers it with a refresh.
    AccessTokenInvalid,
    AccessTokenExpired,
    SessionRevoked,
    SessionExpired,
    RefreshInvalid,
    RefreshReused,
    RefreshInProgress,
    /// Somebody else has just changed the same thing.
    Conflict,
    SlugTaken,
    SlugInvalid(&'static str),
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// Its path in the body, such as `organization.slug`; empty for the body as a whole.
    pub field: String,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// An error with all its causes, in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
