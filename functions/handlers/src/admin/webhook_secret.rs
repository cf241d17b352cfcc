//! `POST /admin/webhooks/{id}/rotate-secret`: another signing secret, shown this once (case 260).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::webhooks;

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-webhook-secret",
    routes: &["POST /admin/webhooks/{id}/rotate-secret"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// The new secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookSecret")]
struct Response<'a> {
    secret: &'a str,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let secret = webhooks::rotate_secret(app, &call.ctx, admin.user.user_id, &call.path_parameter("id")?).await?;
    Reply::ok(&Response { secret: secret.expose() })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /admin/webhooks/{id}/rotate-secret",
            "rotateWebhookSecret",
            Tag::Administration,
            "Give a webhook another secret",
        )
        .for_admins()
        .path("id", values::text, "Which webhook")
        .answers::<Response<'_>>(200, "Shown this once. The one before it signs as well for 24 hours.")
        .refuses([Refusal::Conflict]),
    ]
}
