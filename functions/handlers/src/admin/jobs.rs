//! `GET /admin/jobs`: the scheduled jobs, whether each is switched on, and how its last runs ended (OPS-6).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::jobs::{self, JobView};

use crate::SCHEDULED;
use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-jobs",
    routes: &["GET /admin/jobs"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Every scheduled job.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Jobs")]
struct Response {
    jobs: Vec<JobView>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    Reply::ok(&Response { jobs: jobs::list(app, &call.ctx, SCHEDULED).await? })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/jobs",
            "jobs",
            Tag::Administration,
            "Look at the scheduled jobs and their last runs",
        )
        .for_reading_admins()
        .answers::<Response>(200, "Every job, with its ten newest runs."),
    ]
}
