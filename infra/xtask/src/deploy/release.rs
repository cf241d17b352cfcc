//! The name of a release, and its place in a template. It is never the same twice: a version of a function is published when the text of
//! its settings is new, and Lambda refuses to publish one that is like the newest, which a refused deployment has left there.

use std::path::Path;
use std::process::Command;

use crate::child::{Failure, Runner};

/// What template.yaml has in the place of a release; `sam build` writes the line as it was.
const PLACE: &str = "RELEASE: none";

/// The commit and the time.
pub(crate) fn name(root: &Path, runner: &Runner) -> Result<String, Failure> {
    let mut commit = Command::new("git");
    commit.args(["describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]).current_dir(root);
    let mut time = Command::new("date");
    time.args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]);
    Ok(format!("{} {}", answer(&mut commit, runner)?, answer(&mut time, runner)?))
}

fn answer(command: &mut Command, runner: &Runner) -> Result<String, Failure> {
    let mut answer = String::new();
    runner.run_and_read(command, |line| answer.push_str(String::from_utf8_lossy(line).trim()))?;
    Ok(answer)
}

/// The template with this release. The error says what is wrong with the template.
pub(crate) fn written(template: &str, release: &str) -> Result<String, String> {
    let places = template.lines().filter(|line| line.trim() == PLACE).count();
    if places != 1 {
        return Err(format!(
            "has {places} lines `{PLACE}`, and must have one: it would deploy nothing, or not everything"
        ));
    }
    let line = |line: &str| match line.strip_suffix(PLACE) {
        Some(indent) if indent.trim().is_empty() => format!("{indent}RELEASE: \"{release}\"\n"),
        _ => format!("{line}\n"),
    };
    Ok(template.lines().map(line).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{name, written};
    use crate::child::Runner;
    use crate::repository::root;

    #[test]
    fn a_release_is_a_commit_and_a_time() {
        let name = name(root(), &Runner::start().unwrap()).unwrap();
        let (commit, time) = name.split_once(' ').unwrap();
        assert!(commit.len() >= 12 && commit[..12].chars().all(|letter| letter.is_ascii_hexdigit()), "{name}");
        assert!(time.len() == 20 && time.ends_with('Z'), "{name}");
    }

    #[test]
    fn the_template_has_one_place_for_it() {
        let template = fs::read_to_string(root().join("template.yaml")).unwrap();
        let released = written(&template, "abc 2026").unwrap();
        assert!(released.contains("\n        RELEASE: \"abc 2026\"\n"));
        assert_eq!(released.replace("\"abc 2026\"", "none"), template);
    }

    #[test]
    fn a_template_without_a_place_for_it_is_not_deployed() {
        let fault = |template| written(template, "abc").unwrap_err();
        assert!(fault("Variables:\n  RELEASE: some\n").starts_with("has 0 lines `RELEASE: none`"));
        assert!(fault("  RELEASE: none\n  RELEASE: none\n").starts_with("has 2 lines"));
    }
}
