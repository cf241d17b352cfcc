//! `GET /admin/alert-channels`, `PUT, DELETE /admin/alert-channels/{kind}`: how people are told of alerts (NOTE-2).

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use shared::alerts::channels::{self, ChannelKind, Order};
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::store::ChannelRecord;

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-alert-channels",
    routes: &["GET /admin/alert-channels", "PUT /admin/alert-channels/{kind}", "DELETE /admin/alert-channels/{kind}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// All channels that are set up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AlertChannels")]
struct List {
    channels: Vec<Channel>,
}

/// What may be shown of a channel: its settings are secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AlertChannel")]
#[serde(rename_all = "camelCase")]
struct Channel {
    kind: String,
    host: String,
    set_at: String,
    set_by: String,
}

impl From<ChannelRecord> for Channel {
    fn from(ChannelRecord { kind, host, set_at, set_by, .. }: ChannelRecord) -> Self {
        Self { kind, host, set_at: set_at.to_string(), set_by }
    }
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    match *call.method() {
        Method::PUT => Box::pin(set(app, call)).await,
        Method::DELETE => Box::pin(remove(app, call)).await,
        _ => Box::pin(list(app, call)).await,
    }
}

async fn list(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    let channels = app.store.channels().await?;
    Reply::ok(&List { channels: channels.into_iter().map(Channel::from).collect() })
}

async fn set(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let kind: ChannelKind = call.path_parameter("kind")?.parse()?;
    let channel = channels::set(app, &call.ctx, admin.user.user_id, kind, call.json()?).await?;
    Reply::ok(&Channel::from(channel))
}

async fn remove(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let kind: ChannelKind = call.path_parameter("kind")?.parse()?;
    channels::remove(app, &call.ctx, admin.user.user_id, kind).await?;
    Ok(Reply::no_content())
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/alert-channels",
            "listAlertChannels",
            Tag::Administration,
            "See how people are told of alerts",
        )
        .for_reading_admins()
        .answers::<List>(200, "What is set up, without its secrets."),
        Operation::new(
            &ENDPOINT,
            "PUT /admin/alert-channels/{kind}",
            "setAlertChannel",
            Tag::Administration,
            "Let people be told of alerts",
        )
        .for_admins()
        .path("kind", values::text, "`slack`, `pagerduty` or `telegram`")
        .takes::<Order>()
        .answers::<Channel>(200, "It is told from now on."),
        Operation::new(
            &ENDPOINT,
            "DELETE /admin/alert-channels/{kind}",
            "removeAlertChannel",
            Tag::Administration,
            "Take a channel away",
        )
        .for_admins()
        .path("kind", values::text, "`slack`, `pagerduty` or `telegram`")
        .answers_nothing("It is told no more."),
    ]
}
