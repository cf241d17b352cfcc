//! `cargo xtask`: the project's own chores. Not part of what is deployed, and knows no rule of the product.
//!
//! Reading order: `verify` (which steps there are, what they need), then `tools` (how that gets here), then `child`. How a chore begins and ends
//! is in `chore`.

mod child;
mod chore;
mod deploy;
mod package;
mod pages;
mod repository;
mod tools;
mod verify;

use std::process::ExitCode;

const HELP: &str = "\
Chores of this repository.

  cargo xtask verify         everything that CI checks; --help says more. Short: cargo verify
  cargo xtask deploy ENV     builds the stack and deploys it as a release of its own; --help says more
  cargo xtask package        builds every function for Lambda and says what is in each package; --help says more
  cargo xtask screenshots    pictures of every hosted page, light and dark, at 320 and 1280 px: target/screenshots
  cargo xtask weight         how many bytes a browser gets for each hosted page, and for the SDK";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("verify") => verify::main(arguments),
        Some("deploy") => deploy::main(arguments),
        Some("package") => package::main(arguments),
        Some("screenshots") => pages::screenshots(),
        Some("weight") => pages::weight(),
        None | Some("help" | "-h" | "--help") => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Some(unknown) => {
            eprintln!("xtask: there is no chore \"{unknown}\"\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}
