//! How far an export has come, in a file beside it: what makes it resumable, and tells that it is not whole.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::aws::Place;
use crate::exit::Failure;
use crate::files;

/// Where each walk over the table is, and how long the file was then.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    source: Source,
    /// What is longer was not noted, and is written again.
    pub(super) bytes: u64,
    pub(super) accounts: u64,
    pub(super) left_out: u64,
    pub(super) without_organization: u64,
    pub(super) walks: Vec<Walk>,
}

/// Whose accounts they are: stacks of one name may be in every account and region.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    account: String,
    region: String,
    table: String,
}

impl Source {
    pub(super) fn of(place: &Place, table: &str) -> Self {
        Self { account: place.account.clone(), region: place.region.clone(), table: table.to_owned() }
    }
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
    pub(super) fn new(source: Source, walks: u16) -> Self {
        Self {
            source,
            bytes: 0,
            accounts: 0,
            left_out: 0,
            without_organization: 0,
            walks: vec![Walk::Begins; usize::from(walks)],
        }
    }

    /// What was noted for an export file.
    ///
    /// # Errors
    /// When there is nothing to go on with, or it is of other accounts.
    pub(super) fn read(output: &Path, source: &Source) -> Result<Self, Failure> {
        let path = beside(output);
        let text = std::fs::read_to_string(&path).map_err(|error| files::named(&path, &error))?;
        let state: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::found("malformed", format!("{}: {error}", path.display())))?;
        if state.source != *source {
            let Source { account, region, table } = &state.source;
            return Err(Failure::usage(format!("that was an export of {table} in account {account}, {region}")));
        }
        Ok(state)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.walks.iter().all(|walk| matches!(walk, Walk::Done))
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

/// Where the state of an export to this file is.
pub(super) fn beside(output: &Path) -> PathBuf {
    files::beside(output, ".state")
}
