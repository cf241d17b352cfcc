//! `jobs-monitor-jwks`: fetches the public keys as outsiders do, and compares them with the ring (OPS-6).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::watch;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-monitor-jwks",
    every: Duration::from_secs(300),
    lease: Duration::from_secs(30),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(watch::jwks::check(app, ctx).await?)
}
