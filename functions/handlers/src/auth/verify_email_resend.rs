//! `POST /auth/verify-email/resend`: another verification link, if the address waits for one. The answer does not tell.

use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::email::Email;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};

use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-verify-email-resend",
    routes: &["POST /auth/verify-email/resend"],
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
    accounts::resend_verification(app, &call.ctx, &email).await?;
    Reply::accepted(&reply::Status::new("verification_required"))
}
