//! A browser. The machine's own is used, whichever version it has.

use std::process::Command;

use super::State;
use crate::child::{Failure, Runner};
use crate::repository::program;

/// The same as in `infra/tests/clients/browser/browser.mjs`.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

pub(crate) fn state() -> State {
    if program(&NAMES).is_some() {
        State::Ready
    } else if rustix::process::geteuid().is_root() && program(&["apt-get"]).is_some() {
        State::Installable
    } else {
        State::Missing("install it, on Debian as root: apt-get install chromium")
    }
}

pub(crate) fn install(runner: &Runner) -> Result<(), Failure> {
    apt_get(runner, &["update"])?;
    apt_get(runner, &["install", "-y", "--no-install-recommends", "chromium"])
}

fn apt_get(runner: &Runner, arguments: &[&str]) -> Result<(), Failure> {
    let mut apt_get = Command::new("apt-get");
    // A terminal of its own would stop dpkg, which does not run in the foreground.
    apt_get.args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(arguments);
    runner.run(apt_get.env("DEBIAN_FRONTEND", "noninteractive"))
}
