//! What is wrong with a template: all of it at once, each with its place. Does not decide what counts as wrong.

use std::cell::RefCell;
use std::fmt::Display;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Fault {
    /// Path from the root of the template, such as `Resources.AuthLogin.Events.Post.Path`.
    pub place: String,
    /// What is wrong there, in words for the person who edits the template.
    pub message: String,
}

/// Everything that is wrong with a template, sorted by place; never empty. Prints one line per fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Faults(pub Vec<Fault>);

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// Gathers faults while the template is read. Shared by all readers, hence the cell.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Fault>>);

impl Report {
    /// Notes a fault and goes on, so that one reading finds them all.
    pub(crate) fn fault(&self, place: impl Display, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { place: place.to_string(), message: message.into() });
    }

    /// Hands over the value, unless something was wrong on the way to it.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Faults> {
        let mut faults = self.0.into_inner();
        faults.sort();
        // A managed policy is read once for each function that has it.
        faults.dedup();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(Faults(faults)),
        }
    }
}
