//! promtool, which checks Prometheus' rules. The machine's own is used, whichever version it has; else Debian's package is
//! unpacked below the repository, and nothing is installed: the package would start a server.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::State;
use crate::child::{Failure, Runner};
use crate::repository::program;

/// The same as in `infra/tests/tests/it/promtool.rs`.
const FOLDER: &str = ".tools/prometheus";
const PROGRAM: &str = ".tools/prometheus/usr/bin/promtool";

pub(crate) fn state(root: &Path) -> State {
    if program(&["promtool"]).is_some() || root.join(PROGRAM).exists() {
        State::Ready
    } else if program(&["apt-get"]).is_some() && program(&["dpkg-deb"]).is_some() {
        State::Installable
    } else {
        State::Missing("install promtool, which comes with Prometheus")
    }
}

/// Needs no rights, but lists of packages, which only root may bring up to date.
pub(crate) fn install(root: &Path, runner: &Runner) -> Result<(), Failure> {
    let folder = root.join(FOLDER);
    let failed = |error: std::io::Error| Failure::Other(format!("{FOLDER}: {error}"));
    fs::create_dir_all(&folder).map_err(failed)?;
    if rustix::process::geteuid().is_root() {
        runner.run(Command::new("apt-get").args(["-qq", "update"]))?;
    }
    runner.run(Command::new("apt-get").args(["-qq", "download", "prometheus"]).current_dir(&folder))?;
    let packages = fs::read_dir(&folder).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path()));
    let package = packages.filter(|path| path.extension().is_some_and(|ending| ending == "deb")).max();
    let package = package.ok_or_else(|| Failure::Other(format!("{FOLDER}: no package was downloaded")))?;
    runner.run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&folder))
}
