//! The command line of `package`.

pub(crate) const HELP: &str = "\
cargo xtask package [--only FUNCTION[,FUNCTION]] [--arm64] [--life] [--json]

  --only FUNCTION,…  only these functions
  --arm64            for Graviton; needs `rustup target add aarch64-unknown-linux-gnu`
  --life             then takes an account through its life with what was built, on this machine
  --json             prints JSON instead of a table

Fails when a package is larger than 5 MB, needs a newer glibc than provided.al2023 has, or a library that is not there.";

/// For which processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    X86_64,
    Arm64,
}

impl Architecture {
    /// As the template calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::X86_64 => "--x86-64",
            Self::Arm64 => "--arm64",
        }
    }

    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }
}

/// What to build, and how to tell of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// None means all.
    pub(crate) only: Vec<String>,
    pub(crate) architecture: Architecture,
    /// Whether the binaries are tried as well. Needs those of this machine's processor, and all that take part.
    pub(crate) life: bool,
    pub(crate) json: bool,
}

/// Reads the arguments; `None` when only the help is asked for. The error is a sentence for whoever typed them.
pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { only: Vec::new(), architecture: Architecture::X86_64, life: false, json: false };
    while let Some(argument) = arguments.next() {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        match option {
            "--only" => {
                let names = value.or_else(|| arguments.next()).ok_or("--only needs the name of a function")?;
                options.only.extend(names.split(',').map(|name| name.trim().to_owned()));
            }
            "--arm64" => options.architecture = Architecture::Arm64,
            "--life" => options.life = true,
            "--json" => options.json = true,
            "-h" | "--help" => return Ok(None),
            _ => return Err(format!("there is no option \"{argument}\"")),
        }
    }
    if options.life && !(options.only.is_empty() && options.architecture == Architecture::X86_64) {
        return Err("--life needs all functions, for this machine".to_owned());
    }
    Ok(Some(options))
}

#[cfg(test)]
mod tests {
    use super::{Architecture, Options, read};

    fn parse(line: &str) -> Result<Option<Options>, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_options_every_function_is_built_for_the_template_s_processor() {
        let everything = Options { only: Vec::new(), architecture: Architecture::X86_64, life: false, json: false };
        assert_eq!(parse(""), Ok(Some(everything)));
    }

    #[test]
    fn options_are_read_and_mistakes_named() {
        let options = parse("--only auth-login,user-me --arm64 --json").unwrap().unwrap();
        assert_eq!(options.only, ["auth-login", "user-me"]);
        assert_eq!((options.architecture.name(), options.json), ("arm64", true));
        assert_eq!(parse("--help"), Ok(None));
        assert!(parse("--life").unwrap().unwrap().life);
        assert_eq!(parse("--life --only pages").unwrap_err(), "--life needs all functions, for this machine");
        assert_eq!(parse("--only").unwrap_err(), "--only needs the name of a function");
        assert_eq!(parse("--zip").unwrap_err(), "there is no option \"--zip\"");
    }
}
