//! Runs other programs. A signal to this program ends those that are running, and all that they started.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A signal asked this program to stop.
    #[error("interrupted")]
    Interrupted,
    #[error("`{0}` does not start: {1}")]
    NotStarted(String, io::Error),
    /// The program said on its own what is wrong.
    #[error("`{0}`: {1}")]
    Ended(String, ExitStatus),
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// Of a thread that panicked.
    pub(crate) fn lost(what: &str) -> Self {
        Self::Other(format!("{what} ended without a word"))
    }
}

/// Runs programs, in groups of their own so that a whole group can be ended.
#[derive(Clone)]
pub(crate) struct Runner(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_interrupted: bool,
    groups: Vec<Pid>,
}

impl Runner {
    /// From here on, signals end what is running. A second one ends it by force.
    pub(crate) fn start() -> Result<Self, Failure> {
        let runner = Self(Arc::default());
        let signals = Signals::new([SIGINT, SIGTERM, SIGHUP]);
        let mut signals = signals.map_err(|error| Failure::Other(format!("cannot listen to signals: {error}")))?;
        let listener = runner.clone();
        thread::spawn(move || signals.forever().for_each(|_| listener.interrupt()));
        Ok(runner)
    }

    /// Runs a program to its end. What it prints goes where this program's output goes.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), Failure> {
        let child = self.spawn(command)?;
        self.finish(command, child)
    }

    /// Like [`Runner::run`], but hands every line of standard output to `read` instead.
    pub(crate) fn run_and_read(&self, command: &mut Command, read: impl FnMut(&[u8])) -> Result<(), Failure> {
        let mut child = self.spawn(command.stdout(Stdio::piped()))?;
        let result = child.stdout.take().map_or(Ok(()), |output| lines(output, read));
        self.finish(command, child)?;
        result.map_err(|error| Failure::Other(format!("cannot read from `{}`: {error}", line_of(command))))
    }

    /// Like [`Runner::run`], for a program that asks questions: it has this program's input, and the terminal's signals are its own.
    pub(crate) fn run_at_terminal(&self, command: &mut Command) -> Result<(), Failure> {
        let child = command.spawn().map_err(|error| Failure::NotStarted(line_of(command), error))?;
        self.finish(command, child)
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, Failure> {
        // Held while starting, so that no signal falls between start and note.
        let mut state = self.state();
        if state.is_interrupted {
            return Err(Failure::Interrupted);
        }
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        let child = child.map_err(|error| Failure::NotStarted(line_of(command), error))?;
        state.groups.push(Pid::from_child(&child));
        Ok(child)
    }

    fn finish(&self, command: &Command, mut child: Child) -> Result<(), Failure> {
        let group = Pid::from_child(&child);
        let status = child.wait();
        let mut state = self.state();
        state.groups.retain(|running| *running != group);
        match status {
            _ if state.is_interrupted => Err(Failure::Interrupted),
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::Ended(line_of(command), status)),
            Err(error) => Err(Failure::NotStarted(line_of(command), error)),
        }
    }

    fn interrupt(&self) {
        let mut state = self.state();
        let signal = if state.is_interrupted { Signal::KILL } else { Signal::TERM };
        state.is_interrupted = true;
        for group in &state.groups {
            // Fails only when the group has just ended.
            let _ = kill_process_group(*group, signal);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lines(output: impl Read, mut read: impl FnMut(&[u8])) -> io::Result<()> {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        read(&line);
        line.clear();
    }
    Ok(())
}

/// `cargo`, as if started by hand.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = as_by_hand("cargo");
    cargo.args(arguments);
    cargo
}

/// A program that runs cargo, as if started by hand. What `cargo run` adds to the environment is taken out again: build scripts
/// (ring's for one) watch it, and nearly everything would be built anew at each change between `cargo test` and `cargo xtask`.
pub(crate) fn as_by_hand(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_from_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

fn is_from_cargo_run(variable: &str) -> bool {
    const NAMES: [&str; 5] = ["CARGO", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    const FAMILIES: [&str; 3] = ["CARGO_BIN_EXE_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    NAMES.contains(&variable) || FAMILIES.iter().any(|family| variable.starts_with(family))
}

/// The command as one would type it.
pub(crate) fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:=,@".contains(letter);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Failure, Runner, cargo, is_from_cargo_run, line_of};

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn output_is_read_line_by_line() {
        let mut lines = Vec::new();
        let runner = Runner::start().unwrap();
        runner.run_and_read(&mut shell("printf 'a\\nb'"), |line| lines.push(line.to_vec())).unwrap();
        assert_eq!(lines, [b"a\n".as_slice(), b"b"]);
    }

    #[test]
    fn a_failure_names_the_command_and_its_exit_code() {
        let failure = Runner::start().unwrap().run(&mut shell("exit 3")).unwrap_err();
        assert_eq!(failure.to_string(), "`sh -c 'exit 3'`: exit status: 3");
    }

    #[test]
    fn a_program_that_is_missing_is_a_failure() {
        let failure = Runner::start().unwrap().run(&mut Command::new("no-such-program")).unwrap_err();
        assert!(matches!(failure, Failure::NotStarted(..)), "{failure}");
    }

    #[test]
    fn an_interruption_ends_what_the_program_started_too() {
        let runner = Runner::start().unwrap();
        let result = runner.clone().run_and_read(&mut shell("echo up; sleep 60 & sleep 60"), |_| runner.interrupt());
        assert!(matches!(result, Err(Failure::Interrupted)), "{result:?}");
        assert!(matches!(runner.run(&mut shell("true")), Err(Failure::Interrupted)), "nothing starts afterwards");
    }

    #[test]
    fn only_what_cargo_run_sets_is_taken_out_of_the_environment() {
        assert!(["CARGO", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"].into_iter().all(is_from_cargo_run));
        assert!(!["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "PATH"].into_iter().any(is_from_cargo_run));
        assert_eq!(line_of(&cargo(&["fmt", "--all"])), "cargo fmt --all");
    }
}
