//! What each function costs: in time, in memory, in calls to AWS and in dollars (`cargo bench-functions`).
//!
//! Real events go through real binaries on this machine's Lambda (`runtime`), with the embedded AWS at their endpoint settings. What
//! is counted there (round trips, units, calls) is the same anywhere; what is measured is this machine's, and `cost.rs` says how it
//! becomes time and money on AWS. Read `cases.rs` first, then `cost.rs`, `people.rs` and `month.rs`.

pub mod bills;
pub mod cases;
pub mod cognito;
pub mod cost;
pub mod count;
pub mod deployed;
pub mod event;
pub mod figures;
pub mod idle;
pub mod inputs;
pub mod loads;
pub mod measure;
pub mod month;
pub mod page;
pub mod people;
pub mod sizes;
pub mod speed;
pub mod table;
pub mod world;

use std::io;
use std::path::PathBuf;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("the figures cannot be used: {0}")]
    Figures(String),
    #[error("{0}: {1}")]
    Case(String, String),
    #[error("there is no such case, or no binary for it")]
    NoCase,
    #[error("the release binaries were not built")]
    NotBuilt,
    #[error("a page does not have the marks between which its table `{0}` stands")]
    NoTable(String),
}

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
