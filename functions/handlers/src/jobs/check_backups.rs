//! `jobs-check-backups`: whether every table that outlives the stack can be restored (OPS-6, OPS-7).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::watch;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-check-backups",
    every: Duration::from_secs(86_400),
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(watch::backups::check(app, ctx).await?)
}
