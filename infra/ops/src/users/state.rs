//! How far an export has come, in a file beside it: what makes it resumable.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::files;

/// Where each walk over the table is, and how long the file was then.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    pub(super) stack: String,
    /// What is longer was not noted, and is written again.
    pub(super) bytes: u64,
    pub(super) accounts: u64,
    pub(super) left_out: u64,
    pub(super) walks: Vec<Walk>,
}

/// Where one walk is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Walk {
    Begins,
    After(String),
    Done,
}

impl State {
    pub(super) fn new(stack: &str, walks: u16) -> Self {
        Self {
            stack: stack.to_owned(),
            bytes: 0,
            accounts: 0,
            left_out: 0,
            walks: vec![Walk::Begins; usize::from(walks)],
        }
    }

    /// What was noted for an export file.
    ///
    /// # Errors
    /// When there is nothing to go on with, or it is another stack's.
    pub(super) fn read(output: &Path, stack: &str) -> Result<Self, Failure> {
        let path = beside(output);
        let text = std::fs::read_to_string(&path).map_err(|error| files::named(&path, &error))?;
        let state: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::found("malformed", format!("{}: {error}", path.display())))?;
        if state.stack != stack {
            return Err(Failure::usage(format!("that was an export of the stack {}", state.stack)));
        }
        Ok(state)
    }

    pub(super) fn write(&self, output: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string(self).map_err(|error| Failure::found("internal", error.to_string()))?;
        files::replace(&beside(output), &text)
    }

    /// An export that is whole needs none.
    pub(super) fn remove(output: &Path) -> Result<(), Failure> {
        let path = beside(output);
        std::fs::remove_file(&path).map_err(|error| files::named(&path, &error))
    }
}

fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".state");
    name.into()
}
