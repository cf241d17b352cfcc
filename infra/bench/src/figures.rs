//! What a run finds, and the file that it is kept in: `infra/bench/figures.json`, which docs/costs.md is made from.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Fault;

/// All that one run finds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub machine: Machine,
    /// Argon2id, one hash after the other on one thread.
    pub hash: Hash,
    /// Functions that do nothing of ours, several times over: how much these differ is what a difference is worth.
    pub floors: Vec<Row>,
    pub rows: Vec<Row>,
    /// How long an item of a table is, on average: in bytes, with the hundred that DynamoDB adds for its own books.
    pub item_bytes: BTreeMap<String, f64>,
}

/// What it was measured on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The day of the run.
    pub day: String,
    pub processor: String,
    pub cores: usize,
    /// How many processes wanted a core, on average of a minute, in the worst minute of the run. The run itself is one or two of
    /// them; where there are more of them than cores, times are too long.
    pub load: f64,
}

/// The raw price of a password.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hash {
    pub per_second: f64,
    pub median_ms: f64,
}

/// One thing that is asked of one function.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub name: String,
    pub about: String,
    /// What it answered: a status, or `ok` for what is not HTTP.
    pub answer: String,
    /// What the template gives it, in MB; it buys the share of a processor, too.
    pub memory_mb: u32,
    pub is_behind_gateway: bool,
    /// It answers at whole multiples of this only, in milliseconds; 0 is at once. Lambda bills the wait.
    pub beat_ms: f64,
    /// Of a warm call.
    pub counted: Counted,
    /// Of an instance's first call.
    pub first: Counted,
    pub measured: Measured,
}

/// What a call asked of AWS. The same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// One after the other; calls under way together count once.
    pub round_trips: u32,
    pub calls: u32,
    pub read_units: f64,
    pub write_units: f64,
    pub kms_calls: u32,
    /// Those of the KMS calls that are made with a key of a curve, which cost more.
    pub kms_curve_calls: u32,
    pub mails: u32,
    /// Events of the audit trail that it wrote: what follows them costs, too.
    pub events: u32,
    /// Messages that it left in the outbox.
    pub messages: u32,
}

/// What this machine says.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    pub binary_bytes: u64,
    /// Deflated, as a package is.
    pub zip_bytes: u64,
    /// Process start to the first request for an event, median.
    pub init_ms: f64,
    /// The first answer, after that, median.
    pub first_ms: f64,
    /// Processor time of a start, median.
    pub init_cpu_ms: f64,
    /// How many warm calls the following are from.
    pub samples: u32,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// Processor time of a warm call, on average.
    pub cpu_ms: f64,
    /// Answers a second of one instance that is asked again at once, the way to it and back included.
    pub per_second: f64,
    pub peak_memory_bytes: u64,
    /// What a warm call wrote to its log, on average.
    pub log_bytes: f64,
}

/// Where the figures of docs/costs.md are kept.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("figures.json")
}

impl Figures {
    /// Those of the repository.
    ///
    /// # Errors
    /// When the file is not there or is something else.
    pub fn read() -> Result<Self, Fault> {
        let text = fs::read_to_string(path()).map_err(|error| Fault::File(path(), error))?;
        serde_json::from_str(&text).map_err(|error| Fault::Figures(error.to_string()))
    }

    /// As the file holds them.
    ///
    /// # Errors
    /// When a figure is no number.
    pub fn to_json(&self) -> Result<String, Fault> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| Fault::Figures(error.to_string()))
    }

    /// The row of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn row(&self, name: &str) -> Result<&Row, Fault> {
        self.rows.iter().find(|row| row.name == name).ok_or_else(|| Fault::Figures(format!("there is no row {name}")))
    }
}
