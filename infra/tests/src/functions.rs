//! The functions' own processes, with a stack's AWS at the other end of their endpoint settings.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use runtime::Function;

use crate::TestApp;

/// Where `cargo build` puts binaries of the profile that this one was built with.
pub fn built(name: &str) -> PathBuf {
    let this = env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    // Tests are in `deps`, programs one above it.
    let folders = this.ancestors().skip(1);
    let folder = folders.into_iter().find(|folder| !folder.ends_with("deps")).unwrap_or(&this);
    folder.join(name)
}

/// The same, or what was built for Lambda, where `cargo xtask package --life` asks for that.
pub fn packaged(name: &str) -> PathBuf {
    env::var_os("POSTERN_BINARIES").map_or_else(|| built(name), |folder| PathBuf::from(folder).join(name))
}

impl TestApp {
    /// A function of the template, as Lambda would have it, with this binary.
    pub fn function(&self, name: &str, binary: PathBuf) -> Function {
        let deployed = self.stack.template().functions.iter().find(|function| function.binary == name);
        let deployed = deployed.unwrap_or_else(|| panic!("the template has no function {name}"));
        Function {
            name: name.to_owned(),
            binary,
            memory_mb: deployed.memory_mb,
            timeout: Duration::from_secs(deployed.timeout_seconds.into()),
            environment: self.stack.environment_of(name).unwrap_or_default(),
        }
    }
}
