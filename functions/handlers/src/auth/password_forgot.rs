//! `POST /auth/password/forgot`: a link for choosing a new password, if the address has an account. The answer does not
//! tell (RECOV-1).

use schemars::JsonSchema;
use serde::Deserialize;
use shared::accounts;
use shared::app::App;
use shared::email::Email;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply};

use crate::openapi::{Operation, Tag, values};
use crate::reply;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-password-forgot",
    routes: &["POST /auth/password/forgot"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Where to.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ForgotPasswordRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    #[schemars(schema_with = "values::email")]
    email: Email,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email } = call.json()?;
    accounts::request_password_reset(app, &call.ctx, &email).await?;
    Reply::accepted(&reply::Status::new("reset_requested"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/password/forgot",
            "forgotPassword",
            Tag::Password,
            "Ask for a mail with a link to choose a new password",
        )
        .takes::<Request>()
        .says(202, "reset_requested", "If the address has an account, a mail is on its way."),
    ]
}
