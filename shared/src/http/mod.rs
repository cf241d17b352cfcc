//! HTTP, in one place: what surrounds every handler, so that a new endpoint cannot forget it.
//!
//! [`endpoint`] wraps a handler: correlation id, limits, CORS, headers, the error table, the log line. [`call`] is what a
//! handler is given, [`reply`] what it gives back. Nothing below this module knows of HTTP.

pub mod call;
pub mod cookies;
pub mod cors;
pub mod credentials;
pub mod csrf;
mod edge;
pub mod endpoint;
pub mod flash;
mod form;
pub mod problem;
mod rate;
pub mod reply;
pub mod return_to;

pub use call::Call;
pub use endpoint::{Endpoint, HOT, respond};
pub use form::Form;
pub use reply::Reply;
