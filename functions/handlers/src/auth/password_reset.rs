//! `POST /auth/password/reset`: takes the token of a reset link and the new password (RECOV-2). It signs nobody in, and a
//! GET does nothing.

use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::password::Password;
use shared::secret::PlainToken;

use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-reset",
    routes: &["POST /auth/password/reset"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    token: String,
    password: Password,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { token, password } = call.json()?;
    let token = PlainToken::parse(token).ok_or(Refusal::TokenInvalid)?;
    accounts::reset_password(app, &call.ctx, &token, &password).await?;
    Reply::ok(&reply::Status::new("password_reset"))
}
