//! `cargo xtask package`: builds functions as they are deployed, and holds each package against what Lambda allows.
//!
//! `sam build` makes the same binaries by itself; this says beforehand whether they will start there, and what they weigh.

mod options;
mod report;
mod shape;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::child::{Failure, Runner, cargo, line_of};
use crate::chore;
use crate::repository;
use crate::tools::{self, Tool};
use options::{Architecture, Options};
use report::{Package, Report};

/// Runs the command with its arguments.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    match chore::options("package", options::HELP, options::read(arguments)) {
        Ok(options) => chore::ended("package", run(&options).map(|report| tell(&report, options.json))),
        Err(code) => code,
    }
}

fn tell(report: &Report, as_json: bool) -> ExitCode {
    if as_json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    let faults = report.faults();
    faults.iter().for_each(|fault| eprintln!("package: {fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(options: &Options) -> Result<Report, Failure> {
    let runner = Runner::start()?;
    let root = repository::root();
    if repository::program(&["objdump"]).is_none() {
        return Err(Failure::Other("missing: objdump (install binutils)".to_owned()));
    }
    let known = functions(root)?;
    let unknown = options.only.iter().find(|name| !known.contains(name));
    if let Some(unknown) = unknown {
        return Err(Failure::Other(format!("there is no function \"{unknown}\"")));
    }
    let wanted = if options.only.is_empty() { known } else { options.only.clone() };
    tools::provide(&[Tool::CargoLambda], root, true, &runner)?;

    let started = Instant::now();
    let mut build = build(options, root)?;
    eprintln!("{}", line_of(&build));
    runner.run(&mut build)?;
    let seconds = started.elapsed().as_secs_f64();
    let packages = wanted.iter().map(|name| package(name, options.architecture, root)).collect::<Result<_, _>>()?;
    if options.life {
        let mut life = life(&binaries(options.architecture, root), root);
        eprintln!("{}", line_of(&life));
        runner.run(&mut life)?;
    }
    Ok(Report { architecture: options.architecture.name(), seconds, packages })
}

/// Where cargo puts what it builds for Lambda, before cargo-lambda packs it.
fn binaries(architecture: Architecture, root: &Path) -> PathBuf {
    root.join("target").join(architecture.target()).join("release")
}

/// An account's life through these binaries, as `cargo verify --only binaries` takes one through those of the tests' own profile.
fn life(binaries: &Path, root: &Path) -> Command {
    let test = "binaries::an_account_lives_from_sign_up_to_sign_out_in_the_functions_own_processes";
    let mut life = cargo(&["test", "--locked", "--test", "it", "--", "--ignored", "--exact", test]);
    life.env("POSTERN_BINARIES", binaries).current_dir(root);
    life
}

/// The functions have a binary each; a test holds these files to the template.
fn functions(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join("functions/lambda/src/bin");
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".rs")).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// As `sam build` calls it, but all at once. Which package and with which profile, `Cargo.toml` says.
fn build(options: &Options, root: &Path) -> Result<Command, Failure> {
    let mut build = cargo(&["lambda", "build", "--release", "--output-format", "zip", options.architecture.flag()]);
    build.args(options.only.iter().flat_map(|name| ["--bin", name.as_str()]));
    build.env("PATH", repository::search_path(&root.join(".tools/cargo-lambda/bin"))?);
    // cargo-lambda keeps to the repository's own folder, which is looked at below.
    build.env_remove("CARGO_TARGET_DIR").current_dir(root);
    Ok(build)
}

fn package(name: &str, architecture: Architecture, root: &Path) -> Result<Package, Failure> {
    let binary = binaries(architecture, root).join(name);
    let zip = root.join("target/lambda").join(name).join("bootstrap.zip");
    let size = |path: &Path| {
        fs::metadata(path)
            .map(|file| file.len())
            .map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
    };
    let shape = shape::of(&binary)?;
    Ok(Package {
        function: name.to_owned(),
        binary_bytes: size(&binary)?,
        zip_bytes: size(&zip)?,
        glibc: shape.glibc,
        abilities: shape.abilities,
        libraries: shape.libraries,
    })
}
