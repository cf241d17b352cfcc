//! What administrators do.

pub mod alert_channels;
pub mod audit_export;
pub mod audit_filters;
pub mod audit_logs;
pub mod erase_audit;
pub mod job_switch;
pub mod jobs;
pub mod metrics_logins;
pub mod metrics_sessions;
mod query;
mod reason;
pub mod reports;
pub mod session_end;
pub mod sessions;
pub mod unlock_account;
pub mod webhook_deliveries;
pub mod webhook_secret;
pub mod webhooks;
