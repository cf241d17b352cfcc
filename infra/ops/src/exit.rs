//! How a command ends: its exit code, and why it could not do what was asked.

use std::process::ExitCode;

use shared::error::{Error, Refusal};
use shared::http::problem;

/// The exit codes. Scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing was found.
    Well = 0,
    /// Something was found, refused or failed.
    Found = 1,
    /// The arguments are wrong, alone or together. clap ends with the same.
    Usage = 2,
    /// AWS did not answer, or did not allow it: nothing is known.
    Unavailable = 3,
    /// Somebody pressed Ctrl-C, and the command came to an end in order.
    Interrupted = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Stable, for programs.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: "usage", message: message.into() }
    }

    pub(crate) fn found(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Found, code, message: message.into() }
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unavailable, code: "unavailable", message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Refused(Refusal::NotFound) => Self::found("not_found", "there is no such account"),
            Error::Refused(_) => Self::found(problem::kind_of(&error).code, problem::detail(&error)),
            Error::Unavailable { .. } => Self::unavailable(error.to_string()),
            Error::Internal(what) => Self::found("internal", what.clone()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::found("io", error.to_string())
    }
}
