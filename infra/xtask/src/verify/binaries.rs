//! Which of the functions' binaries are built for `infra/tests/tests/it/binaries.rs`, and how: few and unoptimised, since each
//! is linked anew after every change. `cargo xtask package` builds all, as they are deployed.

use std::process::Command;

use crate::child::cargo;

/// Those of an account's life.
const BINARIES: [&str; 14] = [
    "auth-csrf",
    "auth-login",
    "auth-logout",
    "auth-password-change",
    "auth-refresh",
    "auth-signup",
    "auth-verify-email",
    "auth-verify-token",
    "authorizer",
    "jobs-chain-audit",
    "jobs-rotate-keys",
    "jobs-send-mail",
    "keys-jwks",
    "pages",
];

/// A function that panics and hangs on demand.
const EXAMPLE: &str = "misbehaving";

/// With all packages and an example selected, dependencies have the features that the tests gave them, and none is built again.
pub(super) fn build() -> Command {
    let mut build = cargo(&["build", "--locked", "--workspace", "--example", EXAMPLE]);
    build.args(BINARIES.iter().flat_map(|name| ["--bin", name]));
    build
}
