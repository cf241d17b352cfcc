//! The signed-in person.

pub mod me;
