//! `jobs-retry-mail`: sends what the stream missed, and tries again what SES did not take.

use std::time::Duration;

use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::mail::outbox;

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-retry-mail",
    every: Duration::from_secs(60),
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

async fn run(app: &App, ctx: &RequestContext, _: Value) -> Result<Value> {
    report(outbox::retry(app, ctx).await?)
}
