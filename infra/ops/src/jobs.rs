//! `postern jobs`: the log of the scheduled jobs, and runs by hand. The work is done by the deployed functions, under their
//! own leases and permissions.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use shared::jobs::{self, JobView};

use crate::arguments::{JobsCommand, Options};
use crate::exit::{Exit, Failure};
use crate::stack::Stack;
use crate::tell::{Tell, table};

#[derive(Serialize)]
struct Listed {
    jobs: Vec<JobView>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["JOB", "SWITCH", "LAST RUN", "STARTED", "NEXT"].map(str::to_owned).to_vec()];
        for job in &self.jobs {
            let last = job.runs.first();
            let cell = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
            rows.push(vec![
                job.name.to_owned(),
                if job.enabled { "on" } else { "off" }.to_owned(),
                cell(last.map(|run| &run.outcome)),
                cell(last.map(|run| &run.started_at)),
                cell(job.next_due.as_ref()),
            ]);
        }
        f.write_str(&table(&rows))
    }
}

/// What became of a run by hand: what the function answered.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Ran(pub(crate) Value);

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |member: &str| self.0[member].as_str().unwrap_or_default().to_owned();
        write!(f, "{}: {}", text("job"), text("outcome"))?;
        match self.0["report"]["steps"].as_array() {
            Some(steps) if steps.is_empty() => write!(f, "\nthere was nothing to do"),
            Some(steps) => steps.iter().filter_map(Value::as_str).try_for_each(|step| write!(f, "\n  {step}")),
            None if self.0["report"].is_null() => Ok(()),
            None => write!(f, "\n{}", self.0["report"]),
        }
    }
}

pub(crate) async fn run(options: &Options, command: &JobsCommand, tell: &Tell) -> Result<Exit, Failure> {
    match command {
        JobsCommand::List => {
            let stack = Stack::find(options).await?;
            let jobs = jobs::list(&stack.app, &stack.context(), handlers::SCHEDULED).await?;
            tell.report(&Listed { jobs })?;
            Ok(Exit::Well)
        }
        JobsCommand::Run { name, input } => {
            let name = named(name)?;
            let input: Value =
                serde_json::from_str(input).map_err(|error| Failure::usage(format!("--input is not JSON: {error}")))?;
            let stack = Stack::find(options).await?;
            start(options, &stack, name, &input, tell).await
        }
    }
}

/// A job by its name, with or without the `jobs-`.
fn named(name: &str) -> Result<&'static str, Failure> {
    let is_meant = |job: &&'static str| *job == name || job.strip_prefix("jobs-") == Some(name);
    let names: Vec<&'static str> = handlers::SCHEDULED.iter().map(|job| job.name).collect();
    let found = names.iter().copied().find(is_meant);
    found.ok_or_else(|| Failure::usage(format!("there is no job {name:?}, but {}", names.join(", "))))
}

/// Has a job run now. One that is running already is not waited for.
///
/// # Errors
/// When it did not do what it was there for.
pub(crate) async fn start(
    options: &Options,
    stack: &Stack,
    job: &str,
    input: &Value,
    tell: &Tell,
) -> Result<Exit, Failure> {
    stack.place(tell).await?;
    if options.dry_run {
        tell.report(&Ran(
            json!({ "job": job, "outcome": "not run, because of --dry-run", "report": { "input": input } }),
        ))?;
        return Ok(Exit::Well);
    }
    let answer = stack.functions.invoke(job, input).await?;
    let shortcoming = shortcoming(&answer);
    tell.report(&Ran(answer))?;
    shortcoming.map_or(Ok(Exit::Well), Err)
}

/// What a run that did not fail has not done all the same.
fn shortcoming(answer: &Value) -> Option<Failure> {
    let report = &answer["report"];
    if answer["outcome"] != "done" || report["overtaken"] == true {
        let what = "another run was at work: look again, and repeat it if that is needed";
        return Some(Failure::found("overtaken", what));
    }
    let left: Vec<&str> = report["leftInKms"].as_array()?.iter().filter_map(Value::as_str).collect();
    let todo = "aws kms disable-key now, then aws kms schedule-key-deletion";
    Some(Failure::found("left_in_kms", format!("whoever may sign in KMS still can with {}: {todo}", left.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_2_a_run_that_left_something_undone_is_no_success() {
        let code = |answer: Value| shortcoming(&answer).map(|failure| failure.code);
        assert_eq!(code(json!({ "outcome": "done", "report": { "steps": [], "overtaken": false } })), None);
        assert_eq!(code(json!({ "outcome": "done", "report": { "sessions": 3 } })), None);
        assert_eq!(code(json!({ "outcome": "already_running" })), Some("overtaken"));
        assert_eq!(code(json!({ "outcome": "done", "report": { "overtaken": true } })), Some("overtaken"));
        let left = json!({ "outcome": "done", "report": { "overtaken": false, "leftInKms": ["1-2-3"] } });
        assert_eq!(code(left), Some("left_in_kms"));
    }
}
