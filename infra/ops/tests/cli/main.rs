//! The real command line against a real stack: what operators type, what they are told, and the exit codes that scripts see.

#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod doctor;
mod import;
mod keys;
mod transfer;
mod users;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tests::TestApp;

/// Who the embedded AWS says we are.
pub(crate) const OPERATOR: &str = "operator#arn:aws:iam::000000000000:user/local";

/// What a command came to.
pub(crate) struct Answer {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { exit: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub(crate) fn expect(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}\n{}", self.out, self.err);
        self
    }

    /// The answer to `--json`.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}\n{}", self.out, self.err))
    }
}

/// The command as a shell would start it that has evaluated `/_local/env`.
pub(crate) async fn command(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).env("AWS_EC2_METADATA_DISABLED", "true");
    let shell = app.get("/_local/env").await.expect(200).text;
    for line in shell.lines().filter_map(|line| line.strip_prefix("export ")) {
        let (name, value) = line.split_once('=').unwrap();
        command.env(name, value);
    }
    command
}

pub(crate) async fn postern(app: &TestApp, arguments: &[&str]) -> Answer {
    postern_with(app, arguments, "").await
}

/// Runs a command with nothing on its standard input.
pub(crate) async fn run(command: Command) -> Answer {
    ended(start(command, "")).await
}

pub(crate) async fn postern_with(app: &TestApp, arguments: &[&str], input: &str) -> Answer {
    ended(start(command(app, arguments).await, input)).await
}

pub(crate) async fn ended(child: Child) -> Answer {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap();
    Answer::of(&output.unwrap())
}

pub(crate) fn start(mut command: Command, input: &str) -> Child {
    let mut child = command.spawn().unwrap();
    // It may be gone before it has read everything.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    child
}

/// The path of a file that is not there yet.
pub(crate) fn file(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let folder = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

pub(crate) fn file_with(name: &str, text: &str) -> PathBuf {
    let path = file(name);
    std::fs::write(&path, text).unwrap();
    path
}
