//! `POST /admin/webhooks/{id}/rotate-secret`: another signing secret, shown this once (case 260).

use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::webhooks;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-webhook-secret",
    routes: &["POST /admin/webhooks/{id}/rotate-secret"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Serialize)]
struct Response<'a> {
    secret: &'a str,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let secret = webhooks::rotate_secret(app, &call.ctx, admin.user.user_id, &call.path_parameter("id")?).await?;
    Reply::ok(&Response { secret: secret.expose() })
}
