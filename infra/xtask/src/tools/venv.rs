//! Python programs, each in a virtual environment of its own below the repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::State;
use crate::child::{Failure, Runner};
use crate::repository::program;

/// A virtual environment. Both paths start at the root of the repository.
pub(crate) struct Venv {
    pub(crate) folder: &'static str,
    /// Names every package with its version.
    pub(crate) requirements: &'static str,
}

const STAMP: &str = "requirements.txt";

impl Venv {
    pub(crate) fn state(&self, root: &Path) -> State {
        let folder = root.join(self.folder);
        let is_current = super::is_stamped(&folder.join(STAMP), &root.join(self.requirements));
        // The interpreter is a link that breaks when the machine gets another Python.
        if is_current && folder.join("bin/python").exists() {
            State::Ready
        } else if program(&["python3"]).is_some() {
            State::Installable
        } else {
            State::Missing("install python3 with its venv module")
        }
    }

    pub(crate) fn install(&self, root: &Path, runner: &Runner) -> Result<(), Failure> {
        let folder = root.join(self.folder);
        runner.run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/python"));
        // Most of what is brought is never imported, so compiling it can wait until it is.
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--requirement"]);
        runner.run(pip.arg(root.join(self.requirements)))?;
        let stamped = fs::copy(root.join(self.requirements), folder.join(STAMP));
        stamped.map(drop).map_err(|error| Failure::Other(format!("{}: {error}", self.folder)))
    }
}
