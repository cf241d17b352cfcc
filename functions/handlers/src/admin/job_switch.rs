//! `PUT /admin/jobs/{name}`: switches a job's schedule on or off (OPS-6). Runs by hand go on; the trail is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::jobs;

use super::reason;
use crate::SCHEDULED;
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-job-switch",
    routes: &["PUT /admin/jobs/{name}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// How the switch shall stand.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SwitchJobRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    enabled: bool,
    /// Why, in a few words: for the trail, and for who looks at the list.
    #[schemars(schema_with = "values::reason")]
    reason: String,
}

/// How it stands.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SwitchedJob")]
struct Response {
    name: &'static str,
    enabled: bool,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let Request { enabled, reason } = call.json()?;
    let name = call.path_parameter("name")?;
    let job = SCHEDULED.iter().find(|job| job.name == name).ok_or(Refusal::NotFound)?;
    let reason = reason::check(&reason)?;
    jobs::switch(app, &call.ctx, admin.user.user_id, job.name, enabled, reason).await?;
    Reply::ok(&Response { name: job.name, enabled })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "PUT /admin/jobs/{name}",
            "switchJob",
            Tag::Administration,
            "Switch a job's schedule on or off",
        )
        .about("Runs by hand go on. Switching to what is so already changes nothing.")
        .for_admins()
        .path("name", values::text, "The job, such as `jobs-daily-report`")
        .takes::<Request>()
        .answers::<Response>(200, "It stands so now."),
    ]
}
