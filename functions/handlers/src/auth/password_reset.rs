//! `POST /auth/password/reset`: takes the token of a reset link and the new password (RECOV-2). It signs nobody in, and a
//! GET does nothing.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::password::Password;
use shared::secret::PlainToken;

use crate::openapi::{Operation, Tag, values};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-reset",
    routes: &["POST /auth/password/reset"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A link's token, and the new password.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ResetPasswordRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    /// From the link in the mail.
    #[schemars(schema_with = "values::link_token")]
    token: String,
    #[schemars(schema_with = "values::password")]
    password: Password,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { token, password } = call.json()?;
    let token = PlainToken::parse(token).ok_or(Refusal::TokenInvalid)?;
    accounts::reset_password(app, &call.ctx, &token, &password).await?;
    Reply::ok(&reply::Status::new("password_reset"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/password/reset",
            "resetPassword",
            Tag::Password,
            "Choose a new password by the link in a mail",
        )
        .takes::<Request>()
        .says(200, "password_reset", "The password is changed, and every session has ended.")
        .refuses([Refusal::TokenInvalid, Refusal::TokenExpired, Refusal::TokenUsed])
        .refuses([Refusal::PasswordRejected(Vec::new())]),
    ]
}
