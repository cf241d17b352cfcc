//! `POST /auth/unlock`: takes the token of an unlock link (LOGIN-6). It signs nobody in, and a GET does nothing.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::secret::PlainToken;

use crate::openapi::{Operation, Tag, values};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-unlock",
    routes: &["POST /auth/unlock"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A link's token.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UnlockRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    /// From the link in the mail.
    #[schemars(schema_with = "values::link_token")]
    token: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { token } = call.json()?;
    let token = PlainToken::parse(token).ok_or(Refusal::TokenInvalid)?;
    accounts::unlock_by_link(app, &call.ctx, &token).await?;
    Reply::ok(&reply::Status::new("unlocked"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/unlock",
            "unlock",
            Tag::Password,
            "Unlock an account by the link in a mail",
        )
        .takes::<Request>()
        .says(200, "unlocked", "Its owner can sign in again. Nobody is signed in by that.")
        .refuses([Refusal::TokenInvalid, Refusal::TokenExpired, Refusal::TokenUsed]),
    ]
}
