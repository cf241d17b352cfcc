//! `GET /auth/csrf`: the token that a page sends as `X-CSRF-Token` with every change that its cookies authenticate (WEB-1).

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials, csrf};

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-csrf",
    routes: &["GET /auth/csrf"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// The token of a session, a browser and a day.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CsrfToken")]
#[serde(rename_all = "camelCase")]
struct Response {
    /// For the header `X-CSRF-Token`.
    csrf_token: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let proof = credentials::session_of(app, call).await?.ok_or(Refusal::Unauthenticated)?;
    Reply::ok(&Response { csrf_token: csrf::token(app, call, proof.session).await? })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /auth/csrf", "csrfToken", Tag::SignIn, "Get the CSRF token")
            .about("By either cookie, also when the access token is past its time.")
            .by_body_or_cookie()
            .answers::<Response>(200, "The token, good until the day after today.")
            .refuses([Refusal::Unauthenticated, Refusal::AccessTokenInvalid]),
    ]
}
