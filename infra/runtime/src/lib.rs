//! Lambda on this machine, as far as a function's process can tell: the Runtime API, the variables that Lambda sets and no
//! others, one event at a time, a deadline, and an end.
//!
//! An [`Instance`] is one process of one binary, as Lambda has one per sandbox. It is measured from outside: how long it
//! takes to start and to answer, and how much memory it took at most. What it cannot show is Lambda's own: the unpacking of a
//! package, a share of a processor, permissions.

mod api;
mod failure;
mod function;
mod instance;
mod output;

pub use failure::{Failed, Fault};
pub use function::Function;
pub use instance::{Instance, Invoked};
