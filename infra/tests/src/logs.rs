//! The logs of a test process, kept in `target/test-logs` to be searched: as they would be deployed, and raw.
//!
//! `cargo verify` searches those of the whole run when it is over; `logs.rs` of the tests says for what.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Where the lines of this process are.
pub struct Logs {
    /// What would be in CloudWatch, at the most talkative level.
    pub deployed: PathBuf,
    /// Everything that our own code says, before anything is masked.
    pub raw: PathBuf,
}

/// Where all processes keep theirs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-logs")
}

/// Keeps the logs of this process, from the first call on.
pub fn keep() -> &'static Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    LOGS.get_or_init(|| {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let of = |kind: &str| folder.join(format!("{}-{kind}.jsonl", std::process::id()));
        let logs = Logs { deployed: of("deployed"), raw: of("raw") };
        let file = |path: &Path| File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ours = Targets::new().with_targets(["shared", "handlers", "local"].map(|name| (name, LevelFilter::TRACE)));
        let raw = tracing_subscriber::fmt::layer().json().with_writer(Mutex::new(file(&logs.raw))).with_filter(ours);
        let deployed = file(&logs.deployed);
        let deployed = shared::log::lines(LevelFilter::TRACE, Mutex::new(shared::log::Clean(deployed)));
        tracing_subscriber::registry().with(deployed).with(raw).init();
        logs
    })
}
