//! `HEAD, GET /auth/verify-token`: is this access token good, now? Signature, claims, and that its session lives (TOKEN-6).

use http::{HeaderName, Method};
use serde::Serialize;
use shared::app::App;
use shared::clock::Timestamp;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-verify-token",
    routes: &["GET /auth/verify-token", "HEAD /auth/verify-token"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    active: bool,
    user_id: String,
    session_id: String,
    organization_id: String,
    roles: Vec<String>,
    amr: Vec<String>,
    auth_time: String,
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
