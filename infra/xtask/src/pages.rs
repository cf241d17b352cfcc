//! `cargo xtask screenshots` and `cargo xtask weight`: how the hosted pages look, and what they weigh. Both are tests, too, of
//! `cargo verify`; here they are run alone and say what they saw.

use std::process::{Command, ExitCode};

use crate::child::{Failure, Runner, cargo, line_of};
use crate::chore;
use crate::repository;
use crate::tools::{self, Tool};

/// Where `infra/tests/tests/it/browser.rs` puts the pictures.
const FOLDER: &str = "target/screenshots";

/// A picture of every page: light and dark, 320 px and 1280 px wide.
pub(crate) fn screenshots() -> ExitCode {
    let ended = run(&[Tool::NodePackages, Tool::Chromium], &mut [test("browser::every_page")]);
    chore::told("screenshots", ended.map(|()| format!("they are in {FOLDER}")))
}

/// How many bytes a browser gets for each page, and for the SDK.
pub(crate) fn weight() -> ExitCode {
    let mut size = Command::new("npm");
    size.args(["--prefix", "client", "--silent", "run", "size"]);
    let ended = run(&[Tool::SdkPackages], &mut [test("pages::weight::"), size]);
    chore::told("weight", ended.map(|()| "all are under their limits".to_owned()))
}

/// One integration test, and what it prints. All packages stay selected: one alone would have other features, and be built
/// once more.
fn test(name: &str) -> Command {
    cargo(&["test", "--quiet", "--locked", "--test", "it", "--", "--include-ignored", "--nocapture", name])
}

fn run(tools: &[Tool], commands: &mut [Command]) -> Result<(), Failure> {
    let runner = Runner::start()?;
    let root = repository::root();
    tools::provide(tools, root, true, &runner)?;
    commands.iter_mut().try_for_each(|command| {
        println!("{}", line_of(command));
        runner.run(command.current_dir(root))
    })
}
