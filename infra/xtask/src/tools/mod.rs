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
use std::thread;

use crate::child::{Failure, Runner};
use venv::Venv;

/// Something that has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Rustfmt,
    Clippy,
    CargoLambda,
    Sam,
    Checkov,
    PyJwt,
    Schemathesis,
    NodePackages,
    SdkPackages,
    Chromium,
    Promtool,
    Ministack,
}

const CARGO_LAMBDA: Venv = Venv { folder: ".tools/cargo-lambda", requirements: "infra/xtask/cargo-lambda.txt" };
const SAM: Venv = Venv { folder: ".tools/sam", requirements: "infra/xtask/sam.txt" };
const CHECKOV: Venv = Venv { folder: ".tools/checkov", requirements: "infra/xtask/checkov.txt" };
/// Where packages of Node are locked.
const CLIENTS: &str = "infra/tests/clients";
const SDK: &str = "client";

const SCHEMATHESIS: Venv =
    Venv { folder: ".tools/schemathesis", requirements: "infra/tests/clients/schemathesis/requirements.txt" };
const MINISTACK: Venv =
    Venv { folder: ".tools/ministack", requirements: "infra/tests/clients/ministack/requirements.txt" };
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
            Self::CargoLambda => "cargo-lambda of infra/xtask/cargo-lambda.txt",
            Self::Sam => "aws-sam-cli and cfn-lint of infra/xtask/sam.txt",
            Self::Checkov => "checkov of infra/xtask/checkov.txt",
            Self::PyJwt => "PyJWT of infra/tests/clients/requirements.txt",
            Self::Schemathesis => "schemathesis of infra/tests/clients/schemathesis/requirements.txt",
            Self::NodePackages => "Node packages of infra/tests/clients/package.json",
            Self::SdkPackages => "Node packages of client/package.json",
            Self::Chromium => "Chromium",
            Self::Promtool => "promtool",
            Self::Ministack => "ministack of infra/tests/clients/ministack/requirements.txt",
        }
    }

    /// Whether it is a part of the Rust toolchain, which is there or has to be got by hand.
    pub(crate) const fn is_component(self) -> bool {
        matches!(self, Self::Rustfmt | Self::Clippy)
    }

    /// Where it is a Python program.
    const fn venv(self) -> Option<Venv> {
        match self {
            Self::CargoLambda => Some(CARGO_LAMBDA),
            Self::Sam => Some(SAM),
            Self::Checkov => Some(CHECKOV),
            Self::PyJwt => Some(PYJWT),
            Self::Schemathesis => Some(SCHEMATHESIS),
            Self::Ministack => Some(MINISTACK),
            Self::Rustfmt | Self::Clippy | Self::NodePackages | Self::SdkPackages | Self::Chromium | Self::Promtool => {
                None
            }
        }
    }

    fn state(self, root: &Path) -> State {
        match self {
            Self::Rustfmt => component::state("fmt", "run `rustup component add rustfmt`"),
            Self::Clippy => component::state("clippy", "run `rustup component add clippy`"),
            Self::CargoLambda | Self::Sam | Self::Checkov | Self::PyJwt | Self::Schemathesis | Self::Ministack => {
                self.venv().map_or(State::Ready, |venv| venv.state(root))
            }
            Self::NodePackages => node::state(&root.join(CLIENTS)),
            Self::SdkPackages => node::state(&root.join(SDK)),
            Self::Chromium => chromium::state(),
            Self::Promtool => promtool::state(root),
        }
    }

    fn install(self, root: &Path, runner: &Runner) -> Result<(), Failure> {
        match self {
            Self::Rustfmt | Self::Clippy => Ok(()),
            Self::CargoLambda | Self::Sam | Self::Checkov | Self::PyJwt | Self::Schemathesis | Self::Ministack => {
                self.venv().map_or(Ok(()), |venv| venv.install(root, runner))
            }
            Self::NodePackages => node::install(&root.join(CLIENTS), runner),
            Self::SdkPackages => node::install(&root.join(SDK), runner),
            Self::Chromium => chromium::install(runner),
            Self::Promtool => promtool::install(root, runner),
        }
    }
}

/// Sees to it that all tools are there. When something cannot be installed, nothing is, and one failure names all of it.
pub(crate) fn provide(tools: &[Tool], root: &Path, may_install: bool, runner: &Runner) -> Result<String, Failure> {
    install(&wanted(tools, root, may_install)?, root, runner)
}

/// Which of the tools have to be installed. When one of them cannot be, one failure names all such.
pub(crate) fn wanted(tools: &[Tool], root: &Path, may_install: bool) -> Result<Vec<Tool>, Failure> {
    let mut missing = Vec::new();
    let mut wanted = Vec::new();
    for tool in tools {
        match tool.state(root) {
            State::Ready => {}
            State::Installable if may_install => wanted.push(*tool),
            State::Installable => missing.push(format!("{} (run without --no-install)", tool.name())),
            State::Missing(advice) => missing.push(format!("{} ({advice})", tool.name())),
        }
    }
    if missing.is_empty() { Ok(wanted) } else { Err(Failure::Other(format!("missing: {}", missing.join("; ")))) }
}

/// Python programs go into folders of their own, so all of them at once: pip is slow, and keeps one processor busy. The others
/// one after the other, since two of them may want the machine's package manager.
/// What is returned is a note for the table.
pub(crate) fn install(wanted: &[Tool], root: &Path, runner: &Runner) -> Result<String, Failure> {
    wanted.iter().for_each(|tool| eprintln!("    installing {}", tool.name()));
    let (python, others): (Vec<&Tool>, Vec<&Tool>) = wanted.iter().partition(|tool| tool.venv().is_some());
    thread::scope(|scope| {
        let running: Vec<_> = python.iter().map(|tool| scope.spawn(|| tool.install(root, runner))).collect();
        let others = others.iter().try_for_each(|tool| tool.install(root, runner));
        let ended = running.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(Failure::lost("an installation"))));
        ended.fold(others, Result::and)
    })?;
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
        let tools = [Tool::Sam, Tool::PyJwt];
        let failure = provide(&tools, &elsewhere, false, &Runner::start().unwrap()).unwrap_err().to_string();
        assert!(failure.starts_with("missing: aws-sam-cli") && failure.contains("; PyJWT"), "{failure}");
    }

    #[test]
    fn a_stamp_is_good_for_one_text_only() {
        let (one, other) = (root().join("Cargo.toml"), root().join("template.yaml"));
        assert!(is_stamped(&one, &one));
        assert!(!is_stamped(&one, &other));
        assert!(!is_stamped(&root().join("no-such-file"), &one));
    }
}
