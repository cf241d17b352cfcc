//! Organizations.

pub mod slug_available;
