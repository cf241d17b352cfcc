//! `jobs-purge-audit`: removes events of the audit trail that are too old (AUDIT-5).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::audit::purge;
use shared::context::RequestContext;
use shared::error::Result;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-purge-audit",
    every: Duration::from_secs(3600),
    lease: Duration::from_secs(300),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(purge::purge(app, ctx).await?)
}
