//! `GET /metrics`: the counters, for Prometheus and whoever reads its format (OPS-3).

use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};
use shared::metrics::{access, prometheus};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "metrics-page",
    routes: &["GET /metrics"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let presented = call.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    access::check(app, &call.ctx, presented).await?;
    Ok(Reply::text(prometheus::CONTENT_TYPE, prometheus::page(app).await?))
}
