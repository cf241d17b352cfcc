//! How a caller shows who they are: a bearer token, or the cookies a browser sends by itself.

use super::Call;
use super::cookies::Jar;
use super::csrf;
use crate::accounts;
use crate::app::App;
use crate::error::{Error, Refusal, Result};
use crate::sessions::{self, Authenticated};
use crate::tokens::access;
use crate::tokens::refresh::{self, RefreshToken};

/// An access token and the way it came.
pub struct Presented {
    pub token: String,
    /// Sent by the browser without being asked: whatever it changes needs a CSRF token, too.
    pub by_cookie: bool,
}

/// The access token of a call. A header that is there counts, even a bad one: nobody falls back to another identity.
///
/// # Errors
/// [`Refusal::AccessTokenInvalid`] for an `Authorization` header that is no single bearer token (case 082).
pub fn access_token(app: &App, call: &Call) -> Result<Option<Presented>> {
    if call.has_header("authorization") {
        let token = call.header("authorization").and_then(bearer).ok_or(Refusal::AccessTokenInvalid)?;
        return Ok(Some(Presented { token: token.to_owned(), by_cookie: false }));
    }
    Ok(Jar::Access.read(&app.settings, call).map(|token| Presented { token, by_cookie: true }))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let is_token = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then_some(token)
}

/// The caller, if their access token and its session are good. For calls that change nothing.
///
/// # Errors
/// [`Refusal::Unauthenticated`] without a token, and those of [`sessions::authenticate`].
pub async fn reader(app: &App, call: &Call) -> Result<Authenticated> {
    let presented = access_token(app, call)?.ok_or(Refusal::Unauthenticated)?;
    sessions::authenticate(app, &call.ctx, &presented.token).await
}

/// The caller, if their access token and its session are good, and if no foreign page made their browser send this. For
/// calls that change something.
///
/// # Errors
/// Those of [`reader`], and [`Refusal::CsrfInvalid`] for cookies without the session's CSRF token.
pub async fn writer(app: &App, call: &Call) -> Result<Authenticated> {
    let presented = access_token(app, call)?.ok_or(Refusal::Unauthenticated)?;
    let caller = sessions::authenticate(app, &call.ctx, &presented.token).await?;
    if presented.by_cookie {
        csrf::check(app, call, caller.claims.sid).await?;
    }
    sessions::note_activity(app, &call.ctx, &caller.session).await;
    Ok(caller)
}

/// An administrator who has signed in lately, for calls that change something (case 059).
///
/// # Errors
/// Those of [`writer`], [`Refusal::Forbidden`], [`Refusal::StepUpRequired`].
pub async fn admin(app: &App, call: &Call) -> Result<Authenticated> {
    let caller = writer(app, call).await?;
    accounts::require_admin(app, &call.ctx, &caller, call.function()).await?;
    Ok(caller)
}

/// An administrator, for calls that only look (case 285).
///
/// # Errors
/// Those of [`reader`], and [`Refusal::Forbidden`].
pub async fn admin_reader(app: &App, call: &Call) -> Result<Authenticated> {
    let caller = reader(app, call).await?;
    accounts::require_role(app, &call.ctx, &caller, call.function()).await?;
    Ok(caller)
}

/// The session that a caller shows to be theirs, be it by an access token past its time or by a refresh token: enough to
/// protect a form or to sign out, and for nothing else. `None` when nothing shows one.
pub async fn session_of(app: &App, call: &Call) -> Result<Option<SessionProof>> {
    if let Some(presented) = access_token(app, call)? {
        match access::authentic(app, &presented.token, call.ctx.now).await {
            Ok(verified) => {
                let (user, session) = (verified.claims.sub, verified.claims.sid);
                return Ok(Some(SessionProof { user, session, by_cookie: presented.by_cookie }));
            }
            // A cookie of an older key or format: the refresh cookie beside it may still be good.
            Err(Error::Refused(_)) if presented.by_cookie => {}
            Err(error) => return Err(error),
        }
    }
    let Some(text) = Jar::Refresh.read(&app.settings, call) else { return Ok(None) };
    let token = refresh::authentic(app, &text, call.ctx.now).await?;
    Ok(token.map(|token| SessionProof { by_cookie: true, ..SessionProof::of_refresh_token(&token) }))
}

/// A session that the caller holds a token of.
pub struct SessionProof {
    pub user: crate::id::UserId,
    pub session: crate::id::SessionId,
    by_cookie: bool,
}

impl SessionProof {
    /// Sent on purpose, in a body: no browser does that by itself.
    pub fn of_refresh_token(token: &RefreshToken) -> Self {
        Self { user: token.user(), session: token.session(), by_cookie: false }
    }

    /// Refuses what a foreign page may have made the browser send.
    ///
    /// # Errors
    /// [`Refusal::CsrfInvalid`] for cookies without the session's CSRF token.
    pub async fn check_csrf(&self, app: &App, call: &Call) -> Result<()> {
        if self.by_cookie { csrf::check(app, call, self.session).await } else { Ok(()) }
    }
}
