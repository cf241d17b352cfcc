//! What administrators do.

pub mod unlock_account;
