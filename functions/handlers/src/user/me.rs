//! `GET /user/me`: the signed-in person's own profile.

use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "user-me",
    routes: &["GET /user/me"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// A person.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Profile")]
#[serde(rename_all = "camelCase")]
struct Response {
    #[schemars(schema_with = "values::id")]
    id: String,
    email: String,
    email_verified: bool,
    name: String,
    roles: Vec<String>,
    #[schemars(schema_with = "values::id")]
    organization_id: String,
    #[schemars(schema_with = "values::time")]
    created_at: String,
    /// Second factors that are set up.
    mfa: Vec<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let user = credentials::reader(app, call).await?.user;
    Reply::ok(&Response {
        id: user.user_id.to_string(),
        email: user.email.as_str().to_owned(),
        email_verified: user.email_verified,
        name: user.name,
        roles: user.roles,
        organization_id: user.organization_id.to_string(),
        created_at: user.created_at.to_string(),
        mfa: Vec::new(),
    })
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /user/me", "me", Tag::Account, "Read one's profile")
            .signed_in()
            .answers::<Response>(200, "The signed-in person."),
    ]
}
