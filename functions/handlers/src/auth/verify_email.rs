//! `POST /auth/verify-email`: takes the token of a verification link (SIGN-3). A GET never does, so that a mail scanner
//! that follows links uses nothing up.

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
    name: "auth-verify-email",
    routes: &["POST /auth/verify-email"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A link's token.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "VerifyEmailRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    /// From the link in the mail.
    #[schemars(schema_with = "values::link_token")]
    token: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { token } = call.json()?;
    let token = PlainToken::parse(token).ok_or(Refusal::TokenInvalid)?;
    accounts::verify_email(app, &call.ctx, &token).await?;
    Reply::ok(&reply::Status::new("verified"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "POST /auth/verify-email", "verifyEmail", Tag::SignUp, "Verify an e-mail address")
            .takes::<Request>()
            .says(200, "verified", "The address is its owner's. Nobody is signed in by that.")
            .refuses([Refusal::TokenInvalid, Refusal::TokenExpired, Refusal::TokenUsed]),
    ]
}
