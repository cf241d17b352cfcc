//! Parts of the Rust toolchain. They are never installed from here: a toolchain is its owner's.

use std::process::Stdio;

use super::State;
use crate::child::cargo;

/// Asks the subcommand for its version: rustup leaves a stub where a component is missing.
pub(crate) fn state(subcommand: &str, advice: &'static str) -> State {
    let mut version = cargo(&[subcommand, "--version"]);
    let status = version.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) { State::Ready } else { State::Missing(advice) }
}
