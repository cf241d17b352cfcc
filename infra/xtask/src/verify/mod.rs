//! `cargo xtask verify`: everything that CI checks, in the order in which a mistake shows soonest. Stops at the first
//! failure.

mod binaries;
mod options;
mod report;
mod second_opinion;
mod step;
mod template;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use crate::child::{Failure, Runner};
use crate::chore;
use crate::repository;
use crate::tools::{self, Tool};
use options::{Options, Request};
use report::Report;
use step::Step;

pub(crate) use report::seconds;

/// What the table calls the installation of tools.
const TOOLS: &str = "tools";

/// Exit code of a program that a signal stopped, as shells have it.
const INTERRUPTED: u8 = 130;

/// Runs the command with its arguments.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    match chore::options("verify", options::HELP, options::read(arguments)) {
        Ok(Request::Run(options)) => run(&options).err().map_or(ExitCode::SUCCESS, |(message, code)| {
            println!("verify: {message}");
            code
        }),
        Ok(Request::List) => {
            Step::ALL.iter().for_each(|step| println!("{:<15} {}", step.name(), step.about()));
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

fn run(options: &Options) -> Result<(), (String, ExitCode)> {
    let runner = Runner::start().map_err(|failure| (failure.to_string(), ExitCode::FAILURE))?;
    let steps = &options.steps;
    let started = Instant::now();
    let mut report = Report::of(steps);

    let result = thread::scope(|scope| {
        let wanted = wanted(options).map_err(|failure| (TOOLS, failure))?;
        // Beside the steps that need none of them: the network is slow, and compiling is all that they do.
        let installer = runner.clone();
        let install = move || timed(|| tools::install(&wanted, repository::root(), &installer));
        let mut installing = Some(scope.spawn(install));
        let mut wait = |report: &mut Report| {
            let Some(tools) = installing.take() else { return Ok(()) };
            let (took, result) =
                tools.join().unwrap_or_else(|_| (Duration::ZERO, Err(Failure::lost("an installation"))));
            report.ended(TOOLS, took, result).map_err(|failure| (TOOLS, failure))
        };
        for step in steps {
            if step.tools().iter().any(|tool| !tool.is_component()) {
                wait(&mut report)?;
            }
            report.step(step.name(), || step.run(&runner)).map_err(|failure| (step.name(), failure))?;
        }
        wait(&mut report)
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

/// Looks for what the steps need before anything runs, so that nothing can be found missing after minutes of tests.
fn wanted(options: &Options) -> Result<Vec<Tool>, Failure> {
    let mut needed: Vec<Tool> = options.steps.iter().flat_map(|step| step.tools()).copied().collect();
    needed.sort_unstable();
    needed.dedup();
    tools::wanted(&needed, repository::root(), options.may_install)
}

fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let started = Instant::now();
    let result = work();
    (started.elapsed(), result)
}
