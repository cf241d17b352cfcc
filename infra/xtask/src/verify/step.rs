//! The steps: what each runs, and what it needs for that.

use std::fs;
use std::io::{self, Write};
use std::process::Command;

use super::{binaries, template};
use crate::child::{Failure, Runner, cargo, line_of};
use crate::repository;
use crate::tools::Tool;
use crate::verify::second_opinion;

/// One thing that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Format,
    Clippy,
    Test,
    Logs,
    Binaries,
    Template,
    Alerts,
    Clients,
    Schemathesis,
    Browser,
    SecondOpinion,
    Sdk,
    Docs,
}

impl Step {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 13] = [
        Self::Format,
        Self::Clippy,
        Self::Sdk,
        Self::Test,
        Self::Logs,
        Self::Binaries,
        Self::Template,
        Self::Alerts,
        Self::Clients,
        Self::Schemathesis,
        Self::Browser,
        Self::SecondOpinion,
        Self::Docs,
    ];

    /// What the command line calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Logs => "logs",
            Self::Binaries => "binaries",
            Self::Template => "template",
            Self::Alerts => "alerts",
            Self::Clients => "clients",
            Self::Schemathesis => "schemathesis",
            Self::Browser => "browser",
            Self::SecondOpinion => "second-opinion",
            Self::Sdk => "sdk",
            Self::Docs => "docs",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// For `--list`.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Format => "rustfmt",
            Self::Clippy => "compiler and clippy, without warnings; the Lambda binaries are checked, not linked",
            Self::Test => "unit and integration tests",
            Self::Logs => "what those tests have logged: no address, no token, one JSON value a line",
            Self::Binaries => "an account's life through the functions' own processes, behind a Lambda Runtime API",
            Self::Template => {
                "template.yaml and the stacks beside it: sam, cfn-lint before and after the transform, checkov"
            }
            Self::Alerts => "the rules for Prometheus, played by promtool",
            Self::Clients => "access tokens, verified by jose, aws-jwt-verify and PyJWT",
            Self::Schemathesis => "docs/openapi.json against the whole stack: examples, edges, random and linked calls",
            Self::Browser => "the hosted pages, the local stack's, the reference and the example app in Chromium",
            Self::SecondOpinion => "the tests of tables and keys, and of accounts, with another emulator of AWS",
            Self::Sdk => "the browser SDK: types, tests, sizes",
            Self::Docs => "rustdoc, without warnings",
        }
    }

    /// What has to be on the machine.
    pub(crate) const fn tools(self) -> &'static [Tool] {
        match self {
            Self::Format => &[Tool::Rustfmt],
            Self::Clippy => &[Tool::Clippy],
            Self::Test | Self::Logs | Self::Binaries | Self::Docs => &[],
            Self::Template => &[Tool::Sam, Tool::Checkov],
            Self::Alerts => &[Tool::Promtool],
            Self::Clients => &[Tool::NodePackages, Tool::PyJwt],
            Self::Schemathesis => &[Tool::Schemathesis],
            Self::Browser => &[Tool::NodePackages, Tool::Chromium],
            Self::SecondOpinion => &[Tool::Ministack],
            Self::Sdk => &[Tool::SdkPackages],
        }
    }

    /// Runs it. What is returned is a note for the table.
    pub(crate) fn run(self, runner: &Runner) -> Result<String, Failure> {
        let mut command = self.command();
        command.current_dir(repository::root());
        println!("    {}", line_of(&command));
        match self {
            Self::Test => {
                // Those of earlier runs are not this run's. There need not be any.
                let _ = fs::remove_dir_all(repository::root().join("target/test-logs"));
                tests(&mut command, runner)
            }
            Self::Binaries => {
                runner.run(binaries::build().current_dir(repository::root()))?;
                tests(&mut command, runner)
            }
            Self::Logs | Self::Alerts | Self::Clients | Self::Schemathesis | Self::Browser | Self::SecondOpinion => {
                tests(&mut command, runner)
            }
            Self::Template => template::run(command, runner).map(|()| String::new()),
            Self::Format | Self::Clippy | Self::Sdk | Self::Docs => runner.run(&mut command).map(|()| String::new()),
        }
    }

    fn command(self) -> Command {
        match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
            Self::Test => cargo(&["test", "--locked"]),
            Self::Template => template::validate(),
            Self::Logs => tests_below("run_logs::"),
            Self::Binaries => tests_below("binaries::"),
            Self::Alerts => tests_below("promtool::"),
            Self::Clients => tests_below("foreign_clients::"),
            Self::Schemathesis => tests_below("schemathesis::"),
            Self::Browser => tests_below("browser::"),
            Self::SecondOpinion => second_opinion::command(),
            Self::Sdk => {
                let mut npm = Command::new("npm");
                npm.args(["--prefix", "client", "--silent", "test"]);
                npm
            }
            Self::Docs => {
                let mut docs = cargo(&["doc", "--no-deps", "--document-private-items", "--locked"]);
                docs.env("RUSTDOCFLAGS", "-D warnings");
                docs
            }
        }
    }
}

/// The integration tests of one module. Those that need a tool are marked `#[ignore]`, so that plain `cargo test` needs
/// none. All packages stay selected: one alone would have other features, and be built once more.
fn tests_below(module: &'static str) -> Command {
    cargo(&["test", "--locked", "--test", "*", "--", "--include-ignored", module])
}

/// Runs tests, and counts them: a filter that fits no test must not pass.
fn tests(command: &mut Command, runner: &Runner) -> Result<String, Failure> {
    let mut passed = 0;
    let read = |line: &[u8]| {
        // Reads on when nothing can be printed any more, or the tests would hang on their output.
        let _ = io::stdout().write_all(line);
        passed += passed_in(&String::from_utf8_lossy(line)).unwrap_or(0);
    };
    runner.run_and_read(command, read)?;
    match passed {
        0 => Err(Failure::Other(format!("`{}` ran no test", line_of(command)))),
        passed => Ok(format!("{passed} tests")),
    }
}

/// How many tests a closing line of libtest says passed.
fn passed_in(line: &str) -> Option<u32> {
    let (count, _) = line.strip_prefix("test result: ok. ")?.split_once(" passed;")?;
    count.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Step, passed_in};

    #[test]
    fn every_step_is_found_by_its_name() {
        assert!(Step::ALL.into_iter().all(|step| Step::named(step.name()) == Some(step)));
        assert_eq!(Step::named("tests"), None);
    }

    #[test]
    fn tests_are_counted_by_their_closing_lines() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        assert_eq!(passed_in(line), Some(12));
        assert_eq!(passed_in("test a::b ... ok\n"), None);
    }
}
