//! `GET /health/auth`: whether people can sign in (OPS-1). 503 when they cannot.

use shared::app::App;
use shared::error::Result;
use shared::health::{self, Health, Status};
use shared::http::{Call, Endpoint, Reply};

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "health-auth",
    routes: &["GET /health/auth"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let health = health::check(app, &call.ctx).await;
    if health.status != Status::Healthy {
        // The template counts these lines: it is how an alarm learns of it.
        tracing::warn!(health = ?health.status, "not healthy");
    }
    Ok(Reply::ok(&health)?.or_unavailable(health.status != Status::Down))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /health/auth", "health", Tag::Service, "Ask whether people can sign in")
            .answers::<Health>(200, "They can.")
            .answers::<Health>(503, "They cannot.")
            .with_header("Retry-After"),
    ]
}
