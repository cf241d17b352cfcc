//! Runs the programs of `infra/tests/clients`. They print a line for each thing they looked at, and exit with 0 if all
//! was well.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A path in this repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize();
    root.unwrap().join(path)
}

/// Runs one with this on its standard input, prints what it says, and asserts that it is content.
pub(crate) async fn run(program: impl Into<PathBuf>, arguments: &[&str], input: String) {
    let mut command = Command::new(program.into());
    command.args(arguments).current_dir(in_repository("infra/tests/clients"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let line = format!("{command:?}");
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn()?;
        // One that ends without reading says why; the pipe is not what is wrong then.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(input.as_bytes()));
        child.wait_with_output()
    });
    let output = ended.await.unwrap().unwrap_or_else(|error| panic!("{line} does not start: {error}"));
    println!("{line}\n{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{line}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
}
