//! `GET /admin/metrics/sessions`: how many people are signed in, for how long and on what (SESS-5).

use std::collections::BTreeMap;

use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::sessions;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-metrics-sessions",
    routes: &["GET /admin/metrics/sessions"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Empty before the first count.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_at: Option<String>,
    #[serde(flatten)]
    figures: Option<Figures>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    live: u64,
    people: u64,
    started_last_day: u64,
    average_duration_seconds: u64,
    top_devices: Vec<Device>,
    by_type: BTreeMap<String, u64>,
}

#[derive(Serialize)]
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
