//! `POST /auth/refresh`: a new access token, and the next refresh token where one is due (TOKEN-3).
//!
//! A browser's cookie needs the session's CSRF token with it; a token in the body is its own proof.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::app::App;
use shared::error::{Error, Refusal, Result};
use shared::http::cookies::Jar;
use shared::http::{Call, Endpoint, Reply, csrf, problem};
use shared::sessions;
use shared::tokens::refresh::authentic;

use crate::openapi::{Operation, Tag};
use crate::reply::{self, Delivery};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "auth-refresh",
    routes: &["POST /auth/refresh"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// Nothing for browsers: their cookie says it.
#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "RefreshRequest")]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    /// For clients without cookies.
    #[serde(default)]
    refresh_token: Option<String>,
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let Request { refresh_token } = call.json_or_default()?;
    let cookie = Jar::Refresh.read(&app.settings, call);
    let (text, delivery) = match (refresh_token, cookie) {
        (Some(body), Some(cookie)) if body != cookie => {
            return Err(Refusal::Malformed("two different refresh tokens: one in the body, one in the cookie").into());
        }
        (Some(body), _) => (body, Delivery::Body),
        (None, Some(cookie)) => (cookie, Delivery::Cookies),
        (None, None) => return Err(Refusal::Unauthenticated.into()),
    };

    match refresh(app, call, &text, delivery).await {
        // Only a 401 takes cookies away: after any other answer they may still be good (case 090).
        Err(error) if delivery == Delivery::Cookies && ends_session(&error) => {
            let reply = problem::reply(&error, &call.ctx.request_id)?;
            Ok(reply::without_cookies(app, reply))
        }
        result => result,
    }
}

async fn refresh(app: &App, call: &Call, text: &str, delivery: Delivery) -> Result<Reply> {
    let token = authentic(app, text, call.ctx.now).await?.ok_or(Refusal::RefreshInvalid)?;
    if delivery == Delivery::Cookies {
        csrf::check(app, call, token.session()).await?;
    }
    let grant = sessions::refresh(app, &call.ctx, &token).await?;
    reply::refreshed(app, &call.ctx, &grant, delivery)
}

/// Whether a refresh that failed so means that the session is over.
pub(crate) fn ends_session(error: &Error) -> bool {
    use Refusal::{RefreshInvalid, RefreshReused, SessionExpired, SessionRevoked};
    matches!(error, Error::Refused(RefreshInvalid | RefreshReused | SessionExpired | SessionRevoked))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "POST /auth/refresh", "refresh", Tag::SignIn, "Get a new access token")
            .about("By the refresh cookie and the CSRF token, or by a refresh token in the body. Where the answer has no new refresh token, the one presented stays good.")
            .by_body_or_cookie()
            .may_take::<Request>()
            .answers::<reply::Granted<'_>>(200, "A new access token.")
            .with_header("Set-Cookie")
            .refuses([
                Refusal::Unauthenticated,
                Refusal::RefreshInvalid,
                Refusal::RefreshReused,
                Refusal::SessionRevoked,
                Refusal::SessionExpired,
                Refusal::RefreshInProgress,
            ]),
    ]
}
