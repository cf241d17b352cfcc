//! Integration tests: the public HTTP surface of the whole local stack. Modules mirror the areas of the API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin_sessions;
mod attempts;
mod audit;
mod audit_chain;
mod browser;
mod captcha;
mod deploy;
mod edge;
mod events;
mod faults;
mod foreign_clients;
mod http;
mod job_runs;
mod jobs;
mod jwt;
mod keys;
mod life;
mod login;
mod metrics;
mod monitoring;
mod outbox;
mod pages;
mod permissions;
mod promtool;
mod recovery;
mod reference;
mod refresh;
mod reports;
mod repository;
mod rotation;
mod run_logs;
mod schedules;
mod schemathesis;
mod scripts;
mod secrets;
mod sessions;
mod signup;
mod start;
mod tables;
mod throttles;
mod webhooks;
mod wire;
