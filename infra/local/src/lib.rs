//! The laptop stack: everything `template.yaml` declares, in one process, with the real handlers and the real AWS calls.
//!
//! It plays what AWS would: API Gateway ([`gateway`]), event source mappings ([`streams`]), EventBridge ([`schedules`]);
//! DynamoDB, KMS, SES, Lambda and CodeDeploy are `embedded-aws` at the SDK's endpoint settings. Of its own it has only the routes under
//! `/_local/` ([`control`]). It has no rule of sign-in: those are the handlers'.

mod captcha;
mod clock;
mod control;
mod deployed;
mod event;
mod functions;
mod gateway;
mod instances;
mod lambda;
mod laptop;
mod names;
mod options;
mod pages;
mod provision;
mod receiver;
mod requests;
mod routes;
mod samples;
mod schedules;
mod setup;
mod stack;
mod streams;

pub use clock::MovableClock;
pub use options::{Options, StartError};
pub use stack::Stack;
