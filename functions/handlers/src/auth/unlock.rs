//! `POST /auth/unlock`: takes the token of an unlock link (LOGIN-6). It signs nobody in, and a GET does nothing.

use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply};
use shared::secret::PlainToken;

use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-unlock",
    routes: &["POST /auth/unlock"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    token: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { token } = call.json()?;
    let token = PlainToken::parse(token).ok_or(Refusal::TokenInvalid)?;
    accounts::unlock_by_link(app, &call.ctx, &token).await?;
    Reply::ok(&reply::Status::new("unlocked"))
}
