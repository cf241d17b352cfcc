//! `POST /auth/verify-email/resend`: another verification link, if the address waits for one. The answer does not tell.

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
    name: "auth-verify-email-resend",
    routes: &["POST /auth/verify-email/resend"],
    limited: true,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Where to.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ResendVerificationRequest")]
#[serde(deny_unknown_fields)]
struct Request {
    #[schemars(schema_with = "values::email")]
    email: Email,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { email } = call.json()?;
    accounts::resend_verification(app, &call.ctx, &email).await?;
    Reply::accepted(&reply::Status::new("verification_required"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /auth/verify-email/resend",
            "resendVerification",
            Tag::SignUp,
            "Ask for another verification mail",
        )
        .takes::<Request>()
        .says(202, "verification_required", "If the address waits to be verified, a mail is on its way."),
    ]
}
