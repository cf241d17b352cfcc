//! What administrators do.

pub mod metrics_sessions;
pub mod session_end;
pub mod sessions;
pub mod unlock_account;
