//! `jobs-daily-report`: mails administrators yesterday in figures; a day once, missed days later (OPS-6).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::report as daily;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-daily-report",
    every: Duration::from_secs(3600),
    lease: Duration::from_secs(300),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(daily::run(app, ctx).await?)
}
