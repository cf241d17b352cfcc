//! `POST /auth/login`: sign in with an e-mail address and a password (LOGIN-1).

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::app::App;
use shared::attempts::device::REMEMBERED_DAYS;
use shared::email::Email;
use shared::error::{Refusal, Result};
use shared::http::cookies::Jar;
use shared::http::{Call, Endpoint, Reply};
use shared::login::{self, Credentials, SignedIn};
use shared::password::Password;

use crate::openapi::{Operation, Tag, values};
use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-login",
    routes: &["POST /auth/login"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// How long a browser keeps its device cookie.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(REMEMBERED_DAYS as u64 * 86_400);

/// Who signs in.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SignInRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    #[schemars(schema_with = "values::email")]
    email: Email,
    #[schemars(schema_with = "values::password")]
    password: Password,
    /// Asked for after some failures, where a CAPTCHA provider is configured.
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

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/login",
            "signIn",
            Tag::SignIn,
            "Sign in with e-mail address and password",
        )
        .takes::<Request>()
        .answers::<reply::Granted<'_>>(200, "Signed in.")
        .with_header("Set-Cookie")
        .refuses([
            Refusal::InvalidCredentials { captcha_required: false },
            Refusal::EmailNotVerified,
            Refusal::AccountLocked { wait: Duration::ZERO },
        ])
        .refuses([Refusal::CaptchaRequired, Refusal::CaptchaInvalid]),
    ]
}
