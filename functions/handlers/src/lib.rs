//! Every function of Postern, one file each: what it is asked, which domain function it calls, what it answers.
//!
//! To add an endpoint, see the README's six lines. `template.yaml`, [`ENDPOINTS`], the binaries of `functions/lambda`
//! and the events of `events/` name the same functions; a test says which is missing where.

pub mod admin;
pub mod auth;
pub mod deploy;
pub mod fallback;
pub mod health;
pub mod jobs;
pub mod keys;
pub mod metrics;
pub mod openapi;
pub mod organizations;
pub mod pages;
pub mod reference;
pub mod reply;
pub mod session;
pub mod user;

use jobs::{Consumer, Job};
use shared::http::Endpoint;
use shared::jobs::Scheduled;

/// Every function that answers HTTP.
pub const ENDPOINTS: &[Endpoint] = &[
    auth::signup::ENDPOINT,
    auth::verify_email::ENDPOINT,
    auth::verify_email_resend::ENDPOINT,
    auth::login::ENDPOINT,
    auth::refresh::ENDPOINT,
    auth::logout::ENDPOINT,
    auth::verify_token::ENDPOINT,
    auth::csrf::ENDPOINT,
    auth::unlock::ENDPOINT,
    admin::unlock_account::ENDPOINT,
    admin::sessions::ENDPOINT,
    admin::session_end::ENDPOINT,
    admin::metrics_sessions::ENDPOINT,
    admin::audit_logs::ENDPOINT,
    admin::audit_export::ENDPOINT,
    admin::erase_audit::ENDPOINT,
    admin::jobs::ENDPOINT,
    admin::job_switch::ENDPOINT,
    admin::webhooks::ENDPOINT,
    admin::webhook_secret::ENDPOINT,
    admin::webhook_deliveries::ENDPOINT,
    admin::alert_channels::ENDPOINT,
    admin::metrics_logins::ENDPOINT,
    admin::reports::ENDPOINT,
    auth::password_forgot::ENDPOINT,
    auth::password_reset::ENDPOINT,
    auth::password_change::ENDPOINT,
    organizations::slug_available::ENDPOINT,
    user::me::ENDPOINT,
    user::sessions::ENDPOINT,
    user::session_end::ENDPOINT,
    user::sessions_end_others::ENDPOINT,
    keys::jwks::ENDPOINT,
    keys::discovery::ENDPOINT,
    health::ENDPOINT,
    pages::ENDPOINT,
    pages::assets::ENDPOINT,
    reference::ENDPOINT,
    metrics::ENDPOINT,
    fallback::ENDPOINT,
];

/// Every function that EventBridge runs on a schedule.
pub const JOBS: &[Job] = &[
    jobs::retry_mail::JOB,
    jobs::rotate_keys::JOB,
    jobs::expire_sessions::JOB,
    jobs::count_sessions::JOB,
    jobs::sign_audit_checkpoint::JOB,
    jobs::purge_audit::JOB,
    jobs::monitor_jwks::JOB,
    jobs::daily_report::JOB,
    jobs::check_backups::JOB,
    jobs::retry_webhooks::JOB,
    jobs::spike_detector::JOB,
];

/// The same jobs without their code: a function that only lists them would carry it all.
pub const SCHEDULED: &[Scheduled] = &{
    let mut scheduled = [JOBS[0].scheduled(); JOBS.len()];
    let mut i = 1;
    while i < JOBS.len() {
        scheduled[i] = JOBS[i].scheduled();
        i += 1;
    }
    scheduled
};

/// Every function that a table's stream wakes.
pub const CONSUMERS: &[Consumer] = &[
    jobs::send_mail::CONSUMER,
    jobs::chain_audit::CONSUMER,
    jobs::follow_events::CONSUMER,
    jobs::send_webhooks::CONSUMER,
];

/// The Lambda authorizer that other services' routes use (TOKEN-7).
pub const AUTHORIZER: &str = auth::authorizer::NAME;

/// The check that CodeDeploy runs before a new version gets calls (DEPLOY-3).
pub const DEPLOY_CHECK: &str = deploy::check::NAME;
