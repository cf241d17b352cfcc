//! `jobs-expire-sessions`: removes sessions whose time is over, and tells the audit trail (OPS-6).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::sessions;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-expire-sessions",
    every: Duration::from_secs(3600),
    lease: Duration::from_secs(300),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(sessions::clean_up(app, ctx).await?)
}
