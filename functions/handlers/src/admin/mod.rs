//! What administrators do.

pub mod job_switch;
pub mod jobs;
pub mod metrics_sessions;
pub mod session_end;
pub mod sessions;
pub mod unlock_account;
