//! Answers that several endpoints give.

use http::{HeaderName, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::context::RequestContext;
use shared::error::{Error, Result};
use shared::http::cookies::Jar;
use shared::http::{Call, Reply, credentials};
use shared::sessions::{Authenticated, Grant, SessionView};

use crate::openapi::values;

/// How a client wants its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "TokenDelivery")]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// For browsers: `HttpOnly` cookies, nothing in the body.
    #[default]
    Cookies,
    /// For native and server clients: both tokens in the body, no cookie.
    Body,
}

impl Delivery {
    /// The way a call's access token came: a new one goes back the same way.
    ///
    /// # Errors
    /// Those of [`credentials::access_token`].
    pub fn of_access_token(app: &App, call: &Call) -> Result<Self> {
        let by_cookie = credentials::access_token(app, call)?.is_some_and(|presented| presented.by_cookie);
        Ok(if by_cookie { Self::Cookies } else { Self::Body })
    }
}

/// `{"status": …}`.
#[derive(Serialize, JsonSchema)]
pub struct Status {
    status: &'static str,
}

impl Status {
    pub fn new(status: &'static str) -> Self {
        Self { status }
    }
}

/// A session, and how long its access token is good.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Granted<'a> {
    /// `complete`.
    status: &'static str,
    /// The access token's life, in seconds.
    expires_in: u64,
    /// With a refresh: whether there is a new refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    rotated: Option<bool>,
    session: Session<'a>,
    /// Unless it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    access_token: Option<&'a str>,
    /// Unless it is in a cookie, or stays what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    refresh_token: Option<&'a str>,
}

/// What a client may know of its session.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session<'a> {
    #[schemars(schema_with = "values::id")]
    id: String,
    #[schemars(schema_with = "values::id")]
    user_id: String,
    #[schemars(schema_with = "values::id")]
    organization_id: String,
    roles: &'a [String],
    /// When the person signed in.
    #[schemars(schema_with = "values::time")]
    auth_time: String,
    /// How (RFC 8176).
    amr: &'a [String],
    /// When the session ends at the latest.
    #[schemars(schema_with = "values::time")]
    expires_at: String,
}

impl<'a> From<&'a SessionView> for Session<'a> {
    fn from(session: &'a SessionView) -> Self {
        Self {
            id: session.id.to_string(),
            user_id: session.user.to_string(),
            organization_id: session.organization.to_string(),
            roles: &session.roles,
            auth_time: session.auth_time.to_string(),
            amr: &session.amr,
            expires_at: session.expires_at.to_string(),
        }
    }
}

/// A caller's session, as the endpoints show it: for the SDK in a page that was made for this session.
pub fn session_json(caller: &Authenticated) -> Result<String> {
    let (claims, session) = (&caller.claims, &caller.session);
    let session = Session {
        id: claims.sid.to_string(),
        user_id: claims.sub.to_string(),
        organization_id: claims.org.to_string(),
        roles: &claims.roles,
        auth_time: session.auth_time.to_string(),
        amr: &session.amr,
        expires_at: session.family.expires_at.to_string(),
    };
    serde_json::to_string(&session).map_err(Error::internal)
}

/// A completed sign-in.
pub fn signed_in(app: &App, ctx: &RequestContext, grant: &Grant, delivery: Delivery) -> Result<Reply> {
    granted(app, ctx, grant, delivery, None)
}

/// A completed refresh, or a change that a session outlives. Without a successor the presented token stays good, and its cookie untouched.
pub fn refreshed(app: &App, ctx: &RequestContext, grant: &Grant, delivery: Delivery) -> Result<Reply> {
    granted(app, ctx, grant, delivery, Some(grant.refresh.is_some()))
}

fn granted(app: &App, ctx: &RequestContext, grant: &Grant, delivery: Delivery, rotated: Option<bool>) -> Result<Reply> {
    let life = grant.access.expires_at.since(ctx.now);
    let in_body = delivery == Delivery::Body;
    let reply = Reply::ok(&Granted {
        status: "complete",
        expires_in: life.as_secs(),
        rotated,
        session: Session::from(&grant.session),
        access_token: in_body.then(|| grant.access.expose()),
        refresh_token: grant.refresh.as_ref().filter(|_| in_body).map(|refresh| refresh.expose()),
    })?;
    Ok(if in_body { reply } else { with_cookies(app, ctx, grant, reply) })
}

/// The same answer, with a session's tokens as cookies.
pub fn with_cookies(app: &App, ctx: &RequestContext, grant: &Grant, reply: Reply) -> Reply {
    let life = grant.access.expires_at.since(ctx.now);
    let reply = reply.with_cookie(Jar::Access.set(&app.settings, grant.access.expose(), life));
    match &grant.refresh {
        Some(refresh) => {
            let life = refresh.expires_at.since(ctx.now);
            reply.with_cookie(Jar::Refresh.set(&app.settings, refresh.expose(), life))
        }
        None => reply,
    }
}

/// 204, and the browser forgets what it kept for us (case 146).
pub fn signed_out() -> Reply {
    const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");
    Reply::no_content().with_header(CLEAR, r#""cache", "storage""#).with_header(header::CACHE_CONTROL, "no-store")
}

/// The same answer, with both cookies taken back.
pub fn without_cookies(app: &App, reply: Reply) -> Reply {
    reply.with_cookie(Jar::Access.clear(&app.settings)).with_cookie(Jar::Refresh.clear(&app.settings))
}
