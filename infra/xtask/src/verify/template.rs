//! What the step `template` runs. Each sees what the others do not: SAM's translator refuses what it cannot transform, and SAM's
//! reader what it cannot read in samconfig.toml; cfn-lint knows CloudFormation's resources, the translated template shows what only
//! the transform makes, and checkov has opinions, each of which `.checkov.yaml` follows or answers.

use std::process::Command;
use std::thread;

use crate::child::{Failure, Runner, line_of};
use crate::repository;

const SAM: &str = ".tools/sam/bin";

/// `sam validate --lint` would be what cfn-lint does below, with fewer rules.
pub(super) fn validate() -> Command {
    let mut validate = Command::new(format!("{SAM}/sam"));
    validate.arg("validate").env("SAM_CLI_TELEMETRY", "0");
    validate
}

/// Runs that, and the others, two at a time: each keeps one processor busy, and prints next to nothing when all is well.
pub(super) fn run(validate: Command, runner: &Runner) -> Result<(), Failure> {
    let mut lint = Command::new(format!("{SAM}/cfn-lint"));
    lint.args(["-c", "I", "--", "template.yaml", "infra/monitoring.yaml", "infra/backup.yaml", "infra/edge.yaml"]);
    let mut environments = Command::new(format!("{SAM}/python"));
    environments.args(["infra/xtask/environments.py", "production", "preview", "development"]);
    let mut translated = Command::new(format!("{SAM}/python"));
    translated.args(["infra/xtask/translated.py", "template.yaml"]);
    let mut checkov = Command::new(".tools/checkov/bin/checkov");
    checkov.args(["--config-file", ".checkov.yaml"]);
    for command in [&environments, &lint, &translated, &checkov] {
        println!("    {}", line_of(command));
    }
    let run = |commands: Vec<Command>| {
        commands.into_iter().try_for_each(|mut command| runner.run(command.current_dir(repository::root())))
    };
    thread::scope(|scope| {
        let others = scope.spawn(|| run(vec![translated, checkov]));
        let these = run(vec![validate, environments, lint]);
        these.and(others.join().unwrap_or_else(|_| Err(Failure::Other("a check ended without a word".to_owned()))))
    })
}
