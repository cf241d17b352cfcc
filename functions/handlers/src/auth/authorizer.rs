//! The Lambda authorizer: lets other services' HTTP API routes ask us who is calling (TOKEN-7).
//!
//! Payload 2.0, simple responses. An error is thrown, not answered: API Gateway then fails the request, so a dependency
//! that is down never lets anybody in and never signs anybody out.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::error::{Error, Result};
use shared::id;
use shared::sessions;

pub const NAME: &str = "authorizer";

/// What API Gateway sends; of it, what we need.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The configured identity sources' values: for us, one `Authorization` header.
    #[serde(default)]
    identity_source: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pub is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Caller>,
}

/// What the service behind the route is told, as strings: API Gateway passes nothing else on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    pub user_id: String,
    pub session_id: String,
    pub organization_id: String,
    /// Comma-separated.
    pub roles: String,
    /// Seconds since the epoch.
    pub auth_time: String,
}

/// # Errors
/// Only when a dependency failed and nothing can be said.
pub async fn handle(app: &App, request: &Request) -> Result<Response> {
    let now = app.clock.now();
    let ctx = RequestContext::of_job(now, id::fresh(now));
    let [source] = request.identity_source.as_slice() else { return Ok(refused()) };
    let token = source.strip_prefix("Bearer ").unwrap_or(source);
    let (authenticated, _) = trips::counted(&ctx.request_id, sessions::authenticate(app, &ctx, token)).await;
    match authenticated {
        Ok(caller) => {
            let claims = caller.claims;
            let context = Caller {
                user_id: claims.sub.to_string(),
                session_id: claims.sid.to_string(),
                organization_id: claims.org.to_string(),
                roles: claims.roles.join(","),
                auth_time: claims.auth_time.to_string(),
            };
            Ok(Response { is_authorized: true, context: Some(context) })
        }
        Err(Error::Refused(_)) => Ok(refused()),
        Err(fault) => Err(fault),
    }
}

fn refused() -> Response {
    Response { is_authorized: false, context: None }
}
