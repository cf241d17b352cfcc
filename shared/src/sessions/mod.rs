//! Sessions: their start, who holds one, and what they look like from outside (TOKEN-6). Their tokens are exchanged in
//! [`mod@refresh`], what outlives the end of the others is in [`renewal`], their ends are in [`ending`]. Their owners see them
//! by [`list`], administrators by [`mod@found`] and [`mod@figures`].

mod ending;
mod figures;
mod found;
mod list;
mod refresh;
mod renewal;
mod unusual;

pub use self::ending::{CleanUp, Others, clean_up, end, end_all, end_others, end_own};
pub use self::figures::{Figures, count, figures};
pub use self::found::{Cursor, Filter, Found, Page, end_by_admin, find};
pub use self::list::{Listed, live_sessions};
pub use self::refresh::refresh;
pub use self::renewal::{Renewal, renew};
pub use self::unusual::{Unusual, UnusualSession};
use std::time::Duration;

use crate::app::App;
use crate::audit::{Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Refusal, Result};
use crate::id::{OrganizationId, SessionId, UserId};
use crate::keys::cache::SigningRing;
use crate::keys::secrets::Secrets;
use crate::store::{Committed, Login, SessionRecord, Status, Transaction, User};
use crate::tokens::access::{self, AccessToken, Claims, Subject, Verified};
use crate::tokens::refresh::RefreshToken;
use crate::tokens::rotation::Family;

/// What a sign-in or a refresh gives. The refresh token is absent where the presented one stays good.
pub struct Grant {
    pub access: AccessToken,
    pub refresh: Option<IssuedRefresh>,
    pub session: SessionView,
}

/// A refresh token for its holder, and when it stops working unless used before. Cannot be printed.
pub struct IssuedRefresh {
    text: String,
    pub expires_at: Timestamp,
}

impl IssuedRefresh {
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// A session as its owner may see it.
pub struct SessionView {
    pub id: SessionId,
    pub user: UserId,
    pub organization: OrganizationId,
    pub roles: Vec<String>,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub expires_at: Timestamp,
}

impl SessionView {
    fn new(session: &SessionRecord, family: &Family, organization: OrganizationId, roles: &[String]) -> Self {
        Self {
            id: session.session_id,
            user: session.user_id,
            organization,
            roles: roles.to_vec(),
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            expires_at: family.expires_at,
        }
    }
}

/// Starts a session for somebody who has shown who they are. Session and events are stored while KMS signs, with the
/// changes that belong to this way of signing in.
///
/// # Errors
/// [`Error::Unavailable`]; should only the signature be missing, the session is taken back.
pub async fn start(
    app: &App,
    ctx: &RequestContext,
    ring: &SigningRing,
    secrets: &Secrets,
    login: &Login,
    method: &str,
    change: Transaction<'_>,
) -> Result<Grant> {
    let session_id = SessionId::new(ctx.now);
    let token = RefreshToken::first(secrets, login.user_id, session_id);
    let session = SessionRecord {
        user_id: login.user_id,
        session_id,
        family: Family::begin(token.hash(), ctx.now, &app.settings.sessions),
        secret_version: secrets.current(),
        token_version: login.token_version,
        auth_time: ctx.now,
        amr: vec![method.to_owned()],
        user_agent: ctx.user_agent.clone(),
        network: ctx.network(),
        place: ctx.place.clone(),
        seen_at: None,
    };
    let subject = subject(&session, login.organization_id, &login.roles);
    let change = change
        .check_account(login.user_id, login.token_version)
        .create_session(&session)?
        .event(ctx, Event::by_user(Kind::UserLoggedIn, login.user_id).on_session(session_id).with("method", method))?
        .event(ctx, Event::by_user(Kind::AuthSessionCreated, login.user_id).on_session(session_id))?;

    let (access, committed) = tokio::join!(access::issue(app, ring, &subject, ctx.now), change.commit());
    match (access, committed?) {
        (Ok(access), Committed::Done) => {
            let refresh = issued(&token, secrets, session.family.expires_at)?;
            let view = SessionView::new(&session, &session.family, login.organization_id, &login.roles);
            Ok(Grant { access, refresh: Some(refresh), session: view })
        }
        (Err(error), Committed::Done) => {
            take_back(app, ctx, &session).await;
            Err(error)
        }
        // Disabled, or signed out everywhere, while we looked.
        (_, Committed::Refused(_)) => Err(has_just_changed()),
    }
}

/// Nobody will ever hold a token of this session: remove it. If that fails too, it only lies there until it expires.
async fn take_back(app: &App, ctx: &RequestContext, session: &SessionRecord) {
    let event = Event::by_user(Kind::RefreshTokenRevoked, session.user_id)
        .on_session(session.session_id)
        .with("reason", "not signed");
    let taken_back = async { app.store.transaction().remove_session(session).event(ctx, event)?.commit().await };
    if let Err(error) = taken_back.await {
        tracing::warn!(%error, "a session without tokens was left behind");
    }
}

/// Somebody who presented a good access token of a live session.
pub struct Authenticated {
    pub claims: Claims,
    pub user: User,
    pub session: SessionRecord,
}

/// Verifies an access token, that its session still lives and that its key has not been withdrawn: one round trip, and
/// none for a forgery (TOKEN-6).
///
/// # Errors
/// [`Refusal::AccessTokenInvalid`], [`Refusal::AccessTokenExpired`], [`Refusal::SessionRevoked`].
pub async fn authenticate(app: &App, ctx: &RequestContext, token: &str) -> Result<Authenticated> {
    let Verified { claims, kid } = access::verify(app, token, ctx.now).await?;
    let (session, user) = (app.store.session(claims.sub, claims.sid), app.store.user(claims.sub));
    let (session, user, ring) = tokio::try_join!(session, user, app.ring(ctx.now))?;
    if ring.key(&kid).is_none() {
        return Err(Refusal::AccessTokenInvalid.into());
    }
    match (session, user) {
        (Some(session), Some(user)) if is_alive(&session, &user) && ctx.now < session.family.expires_at => {
            // The session lives, so it has been carried over by a change of password: its refresh token is still good.
            if user.token_version != claims.ver {
                return Err(Refusal::AccessTokenExpired.into());
            }
            Ok(Authenticated { claims, user, session })
        }
        _ => Err(Refusal::SessionRevoked.into()),
    }
}

/// How often, at most, a session's activity is written (case 117).
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Notes that a session is in use: once a minute at most, and not where a refresh has just said so. Nothing is decided
/// by it, so it is never in the way.
pub async fn note_activity(app: &App, ctx: &RequestContext, session: &SessionRecord) {
    if ctx.now.since(session.last_active_at()) < NOTED_EVERY {
        return;
    }
    if let Err(error) = app.store.note_activity(session, ctx.now, ctx.now - NOTED_EVERY).await {
        tracing::warn!(%error, "a session's activity was not noted");
    }
}

/// Whether nothing has ended the session. Its own time is another question.
fn is_alive(session: &SessionRecord, user: &User) -> bool {
    session.family.revoked.is_none() && user.status == Status::Active && user.token_version == session.token_version
}

/// Another request has changed the account since it was read: whoever comes again is told how it stands.
pub(crate) fn has_just_changed() -> Error {
    Error::Unavailable { dependency: "account", cause: "it has just changed".to_owned() }
}

fn subject(session: &SessionRecord, organization: OrganizationId, roles: &[String]) -> Subject {
    Subject {
        user: session.user_id,
        session: session.session_id,
        organization,
        roles: roles.to_vec(),
        token_version: session.token_version,
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        session_ends_at: session.family.ends_at,
    }
}

fn issued(token: &RefreshToken, secrets: &Secrets, expires_at: Timestamp) -> Result<IssuedRefresh> {
    let text = token.encode(secrets).ok_or_else(|| Error::internal("a refresh token's key is gone"))?;
    Ok(IssuedRefresh { text, expires_at })
}
