//! `GET /metrics`: the counters, for Prometheus and whoever reads its format (OPS-3).

use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::metrics::{access, prometheus};

use crate::openapi::{Operation, Tag};

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

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /metrics", "metrics", Tag::Service, "Read the metrics, for Prometheus")
            .about("With the scrape token as a bearer token, or from an address that the settings list; see docs/metrics.md.")
            .answers_text("All counters, in the text format 0.0.4.", ["text/plain"])
            .refuses([Refusal::Forbidden]),
    ]
}
