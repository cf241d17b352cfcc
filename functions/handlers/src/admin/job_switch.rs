//! `PUT /admin/jobs/{name}`: switches a job's schedule on or off (OPS-6). Runs by hand go on; the trail is told.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::error::{FieldError, Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::jobs;

use crate::JOBS;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-job-switch",
    routes: &["PUT /admin/jobs/{name}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    enabled: bool,
    /// Why, in a few words: for the trail, and for who looks at the list.
    reason: String,
}

#[derive(Serialize)]
struct Response {
    name: &'static str,
    enabled: bool,
}

const MAX_REASON: usize = 200;

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let Request { enabled, reason } = call.json()?;
    let name = call.path_parameter("name")?;
    let job = JOBS.iter().find(|job| job.name == name).ok_or(Refusal::NotFound)?;
    let reason = reason.trim();
    if !(1..=MAX_REASON).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        let message = "must have 1 to 200 characters, without line breaks";
        return Err(Refusal::Invalid(vec![FieldError::new("reason", "invalid", message)]).into());
    }
    jobs::switch(app, &call.ctx, admin.user.user_id, job.name, enabled, reason).await?;
    Reply::ok(&Response { name: job.name, enabled })
}
