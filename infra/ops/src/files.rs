//! Files that hold what not everybody may read: made for their owner alone.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A new file.
///
/// # Errors
/// When there is one already.
pub(crate) fn create(path: &Path) -> Result<File, Failure> {
    private().create_new(true).open(path).map_err(|error| named(path, &error))
}

/// A file that is there, to be written on.
pub(crate) fn reopen(path: &Path) -> Result<File, Failure> {
    OpenOptions::new().write(true).open(path).map_err(|error| named(path, &error))
}

/// A file for what a command has to say about its input: that of another run is begun anew, or gone on with.
pub(crate) fn notes(path: &Path, goes_on: bool) -> Result<File, Failure> {
    let mut options = private();
    options.create(true).append(goes_on).truncate(!goes_on);
    options.open(path).map_err(|error| named(path, &error))
}

/// Replaces a small file in one step, so that whoever reads it reads all of the old or all of the new.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    use io::Write;
    let new = beside(path, ".new");
    let written = || {
        let mut file = private().create(true).truncate(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        std::fs::rename(&new, path)
    };
    written().map_err(|error| named(path, &error))
}

/// The path with an ending more.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// An error with the file that it is about.
pub(crate) fn named(path: &Path, error: &io::Error) -> Failure {
    Failure::found("io", format!("{}: {error}", path.display()))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
