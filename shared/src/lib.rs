//! The domain of Postern: every rule of sign-in, and the only code that knows where things are stored.
//!
//! Reading order: a handler in `functions/handlers` calls one function of [`accounts`], [`login`] or [`sessions`]; those
//! decide, by [`tokens`], [`keys`], [`password`] and [`organizations`]; [`store`] makes what they decide atomic. What
//! happened is an event of [`audit`] and perhaps a mail of [`mail`], both in the same transaction. [`http`] surrounds
//! the handlers and is known to nobody below them.

pub mod accounts;
pub mod alerts;
pub mod app;
pub mod attempts;
pub mod audit;
pub mod aws;
pub mod breaker;
pub mod captcha;
pub mod clock;
pub mod context;
pub mod csv;
pub mod device;
pub mod email;
pub mod environment;
pub mod error;
pub mod feed;
pub mod health;
pub mod http;
pub mod id;
pub mod jobs;
pub mod json;
mod kept;
pub mod keys;
mod links;
pub mod log;
pub mod login;
pub mod mail;
pub mod metrics;
pub mod organizations;
pub mod outbound;
pub mod password;
pub mod random;
pub mod report;
pub mod secret;
pub mod sessions;
pub mod settings;
pub mod store;
pub mod tally;
pub mod tokens;
pub mod watch;
pub mod webhooks;
