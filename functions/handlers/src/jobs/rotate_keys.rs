//! `jobs-rotate-keys`: keeps the key rings in order (KEYS-1, KEYS-2).
//!
//! Input, all optional: `{"action": "rotate"}` promotes the next key as soon as that is safe, `{"action": "retire-now"}`
//! withdraws the current key at once (see the runbook). Without it, whatever is due is done.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Result;
use shared::keys::rotate::{self, Action};

use super::{Job, report};

pub const JOB: Job = Job {
    name: "jobs-rotate-keys",
    lease: Duration::from_secs(60),
    run: |app, ctx, input| Box::pin(run(app, ctx, input)),
};

#[derive(Default, Deserialize)]
struct Input {
    #[serde(default)]
    action: Action,
}

async fn run(app: &App, ctx: &RequestContext, input: Value) -> Result<Value> {
    // A schedule's own payload has no action; anything that cannot be read as one must not retire a key.
    let Input { action } = serde_json::from_value(input).unwrap_or_default();
    report(rotate::run(app, ctx, action).await?)
}
