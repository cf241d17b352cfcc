//! `GET /admin/metrics/sessions`: how many people are signed in, for how long and on what (SESS-5).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::sessions;

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-metrics-sessions",
    routes: &["GET /admin/metrics/sessions"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Empty before the first count.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "SessionFigures")]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    counted_at: Option<String>,
    #[serde(flatten)]
    figures: Option<Figures>,
}

/// What the count found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Counted")]
#[serde(rename_all = "camelCase")]
struct Figures {
    /// Live sessions.
    live: u64,
    /// People who have one.
    people: u64,
    started_last_day: u64,
    average_duration_seconds: u64,
    top_devices: Vec<Device>,
    by_type: BTreeMap<String, u64>,
}

/// Sessions on one kind of device.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeviceFigure")]
struct Device {
    name: String,
    sessions: u64,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    let Some(counted) = sessions::figures(app).await? else { return Reply::ok(&Response::default()) };
    let figures = Figures {
        live: counted.live,
        people: counted.people,
        started_last_day: counted.started_last_day,
        average_duration_seconds: counted.average_seconds,
        top_devices: counted.devices.into_iter().map(|(name, sessions)| Device { name, sessions }).collect(),
        by_type: counted.forms,
    };
    Reply::ok(&Response { counted_at: Some(counted.counted_at.to_string()), figures: Some(figures) })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/metrics/sessions",
            "sessionFigures",
            Tag::Administration,
            "Read how many people are signed in, for how long and on what",
        )
        .for_reading_admins()
        .answers::<Response>(200, "As a job has counted them."),
    ]
}
