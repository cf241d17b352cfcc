//! What a process is given, and how its end is told. How the real functions live behind the Runtime API is looked at in
//! `infra/tests`, module `binaries`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::{Failed, Function, Instance};

/// A program of a few lines.
fn script(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn function(binary: PathBuf) -> Function {
    let environment = BTreeMap::from([
        ("STACK_NAME".to_owned(), "postern".to_owned()),
        ("AWS_REGION".to_owned(), "eu-central-1".to_owned()),
    ]);
    Function { name: "user-me".to_owned(), binary, memory_mb: 256, timeout: Duration::from_secs(10), environment }
}

#[tokio::test]
async fn a_process_gets_what_lambda_sets_and_nothing_of_ours() {
    let failed = Instance::start(function(script("environment.sh", "env; exit 3"))).await.err().unwrap();
    let Failed::Exited { status, log } = failed else { panic!("{failed}") };
    assert_eq!(status.code(), Some(3));
    let variables: BTreeMap<&str, &str> = log.iter().filter_map(|line| line.split_once('=')).collect();
    assert_eq!((variables["STACK_NAME"], variables["AWS_LAMBDA_FUNCTION_NAME"]), ("postern", "user-me"));
    assert_eq!((variables["AWS_REGION"], variables["AWS_DEFAULT_REGION"]), ("eu-central-1", "eu-central-1"));
    assert_eq!((variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], variables["_HANDLER"]), ("256", "bootstrap"));
    assert!(variables["AWS_LAMBDA_RUNTIME_API"].starts_with("127.0.0.1:"));
    assert!(Path::new(variables["LAMBDA_TASK_ROOT"]).ends_with("tmp"));
    // PWD, SHLVL, OLDPWD and _ are the shell's own.
    let names: BTreeSet<&str> = variables.into_keys().filter(|name| !name.starts_with(['A', 'L'])).collect();
    let expected = ["OLDPWD", "PATH", "PWD", "SHLVL", "STACK_NAME", "TZ", "_", "_HANDLER"];
    assert!(names.is_subset(&expected.into()), "{names:?}");
}

#[tokio::test]
async fn what_both_outputs_said_is_kept() {
    let binary = script("words.sh", "echo out; echo err >&2");
    let failed = Instance::start(function(binary)).await.err().unwrap();
    let Failed::Exited { status, log } = failed else { panic!("{failed}") };
    assert!(status.success() && log.len() == 2, "{log:?}");
    assert!(log.contains(&"out".to_owned()) && log.contains(&"err".to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_binary_that_is_not_there_is_named() {
    let failed = Instance::start(function(PathBuf::from("no/such/bootstrap"))).await.err().unwrap();
    assert!(failed.to_string().starts_with("no/such/bootstrap does not start"), "{failed}");
}
