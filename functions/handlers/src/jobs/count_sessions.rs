//! `jobs-count-sessions`: counts all live sessions, for administrators (SESS-5).

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::sessions;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-count-sessions",
    every: Duration::from_secs(21_600),
    lease: Duration::from_secs(300),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(sessions::count(app, ctx).await?)
}
