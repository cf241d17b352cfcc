//! Node packages, of the folder that locks them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::State;
use crate::child::{Failure, Runner};
use crate::repository::program;

const LOCK: &str = "package-lock.json";
/// In a folder that npm removes before it installs, so it never outlives what it stands for.
const STAMP: &str = "node_modules/.package-lock.stamp.json";

pub(crate) fn state(folder: &Path) -> State {
    if program(&["node"]).is_none() {
        State::Missing("install Node.js 20 or newer, with npm")
    } else if super::is_stamped(&folder.join(STAMP), &folder.join(LOCK)) {
        State::Ready
    } else if program(&["npm"]).is_some() {
        State::Installable
    } else {
        State::Missing("install npm")
    }
}

pub(crate) fn install(folder: &Path, runner: &Runner) -> Result<(), Failure> {
    let mut npm = Command::new("npm");
    // The lock file says nothing of where packages come from: any registry will do, their hashes are in it.
    npm.args(["ci", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund", "--loglevel=error"]);
    runner.run(npm.current_dir(folder))?;
    let stamped = fs::copy(folder.join(LOCK), folder.join(STAMP));
    stamped.map(drop).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))
}
