//! `POST /auth/password/change`: another password, for somebody who is signed in and knows the current one (RECOV-3). The
//! other sessions end; this one gets a new access token, the way the old one came.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::accounts::{self, PasswordChange};
use shared::app::App;
use shared::error::{Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::password::Password;

use crate::openapi::{Operation, Tag, values};
use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-change",
    routes: &["POST /auth/password/change"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// The password as it is, and as it will be.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ChangePasswordRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    #[schemars(schema_with = "values::password")]
    current_password: Password,
    #[schemars(schema_with = "values::password")]
    new_password: Password,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let caller = credentials::writer(app, call).await?;
    let Request { current_password: current, new_password: new } = call.json()?;
    let grant = accounts::change_password(app, &call.ctx, &caller, &PasswordChange { current, new }).await?;
    reply::refreshed(app, &call.ctx, &grant, Delivery::of_access_token(app, call)?)
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/password/change",
            "changePassword",
            Tag::Password,
            "Change one's password",
        )
        .signed_in()
        .takes::<Request>()
        .answers::<reply::Granted<'_>>(200, "Changed. The other sessions have ended; this one has a new access token.")
        .with_header("Set-Cookie")
        .refuses([
            Refusal::InvalidCredentials { captcha_required: false },
            Refusal::PasswordRejected(Vec::new()),
            Refusal::AccountLocked { wait: Duration::ZERO },
        ]),
    ]
}
