//! `jobs-sign-audit-checkpoint`: signs where the audit chain ends, so that nobody can write another.

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::audit::chain;
use shared::context::RequestContext;
use shared::error::Result;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-sign-audit-checkpoint",
    every: Duration::from_secs(300),
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(chain::sign(app, ctx).await?)
}
