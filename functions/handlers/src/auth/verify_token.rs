//! `HEAD, GET /auth/verify-token`: is this access token good, now? Signature, claims, and that its session lives (TOKEN-6).

use http::{HeaderName, Method};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::clock::Timestamp;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};

use crate::openapi::{Operation, Tag, values};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-verify-token",
    routes: &["GET /auth/verify-token", "HEAD /auth/verify-token"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Whose token it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VerifiedToken")]
#[serde(rename_all = "camelCase")]
struct Response {
    /// Always true: other tokens are refused.
    active: bool,
    #[schemars(schema_with = "values::id")]
    user_id: String,
    #[schemars(schema_with = "values::id")]
    session_id: String,
    #[schemars(schema_with = "values::id")]
    organization_id: String,
    roles: Vec<String>,
    /// How the person signed in (RFC 8176).
    amr: Vec<String>,
    /// When.
    #[schemars(schema_with = "values::time")]
    auth_time: String,
    /// When the token ends.
    #[schemars(schema_with = "values::time")]
    expires_at: String,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let claims = credentials::reader(app, call).await?.claims;
    let expires_at = Timestamp::from_seconds(claims.exp);
    let expires_in = expires_at.since(call.ctx.now).as_secs().to_string();
    let reply = if call.method() == Method::HEAD {
        Reply::no_content()
    } else {
        Reply::ok(&Response {
            active: true,
            user_id: claims.sub.to_string(),
            session_id: claims.sid.to_string(),
            organization_id: claims.org.to_string(),
            roles: claims.roles,
            amr: claims.amr,
            auth_time: Timestamp::from_seconds(claims.auth_time).to_string(),
            expires_at: expires_at.to_string(),
        })?
    };
    Ok(reply.with_header(HeaderName::from_static("postern-expires-in"), expires_in))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /auth/verify-token", "verifyToken", Tag::SignIn, "Ask whose access token it is")
            .signed_in()
            .answers::<Response>(200, "The token is good, and its session lives.")
            .with_header("Postern-Expires-In"),
        Operation::new(
            &ENDPOINT,
            "HEAD /auth/verify-token",
            "checkToken",
            Tag::SignIn,
            "Ask whether an access token is good",
        )
        .signed_in()
        .answers_nothing("The token is good, and its session lives.")
        .with_header("Postern-Expires-In"),
    ]
}
