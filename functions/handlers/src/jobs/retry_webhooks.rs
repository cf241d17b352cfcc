//! `jobs-retry-webhooks`: makes the deliveries that the stream missed, that failed, or that somebody asked for again.

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::metrics;
use shared::webhooks::delivery;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-retry-webhooks",
    every: Duration::from_secs(60),
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    let done = delivery::retry(app, ctx).await;
    metrics::write_now(app, app.clock.now()).await;
    report(done?)
}
