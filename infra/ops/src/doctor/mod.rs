//! `postern doctor`: looks whether a deployment is as it should be, and says of whatever is not what to do.
//!
//! It only reads. What it cannot see (the messages in the queues of dead letters, alarms) is in `docs/monitoring.md`.

mod deployment;
mod keys;
mod work;

use std::fmt;

use serde::Serialize;
use shared::settings::Stage;

use crate::arguments::Options;
use crate::exit::{Exit, Failure};
use crate::stack::{Functions, Stack};
use crate::tell::Tell;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Ok,
    /// Worth a look, and wanted by some.
    Warning,
    /// Something does not work, or will not when it is needed.
    Problem,
}

/// What was seen of one thing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was looked at, such as `tables`.
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    pub(crate) what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) todo: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, what: what.into(), todo: None }
    }

    pub(crate) fn warning(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, what: what.into(), todo: Some(todo.into()) }
    }

    pub(crate) fn problem(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Problem, what: what.into(), todo: Some(todo.into()) }
    }
}

#[derive(Serialize)]
struct Report {
    stack: String,
    problems: usize,
    /// Of these: what AWS did not let us look at.
    unknown: usize,
    warnings: usize,
    findings: Vec<Finding>,
}

impl Report {
    fn of(stack: &str, findings: Vec<Finding>, unknown: usize) -> Self {
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
        Self { stack: stack.to_owned(), problems, unknown, warnings, findings }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let mark = match finding.level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Problem => "PROBLEM",
            };
            writeln!(f, "{mark:8} {:10} {}", finding.check, finding.what.replace('\n', "\n                    "))?;
            if let Some(todo) = &finding.todo {
                writeln!(f, "                    to do: {todo}")?;
            }
        }
        write!(f, "{}: {} problem(s), {} warning(s)", self.stack, self.problems, self.warnings)
    }
}

pub(crate) async fn run(options: &Options, tell: &Tell) -> Result<Exit, Failure> {
    let functions = Functions::find(options).await?;
    functions.place(tell).await?;
    let mut unknown = 0;
    let mut findings = deployment::functions(&functions).await?;
    findings.push(deployment::clock(&functions));
    // Without settings nothing else can be looked at.
    if findings.iter().all(|finding| finding.check != deployment::SETTINGS || finding.level != Level::Problem) {
        let stack = functions.into_stack()?;
        let (tables, sender, keys, jobs, trail) = tokio::join!(
            deployment::tables(&stack),
            deployment::sender(&stack),
            keys::all(&stack),
            work::jobs(&stack),
            work::trail(&stack)
        );
        let groups = [("tables", tables), ("mail", sender), ("keys", keys), ("jobs", jobs), ("trail", trail)];
        findings.extend(groups.into_iter().flat_map(|(check, found)| {
            found.unwrap_or_else(|failure| {
                unknown += 1;
                let todo = "allow it, or come again: docs/cli.md lists what doctor asks of AWS";
                vec![Finding::problem(check, format!("could not be looked at: {}", failure.message), todo)]
            })
        }));
    }
    let report = Report::of(&options.stack, findings, unknown);
    tell.report(&report)?;
    Ok(match report.problems {
        0 => Exit::Well,
        problems if problems == unknown => Exit::Unavailable,
        _ => Exit::Found,
    })
}

/// What production needs is no more than good to have elsewhere.
fn demanded(stack: &Stack, check: &'static str, what: String, todo: &str) -> Finding {
    match stack.app.settings.stage {
        Stage::Production => Finding::problem(check, what, todo),
        Stage::Preview | Stage::Development => Finding::ok(check, format!("{what} (this is not production)")),
    }
}
