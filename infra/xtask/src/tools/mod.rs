//! What steps need on the machine beside a Rust toolchain, and how it gets there.
//!
//! Whatever can be, is installed below the repository, in versions that files of the repository name. A stamp next to it
//! holds the text of that file, so that installing again costs nothing and a changed version is noticed.

mod chromium;
mod component;
mod node;
mod promtool;
mod venv;

use std::fs;
use std::path::Path;

use crate::child::{Failure, Runner};
use venv::Venv;

/// Something that has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Rustfmt,
    Clippy,
    CfnLint,
    PyJwt,
    Schemathesis,
    NodePackages,
    SdkPackages,
    Chromium,
    Promtool,
}

const CFN_LINT: Venv = Venv { folder: ".tools/cfn-lint", requirements: "infra/xtask/cfn-lint.txt" };
/// Where packages of Node are locked.
const CLIENTS: &str = "infra/tests/clients";
const SDK: &str = "client";

const SCHEMATHESIS: Venv =
    Venv { folder: ".tools/schemathesis", requirements: "infra/tests/clients/schemathesis/requirements.txt" };
const PYJWT: Venv = Venv { folder: ".tools/clients", requirements: "infra/tests/clients/requirements.txt" };

/// Whether a tool is there.
pub(crate) enum State {
    Ready,
    /// It can be had without asking anybody.
    Installable,
    /// Somebody has to do what this says.
    Missing(&'static str),
}

impl Tool {
    const fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::CfnLint => "cfn-lint of infra/xtask/cfn-lint.txt",
            Self::PyJwt => "PyJWT of infra/tests/clients/requirements.txt",
            Self::Schemathesis => "schemathesis of infra/tests/clients/schemathesis/requirements.txt",
            Self::NodePackages => "Node packages of infra/tests/clients/package.json",
            Self::SdkPackages => "Node packages of client/package.json",
            Self::Chromium => "Chromium",
            Self::Promtool => "promtool",
        }
    }

    fn state(self, root: &Path) -> State {
        match self {
            Self::Rustfmt => component::state("fmt", "run `rustup component add rustfmt`"),
            Self::Clippy => component::state("clippy", "run `rustup component add clippy`"),
            Self::CfnLint => CFN_LINT.state(root),
            Self::PyJwt => PYJWT.state(root),
            Self::Schemathesis => SCHEMATHESIS.state(root),
            Self::NodePackages => node::state(&root.join(CLIENTS)),
            Self::SdkPackages => node::state(&root.join(SDK)),
            Self::Chromium => chromium::state(),
            Self::Promtool => promtool::state(root),
        }
    }

    fn install(self, root: &Path, runner: &Runner) -> Result<(), Failure> {
        match self {
            Self::Rustfmt | Self::Clippy => Ok(()),
            Self::CfnLint => CFN_LINT.install(root, runner),
            Self::PyJwt => PYJWT.install(root, runner),
            Self::Schemathesis => SCHEMATHESIS.install(root, runner),
            Self::NodePackages => node::install(&root.join(CLIENTS), runner),
            Self::SdkPackages => node::install(&root.join(SDK), runner),
            Self::Chromium => chromium::install(runner),
            Self::Promtool => promtool::install(root, runner),
        }
    }
}

/// Sees to it that all tools are there. When something cannot be installed, nothing is, and one failure names all of it.
pub(crate) fn provide(tools: &[Tool], root: &Path, may_install: bool, runner: &Runner) -> Result<String, Failure> {
    let mut missing = Vec::new();
    let mut wanted = Vec::new();
    for tool in tools {
        match tool.state(root) {
            State::Ready => {}
            State::Installable if may_install => wanted.push(tool),
            State::Installable => missing.push(format!("{} (run without --no-install)", tool.name())),
            State::Missing(advice) => missing.push(format!("{} ({advice})", tool.name())),
        }
    }
    if !missing.is_empty() {
        return Err(Failure::Other(format!("missing: {}", missing.join("; "))));
    }
    for tool in &wanted {
        println!("    installing {}", tool.name());
        tool.install(root, runner)?;
    }
    Ok(if wanted.is_empty() { String::new() } else { format!("{} installed", wanted.len()) })
}

/// Whether a stamp has the same text as the file that it was made from.
fn is_stamped(stamp: &Path, source: &Path) -> bool {
    match (fs::read(stamp), fs::read(source)) {
        (Ok(stamp), Ok(source)) => stamp == source,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tool, is_stamped, provide};
    use crate::child::Runner;
    use crate::repository::root;

    #[test]
    fn without_leave_to_install_one_failure_names_all_that_is_missing() {
        let elsewhere = root().join("docs");
        let tools = [Tool::CfnLint, Tool::PyJwt];
        let failure = provide(&tools, &elsewhere, false, &Runner::start().unwrap()).unwrap_err().to_string();
        assert!(failure.starts_with("missing: cfn-lint") && failure.contains("; PyJWT"), "{failure}");
    }

    #[test]
    fn a_stamp_is_good_for_one_text_only() {
        let (one, other) = (root().join("Cargo.toml"), root().join("template.yaml"));
        assert!(is_stamped(&one, &one));
        assert!(!is_stamped(&one, &other));
        assert!(!is_stamped(&root().join("no-such-file"), &one));
    }
}
