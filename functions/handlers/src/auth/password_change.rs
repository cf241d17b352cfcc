//! `POST /auth/password/change`: another password, for somebody who is signed in and knows the current one (RECOV-3). The
//! other sessions end; this one gets a new access token, the way the old one came.

use serde::Deserialize;
use shared::accounts::{self, PasswordChange};
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::password::Password;

use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-change",
    routes: &["POST /auth/password/change"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    current_password: Password,
    new_password: Password,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let caller = credentials::writer(app, call).await?;
    let Request { current_password: current, new_password: new } = call.json()?;
    let grant = accounts::change_password(app, &call.ctx, &caller, &PasswordChange { current, new }).await?;
    reply::refreshed(app, &call.ctx, &grant, Delivery::of_access_token(app, call)?)
}
