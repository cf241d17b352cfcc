//! `postern`: what operators do to a deployed stack from their own machine (CLIENT-6): look whether it is well, move its keys,
//! make and move accounts, run its jobs, verify its audit trail.
//!
//! It calls the same domain functions as the deployed ones, with the settings that those have, or has them do the work. It
//! knows AWS as every SDK does: profiles, `AWS_REGION`, `AWS_ENDPOINT_URL_*`; so a running `cargo dev` is one more stack.
//! `docs/cli.md` is for its users.

mod arguments;
mod audit;
mod aws;
mod doctor;
mod exit;
mod files;
mod interrupt;
mod jobs;
mod keys;
mod origin;
mod stack;
mod tell;
mod users;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::{Exit, Failure};
use tell::Tell;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(other) => return complaint(&other),
    };
    let tell = Tell::new(arguments.options.json);
    let exit = match run(&arguments, &tell).await {
        Ok(exit) => exit,
        Err(failure) => tell.failure(&failure),
    };
    exit.into()
}

/// Of the arguments, with exit code 2, or what was asked for instead of a command: help, the version.
fn complaint(error: &clap::Error) -> ExitCode {
    let is_for_programs = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && is_for_programs {
        return Tell::new(true).failure(&Failure::usage(error.to_string())).into();
    }
    // To wherever it belongs; nobody may be listening.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Well }.into()
}

async fn run(Arguments { options, command }: &Arguments, tell: &Tell) -> Result<Exit, Failure> {
    match command {
        Command::Doctor => doctor::run(options, tell).await,
        Command::Keys(command) => keys::run(options, command, tell).await,
        Command::Users(command) => users::run(options, command, tell).await,
        Command::Jobs(command) => jobs::run(options, command, tell).await,
        Command::Audit(command) => audit::run(options, command, tell).await,
    }
}
