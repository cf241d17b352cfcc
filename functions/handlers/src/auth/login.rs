//! `POST /auth/login`: sign in with an e-mail address and a password (LOGIN-1).

use serde::Deserialize;
use shared::app::App;
use shared::email::Email;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};
use shared::login::{self, Credentials};
use shared::password::Password;

use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "auth-login", routes: &["POST /auth/login"], handle: |app, call| Box::pin(handle(app, call)) };

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    email: Email,
    password: Password,
    /// Part of the contract; asked for once a CAPTCHA provider is configured (SIGN-7, LOGIN-5).
    #[serde(default, rename = "captchaToken")]
    _captcha_token: Option<String>,
    #[serde(default)]
    token_delivery: Delivery,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email, password, token_delivery, .. } = call.json()?;
    let grant = login::with_password(app, &call.ctx, Credentials { email, password }).await?;
    reply::signed_in(app, &call.ctx, &grant, token_delivery)
}
