//! What a stack is started with, and why one may not start.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a stack is started with.
pub struct Options {
    /// The text of the SAM template.
    pub template: String,
    /// Parameters that differ from the laptop's defaults.
    pub parameters: BTreeMap<String, String>,
    /// Where it listens on 127.0.0.1; 0 takes any free port.
    pub port: u16,
    /// Keeps tables, keys and mails here; without it they end with the process.
    pub data_dir: Option<PathBuf>,
    /// Another emulator that plays DynamoDB and KMS, for a second opinion.
    pub elsewhere: Option<SocketAddr>,
    /// Whether the template's schedules run. Tests run jobs by hand.
    pub schedules: bool,
    /// Whether the sample accounts are made.
    pub samples: bool,
}

/// Why a stack did not start. Each is one message for the person who typed the command.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("port {0} is taken; choose another with --port")]
    PortTaken(u16),
    #[error("cannot listen on port {0}: {1}")]
    CannotListen(u16, io::Error),
    #[error("the template has faults:\n{0}")]
    Template(template::Faults),
    /// What CloudFormation would refuse before it begins.
    #[error("these parameters do not go together:\n{0}")]
    Rules(String),
    #[error("{0}")]
    Configuration(String),
    #[error("the embedded AWS did not start: {0}")]
    Aws(embedded_aws::StartError),
    #[error("the stack could not be set up: {0}")]
    Setup(String),
}
