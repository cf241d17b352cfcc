//! `POST /admin/unlock-account`: ends the locks of somebody's account (LOGIN-7). Its owner is told, and so is the trail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::accounts::{self, Whose};
use shared::app::App;
use shared::email::Email;
use shared::error::{FieldError, Refusal, Result};
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::id::UserId;

use super::reason;
use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-unlock-account",
    routes: &["POST /admin/unlock-account"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Whose account, by address or by id.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UnlockAccountRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    #[schemars(schema_with = "values::optional_email")]
    email: Option<Email>,
    #[serde(default)]
    #[schemars(schema_with = "values::optional_id")]
    user_id: Option<UserId>,
    /// Why, in a few words: for the trail.
    #[schemars(schema_with = "values::reason")]
    reason: String,
}

/// Whose account it was.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UnlockedAccount")]
#[serde(rename_all = "camelCase")]
struct Response {
    status: &'static str,
    #[schemars(schema_with = "values::id")]
    user_id: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let Request { email, user_id, reason } = call.json()?;
    let whose = match (email, user_id) {
        (Some(email), None) => Whose::Email(email),
        (None, Some(id)) => Whose::User(id),
        _ => {
            let either = FieldError::new("email", "invalid", "give either email or userId");
            return Err(Refusal::Invalid(vec![either]).into());
        }
    };
    let reason = reason::check(&reason)?;
    let user = accounts::unlock_by_admin(app, &call.ctx, admin.user.user_id, whose, reason).await?;
    Reply::ok(&Response { status: "unlocked", user_id: user.to_string() })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "POST /admin/unlock-account",
            "unlockAccount",
            Tag::Administration,
            "End the locks of somebody's account",
        )
        .for_admins()
        .takes::<Request>()
        .answers::<Response>(200, "Its owner can sign in again, and is told.")
        .refuses([Refusal::NotFound]),
    ]
}
