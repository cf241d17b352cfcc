//! Files that hold what not everybody may read: made for their owner alone, and written by one command at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// So much of a file's first line tells what it is.
const LONGEST: u64 = 64 * 1024;

/// A new file.
///
/// # Errors
/// When there is one already.
pub(crate) fn create(path: &Path) -> Result<File, Failure> {
    let file = private().create_new(true).open(path).map_err(|error| named(path, &error))?;
    locked(path, file)
}

/// A file that is there, to be written on after so many bytes; what is behind them is cut off.
///
/// # Errors
/// When it has fewer.
pub(crate) fn reopen(path: &Path, bytes: u64) -> Result<File, Failure> {
    let file = OpenOptions::new().write(true).open(path).map_err(|error| named(path, &error))?;
    let mut file = locked(path, file)?;
    let length = file.metadata().map_err(|error| named(path, &error))?.len();
    if length < bytes {
        let what = format!("{} has {length} bytes, not the {bytes} that were noted: it was changed", path.display());
        return Err(Failure::found("changed", format!("{what}; begin anew, to another file")));
    }
    let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
    cut.map_err(|error| named(path, &error))?;
    Ok(file)
}

/// A file for what a command has to say about its input: that of another run is begun anew, or gone on with.
///
/// # Errors
/// When it is no such file, or another run is at it.
pub(crate) fn notes(path: &Path, goes_on: bool, is_note: fn(&str) -> bool) -> Result<File, Failure> {
    let mut options = private();
    let file = options.read(true).create(true).truncate(false).open(path).map_err(|error| named(path, &error))?;
    let mut file = locked(path, file)?;
    let mut first = String::new();
    // What is no text is none of ours, either.
    let read = BufReader::new((&file).take(LONGEST)).read_line(&mut first);
    if read.is_err() || !(first.is_empty() || is_note(&first)) {
        return Err(Failure::usage(format!("{} has something else in it: name another file", path.display())));
    }
    let mut made_ready = || {
        // It may have been made by somebody else, for more eyes.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        if !goes_on {
            file.set_len(0)?;
        }
        file.seek(SeekFrom::End(0))
    };
    made_ready().map_err(|error| named(path, &error))?;
    Ok(file)
}

/// Replaces a small file in one step, so that whoever reads it reads all of the old or all of the new.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
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

/// Until it is closed; where a file system knows no locks, without.
fn locked(path: &Path, file: File) -> Result<File, Failure> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Failure::found("in_use", format!("another command is writing {}", path.display())))
        }
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
