//! `jobs-spike-detector`: opens and closes alerts by what was counted in the last minutes (OPS-4, OPS-6).

use std::time::Duration;

use serde_json::Value;
use shared::alerts;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-spike-detector",
    every: Duration::from_secs(60),
    lease: Duration::from_secs(30),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(alerts::detect(app, ctx).await?)
}
