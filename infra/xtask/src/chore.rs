//! How every chore begins and ends: its options, and the code it exits with.

use std::process::ExitCode;

use crate::child::Failure;

/// What is to be done; the exit code where that is nothing, as only the help was asked for or the options are mistaken. Either is
/// told here.
pub(crate) fn options<O>(chore: &str, help: &str, read: Result<Option<O>, String>) -> Result<O, ExitCode> {
    match read {
        Ok(Some(options)) => Ok(options),
        Ok(None) => {
            println!("{help}");
            Err(ExitCode::SUCCESS)
        }
        Err(mistake) => {
            eprintln!("{chore}: {mistake}\n\n{help}");
            Err(ExitCode::from(2))
        }
    }
}

/// The exit code of a chore. A failure is told here.
pub(crate) fn ended(chore: &str, result: Result<ExitCode, Failure>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        eprintln!("{chore}: {failure}");
        ExitCode::FAILURE
    })
}

/// The same of one that needs no more than a sentence.
pub(crate) fn told(chore: &str, result: Result<String, Failure>) -> ExitCode {
    let told = result.map(|outcome| {
        println!("{chore}: {outcome}");
        ExitCode::SUCCESS
    });
    ended(chore, told)
}
