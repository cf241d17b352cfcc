//! `GET, POST /admin/webhooks` and `DELETE /admin/webhooks/{id}`: who is told of events (NOTE-2).

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::store::WebhookRecord;
use shared::webhooks::{self, Order};

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-webhooks",
    routes: &["GET /admin/webhooks", "POST /admin/webhooks", "DELETE /admin/webhooks/{id}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Where to send what.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WebhookRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    /// `https`, a public host, port 443 or 8443.
    url: String,
    /// Kinds of events of the audit trail, or `*`.
    events: Vec<String>,
    #[serde(default)]
    description: String,
}

/// All webhooks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Webhooks")]
struct List {
    webhooks: Vec<Webhook>,
}

/// Who is told of what.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    description: String,
    created_at: String,
    /// Until when the secret before this one signs as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    previous_secret_until: Option<String>,
    /// Since when nothing is sent there, because it said that it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    disabled_at: Option<String>,
    /// Only where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    secret: Option<String>,
}

impl From<WebhookRecord> for Webhook {
    fn from(webhook: WebhookRecord) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            description: webhook.description,
            created_at: webhook.created_at.to_string(),
            previous_secret_until: webhook.secrets.iter().find_map(|secret| secret.until).map(|at| at.to_string()),
            disabled_at: webhook.disabled_at.map(|at| at.to_string()),
            secret: None,
        }
    }
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    match *call.method() {
        Method::POST => Box::pin(create(app, call)).await,
        Method::DELETE => Box::pin(delete(app, call)).await,
        _ => Box::pin(list(app, call)).await,
    }
}

async fn list(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    let webhooks = app.store.webhooks().await?;
    Reply::ok(&List { webhooks: webhooks.into_iter().map(Webhook::from).collect() })
}

async fn create(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let Request { url, events, description } = call.json()?;
    let order = Order { url, events, description };
    let (webhook, secret) = webhooks::create(app, &call.ctx, admin.user.user_id, order).await?;
    Reply::created(&Webhook { secret: Some(secret.expose().to_owned()), ..Webhook::from(webhook) })
}

async fn delete(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    webhooks::delete(app, &call.ctx, admin.user.user_id, &call.path_parameter("id")?).await?;
    Ok(Reply::no_content())
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/webhooks",
            "listWebhooks",
            Tag::Administration,
            "See who is told of events",
        )
        .for_reading_admins()
        .answers::<List>(200, "All of them, without their secrets."),
        Operation::new(
            &ENDPOINT,
            "POST /admin/webhooks",
            "createWebhook",
            Tag::Administration,
            "Let somebody be told of events",
        )
        .for_admins()
        .takes::<Request>()
        .answers::<Webhook>(201, "It is told from now on. The secret is shown this once."),
        Operation::new(
            &ENDPOINT,
            "DELETE /admin/webhooks/{id}",
            "deleteWebhook",
            Tag::Administration,
            "Tell somebody no more",
        )
        .for_admins()
        .path("id", values::text, "Which webhook")
        .answers_nothing("It is gone, with what waited for it."),
    ]
}
