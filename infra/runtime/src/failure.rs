//! Why a call or a start failed, with the words that Lambda has for it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use serde::Deserialize;

/// What a function reports of its own failure: the body of `/error` and `/init/error`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    pub error_type: String,
    pub error_message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// There is no process.
    #[error("{0} does not start: {1}")]
    NotStarted(PathBuf, io::Error),
    /// The function said that it cannot serve: `/init/error`. With the lines that it has written.
    #[error("the function cannot start: {fault}")]
    Init { fault: Fault, log: Vec<String> },
    /// The function failed this event, and will take the next: `/error`. A panic is one of these.
    #[error("{0}")]
    Function(Fault),
    /// The process ended by itself: Lambda's `Runtime.ExitError`. With the lines that it has written.
    #[error("the process ended, {status}: {}", log.join("\n"))]
    Exited { status: ExitStatus, log: Vec<String> },
    /// The process was not done in time, and was ended. It takes no more events.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// Longer than Lambda takes answers. The function takes the next event.
    #[error("the answer is larger than Lambda takes")]
    TooLarge,
    #[error("the answer is not JSON: {0}")]
    NotJson(serde_json::Error),
}
