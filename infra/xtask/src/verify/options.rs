//! The command line of `verify`.

use super::step::Step;

pub(crate) const HELP: &str = "\
cargo xtask verify [--only STEP[,STEP]] [--skip STEP[,STEP]] [--no-install] [--list]

  --only STEP,…   only these steps
  --skip STEP,…   all but these steps
  --no-install    fail, instead of installing, when a tool is missing
  --list          print the steps";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run(Options),
    List,
}

/// How to verify.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// In the order in which they run.
    pub(crate) steps: Vec<Step>,
    pub(crate) may_install: bool,
}

/// Reads the arguments; `None` when only the help is asked for. The error is a sentence for whoever typed them.
pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Request>, String> {
    let mut only = None;
    let mut skipped = Vec::new();
    let mut may_install = true;
    while let Some(argument) = arguments.next() {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut steps = || steps(option, value.clone().or_else(|| arguments.next()));
        match option {
            "--only" => only.get_or_insert_with(Vec::new).extend(steps()?),
            "--skip" => skipped.extend(steps()?),
            "--no-install" => may_install = false,
            "--list" => return Ok(Some(Request::List)),
            "-h" | "--help" => return Ok(None),
            _ => return Err(format!("there is no option \"{argument}\"")),
        }
    }
    let is_chosen = |step: &Step| only.as_ref().is_none_or(|only| only.contains(step)) && !skipped.contains(step);
    let steps: Vec<Step> = Step::ALL.into_iter().filter(is_chosen).collect();
    if steps.is_empty() {
        return Err("no step is left".to_owned());
    }
    Ok(Some(Request::Run(Options { steps, may_install })))
}

fn steps(option: &str, names: Option<String>) -> Result<Vec<Step>, String> {
    let names = names.ok_or_else(|| format!("{option} needs the name of a step"))?;
    let step = |name: &str| Step::named(name).ok_or_else(|| format!("there is no step \"{name}\"; --list names them"));
    names.split(',').map(|name| step(name.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Options, Request, Step, read};

    fn parse(line: &str) -> Result<Option<Request>, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    fn steps(line: &str) -> Vec<Step> {
        let Ok(Some(Request::Run(Options { steps, .. }))) = parse(line) else { panic!("{line}") };
        steps
    }

    #[test]
    fn without_options_every_step_runs_and_tools_are_installed() {
        let everything = Options { steps: Step::ALL.to_vec(), may_install: true };
        assert_eq!(parse(""), Ok(Some(Request::Run(everything))));
    }

    #[test]
    fn chosen_steps_run_in_their_own_order() {
        assert_eq!(steps("--only test,format"), [Step::Format, Step::Test]);
        assert_eq!(steps("--only=test --only format"), [Step::Format, Step::Test]);
        assert_eq!(steps("--only test,format --skip test"), [Step::Format]);
        assert_eq!(steps("--skip browser").len(), Step::ALL.len() - 1);
    }

    #[test]
    fn a_mistake_is_named() {
        assert_eq!(parse("--only tests").unwrap_err(), "there is no step \"tests\"; --list names them");
        assert_eq!(parse("--skip").unwrap_err(), "--skip needs the name of a step");
        assert_eq!(parse("--fast").unwrap_err(), "there is no option \"--fast\"");
        assert_eq!(parse("--only test --skip test").unwrap_err(), "no step is left");
    }
}
