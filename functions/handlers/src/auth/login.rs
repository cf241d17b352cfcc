//! `POST /auth/login`: sign in with an e-mail address and a password (LOGIN-1).

use std::time::Duration;

use serde::Deserialize;
use shared::app::App;
use shared::attempts::device::REMEMBERED_DAYS;
use shared::email::Email;
use shared::error::Result;
use shared::http::cookies::Jar;
use shared::http::{Call, Endpoint, Reply};
use shared::login::{self, Credentials, SignedIn};
use shared::password::Password;

use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-login",
    routes: &["POST /auth/login"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// How long a browser keeps its device cookie.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(REMEMBERED_DAYS as u64 * 86_400);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    email: Email,
    password: Password,
    /// Asked for after some failures, where a provider is configured (LOGIN-5).
    #[serde(default)]
    captcha_token: Option<String>,
    #[serde(default)]
    token_delivery: Delivery,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email, password, captcha_token, token_delivery } = call.json()?;
    let device = Jar::Device.read(&app.settings, call).unwrap_or_default();
    let SignedIn { grant, device } =
        login::with_password(app, &call.ctx, Credentials { email, password, device, captcha_token }).await?;
    let reply = reply::signed_in(app, &call.ctx, &grant, token_delivery)?;
    Ok(match token_delivery {
        Delivery::Cookies => reply.with_cookie(Jar::Device.set(&app.settings, &device, REMEMBERED)),
        Delivery::Body => reply,
    })
}
