//! `GET /auth/csrf`: the token that a page sends as `X-CSRF-Token` with every change that its cookies authenticate (WEB-1).

use serde::Serialize;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials, csrf};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-csrf",
    routes: &["GET /auth/csrf"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    csrf_token: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let proof = credentials::session_of(app, call).await?.ok_or(Refusal::Unauthenticated)?;
    Reply::ok(&Response { csrf_token: csrf::token(app, call, proof.session).await? })
}
