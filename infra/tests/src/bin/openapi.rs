//! `cargo openapi`: writes `docs/openapi.json` anew, from what the handlers say of themselves. A test holds one to the other.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    match std::fs::write(&path, handlers::openapi::text()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openapi: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
