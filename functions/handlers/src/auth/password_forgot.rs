//! `POST /auth/password/forgot`: a link for choosing a new password, if the address has an account. The answer does not
//! tell (RECOV-1).

use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::email::Email;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};

use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-forgot",
    routes: &["POST /auth/password/forgot"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    email: Email,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email } = call.json()?;
    accounts::request_password_reset(app, &call.ctx, &email).await?;
    Reply::accepted(&reply::Status::new("reset_requested"))
}
