//! `cargo xtask deploy`: builds the stack and deploys it as a release of its own, so that settings arrive although no code has changed
//! (decision 0045). Where to and with which settings, samconfig.toml says; what AWS makes of it, `sam deploy`.

mod options;
mod release;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::child::{Failure, Runner, as_by_hand, line_of};
use crate::chore;
use crate::repository;
use crate::tools::{self, Tool};
use options::Options;

/// Where `sam build` leaves the template, and `sam deploy` looks for it.
const BUILT: &str = ".aws-sam/build/template.yaml";

/// Runs the command with its arguments.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    match chore::options("deploy", options::HELP, options::read(arguments)) {
        Ok(options) => chore::told("deploy", run(&options)),
        Err(code) => code,
    }
}

fn run(options: &Options) -> Result<String, Failure> {
    let runner = Runner::start()?;
    let root = repository::root();
    let config = read(&root.join("samconfig.toml"))?;
    if !options.is_known_to(&config) {
        return Err(Failure::Other(format!("samconfig.toml has no [{}.deploy.parameters]", options.environment)));
    }
    let sam = program(Tool::Sam, ".tools/sam/bin/sam", root, &runner)?;
    let cargo_lambda = program(Tool::CargoLambda, ".tools/cargo-lambda/bin/cargo-lambda", root, &runner)?;
    // Before the build, so that what is committed meanwhile is not taken for what was built.
    let release = release::name(root, &runner)?;

    let mut build = as_by_hand(&sam);
    // cargo-lambda finds its linker by the first `python3`, which has to be that of its own virtual environment: behind a link, perhaps.
    let beside = cargo_lambda.canonicalize().unwrap_or(cargo_lambda);
    build.arg("build").env("PATH", repository::search_path(beside.parent().unwrap_or(root))?);
    // It builds below the repository, whatever this says, and SAM would look there.
    build.env_remove("CARGO_TARGET_DIR").current_dir(root);
    eprintln!("{}", line_of(&build));
    runner.run(&mut build)?;

    let built = root.join(BUILT);
    let template =
        release::written(&read(&built)?, &release).map_err(|fault| Failure::Other(format!("{BUILT} {fault}")))?;
    fs::write(&built, template).map_err(|error| Failure::Other(format!("{BUILT}: {error}")))?;

    let mut deploy = as_by_hand(&sam);
    deploy.args(["deploy", "--config-env", &options.environment]).args(&options.more).current_dir(root);
    eprintln!("{}", line_of(&deploy));
    runner.run_at_terminal(&mut deploy)?;
    Ok(format!("{} has release {release}", options.environment))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

/// A program: the repository's own if it is there, else that of the search path; else the repository gets its own.
fn program(tool: Tool, own: &str, root: &Path, runner: &Runner) -> Result<PathBuf, Failure> {
    let own = root.join(own);
    let missing = tools::wanted(&[tool], root, true);
    let name = own.file_name().and_then(OsStr::to_str).unwrap_or_default();
    match (missing, repository::program(&[name])) {
        (Ok(missing), _) if missing.is_empty() => Ok(own),
        (_, Some(path)) => Ok(path),
        (missing, None) => tools::install(&missing?, root, runner).map(|_| own),
    }
}
