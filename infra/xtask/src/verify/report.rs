//! Announces steps while they run, and draws the table of their times at the end.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use super::step::Step;
use crate::child::Failure;

/// What is known of each step so far.
pub(crate) struct Report(Vec<Row>);

struct Row {
    name: &'static str,
    outcome: Option<Outcome>,
}

struct Outcome {
    is_passed: bool,
    took: Duration,
    note: String,
}

impl Report {
    /// None of the steps has run yet; the first is always the one that gets the tools.
    pub(crate) fn of(steps: &[Step]) -> Self {
        let names = std::iter::once(super::TOOLS).chain(steps.iter().map(|step| step.name()));
        Self(names.map(|name| Row { name, outcome: None }).collect())
    }

    /// Runs a step between a line that announces it and a line that says how it went. What it returns is a note for the
    /// table.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = run();
        self.ended(name, started.elapsed(), result)
    }

    /// Says how a step went that has run beside others, or just now.
    pub(crate) fn ended(&mut self, name: &str, took: Duration, result: Result<String, Failure>) -> Result<(), Failure> {
        let is_passed = result.is_ok();
        println!("<== {name}: {}, {}", verdict(is_passed), seconds(took));
        let (note, result) = match result {
            Ok(note) => (note, Ok(())),
            Err(failure) => (String::new(), Err(failure)),
        };
        if let Some(row) = self.0.iter_mut().find(|row| row.name == name) {
            row.outcome = Some(Outcome { is_passed, took, note });
        }
        result
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for Row { name, outcome } in &self.0 {
            match outcome {
                Some(Outcome { is_passed, took, note }) => {
                    let line = format!("{name:<9} {:<7} {:>12}  {note}", verdict(*is_passed), seconds(*took));
                    writeln!(out, "{}", line.trim_end())?;
                }
                None => writeln!(out, "{name:<9} not run")?,
            }
        }
        Ok(())
    }
}

fn verdict(is_passed: bool) -> &'static str {
    if is_passed { "passed" } else { "FAILED" }
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Report, Step, seconds};
    use crate::child::Failure;

    #[test]
    fn the_table_has_every_step_also_those_that_did_not_run() {
        let mut report = Report::of(&[Step::Format, Step::Test]);
        report.step("tools", || Ok("2 installed".to_owned())).unwrap();
        report.step("format", || Err(Failure::Interrupted)).unwrap_err();
        let expected = "\
tools     passed         0.0 s  2 installed
format    FAILED         0.0 s
test      not run
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn durations_are_in_seconds_or_minutes() {
        assert_eq!(seconds(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
