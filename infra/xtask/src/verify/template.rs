//! What the step `template` runs, one after the other. Each sees what the others do not: SAM's translator refuses what it cannot
//! transform, cfn-lint knows CloudFormation's resources, the translated template shows what only the transform makes, and
//! checkov has opinions, each of which `.checkov.yaml` follows or answers.

use std::process::Command;

const SAM: &str = ".tools/sam/bin";

/// `sam validate --lint` would be the same as the second, with fewer rules.
pub(super) fn first() -> Command {
    let mut validate = Command::new(format!("{SAM}/sam"));
    validate.arg("validate").env("SAM_CLI_TELEMETRY", "0");
    validate
}

/// The others.
pub(super) fn rest() -> [Command; 3] {
    let mut lint = Command::new(format!("{SAM}/cfn-lint"));
    lint.args(["-c", "I", "--", "template.yaml", "infra/monitoring.yaml", "infra/backup.yaml", "infra/edge.yaml"]);
    let mut translated = Command::new(format!("{SAM}/python"));
    translated.args(["infra/xtask/translated.py", "template.yaml"]);
    let mut checkov = Command::new(".tools/checkov/bin/checkov");
    checkov.args(["--config-file", ".checkov.yaml"]);
    [lint, translated, checkov]
}
