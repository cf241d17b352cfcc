//! `GET /health/auth`: whether people can sign in (OPS-1). 503 when they cannot.

use shared::app::App;
use shared::error::Result;
use shared::health::{self, Status};
use shared::http::{Call, Endpoint, Reply};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "health-auth",
    routes: &["GET /health/auth"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let health = health::check(app, &call.ctx).await;
    Ok(Reply::ok(&health)?.or_unavailable(health.status != Status::Down))
}
