//! `cargo xtask verify`: everything that CI checks, in the order in which a mistake shows soonest. Stops at the first
//! failure.

mod binaries;
mod options;
mod report;
mod second_opinion;
mod step;
mod template;

use std::process::ExitCode;
use std::time::Instant;

use crate::child::{Failure, Runner};
use crate::repository;
use crate::tools::{self, Tool};
use options::{Options, Request};
use report::Report;
use step::Step;

pub(crate) use report::seconds;

/// Exit code of a program that a signal stopped, as shells have it.
const INTERRUPTED: u8 = 130;

/// Runs the command with its arguments.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let options = match options::read(arguments) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Request::List) => {
            Step::ALL.iter().for_each(|step| println!("{:<15} {}", step.name(), step.about()));
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("verify: {message}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => {
            println!("verify: {message}");
            code
        }
    }
}

fn run(options: &Options) -> Result<(), (String, ExitCode)> {
    let runner = Runner::start().map_err(|error| (format!("cannot listen to signals: {error}"), ExitCode::FAILURE))?;
    let steps = &options.steps;
    let started = Instant::now();
    let mut report = Report::of(steps);

    let result = install(options, &runner, &mut report).and_then(|()| {
        steps.iter().try_for_each(|step| {
            let what = step.name();
            report.step(what, || step.run(&runner)).map_err(|failure| (what, failure))
        })
    });

    println!("\n{report}");
    match result {
        Ok(()) => {
            println!("verify: passed, {} in {}", count(steps.len()), report::seconds(started.elapsed()));
            Ok(())
        }
        Err((what, Failure::Interrupted)) => Err((format!("interrupted in {what}"), ExitCode::from(INTERRUPTED))),
        Err((what, failure)) => Err((format!("FAILED in {what}: {failure}"), ExitCode::FAILURE)),
    }
}

fn count(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

/// Gets what the steps need, so that nothing can be found missing after minutes of tests.
fn install(options: &Options, runner: &Runner, report: &mut Report) -> Result<(), (&'static str, Failure)> {
    const WHAT: &str = "tools";
    let mut needed: Vec<Tool> = options.steps.iter().flat_map(|step| step.tools()).copied().collect();
    needed.sort_unstable();
    needed.dedup();
    let root = repository::root();
    report.step(WHAT, || tools::provide(&needed, root, options.may_install, runner)).map_err(|failure| (WHAT, failure))
}
