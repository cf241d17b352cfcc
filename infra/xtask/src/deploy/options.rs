//! The command line of `deploy`.

pub(crate) const HELP: &str = "\
cargo xtask deploy ENVIRONMENT [-- MORE]

  ENVIRONMENT   production, preview, development: a section of samconfig.toml
  MORE          goes to `sam deploy`, e.g. -- --parameter-overrides Rollout=all-at-once

Runs `sam build`, names the release in what was built, runs `sam deploy`. Every function gets a new version, also if only settings have
changed. sam and cargo-lambda are those below .tools, or those on the search path, or get installed below .tools.";

/// What to deploy to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// A section of samconfig.toml.
    pub(crate) environment: String,
    /// What `sam deploy` is told beside it.
    pub(crate) more: Vec<String>,
}

impl Options {
    /// Whether samconfig.toml says how to deploy there. SAM would find out after everything is built.
    pub(crate) fn is_known_to(&self, config: &str) -> bool {
        let section = format!("[{}.deploy.parameters]", self.environment);
        config.lines().any(|line| line.trim() == section)
    }
}

/// Reads the arguments; `None` when only the help is asked for. The error is a sentence for whoever typed them.
pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let environment = match arguments.next() {
        Some(help) if ["-h", "--help"].contains(&help.as_str()) => return Ok(None),
        Some(option) if option.starts_with('-') => return Err(format!("the environment comes before \"{option}\"")),
        Some(environment) => environment,
        None => return Err("which environment?".to_owned()),
    };
    match arguments.next().as_deref() {
        None => Ok(Some(Options { environment, more: Vec::new() })),
        Some("--") => Ok(Some(Options { environment, more: arguments.collect() })),
        Some("-h" | "--help") => Ok(None),
        Some(argument) => Err(format!("\"{argument}\": what is for `sam deploy` comes after `--`")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Options, read};
    use crate::repository::root;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn what_comes_after_two_dashes_is_for_sam() {
        let options = parse("production -- --parameter-overrides Rollout=all-at-once").unwrap().unwrap();
        assert_eq!(options.environment, "production");
        assert_eq!(options.more, ["--parameter-overrides", "Rollout=all-at-once"]);
        assert_eq!(parse("preview").unwrap().unwrap().more, [""; 0]);
        assert_eq!((parse("--help"), parse("production --help")), (Ok(None), Ok(None)));
    }

    #[test]
    fn a_mistake_is_named() {
        assert_eq!(parse("").unwrap_err(), "which environment?");
        assert_eq!(parse("--guided").unwrap_err(), "the environment comes before \"--guided\"");
        assert_eq!(parse("preview --guided").unwrap_err(), "\"--guided\": what is for `sam deploy` comes after `--`");
    }

    #[test]
    fn environments_are_those_of_samconfig() {
        let config = fs::read_to_string(root().join("samconfig.toml")).unwrap();
        let is_known = |environment| parse(environment).unwrap().unwrap().is_known_to(&config);
        assert!(["production", "preview", "development"].into_iter().all(is_known));
        assert!(!is_known("default") && !is_known("productoin"));
    }
}
