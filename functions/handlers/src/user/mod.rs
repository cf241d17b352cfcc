//! The signed-in person.

pub mod me;
pub mod session_end;
pub mod sessions;
pub mod sessions_end_others;
