//! Sessions: their start, their tokens, their end (TOKEN-2…6, SESS-4).

use serde::Serialize;

use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Refusal, Result};
use crate::id::{OrganizationId, SessionId, UserId};
use crate::keys::cache::SigningRing;
use crate::keys::secrets::Secrets;
use crate::mail::{Mail, outbox};
use crate::store::{Attempt, Committed, Login, Part, SessionRecord, Status, User};
use crate::tokens::access::{self, AccessToken, Claims, Subject, Verified};
use crate::tokens::refresh::RefreshToken;
use crate::tokens::rotation::{Decision, Family, Revocation};

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

/// Starts a session for somebody who has shown who they are. Session and events are stored while KMS signs.
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
) -> Result<Grant> {
    let session_id = SessionId::new(ctx.now);
    let token = RefreshToken::first(secrets, login.user_id, session_id);
    let session = SessionRecord {
        user_id: login.user_id,
        session_id,
        family: Family::begin(token.hash(), ctx.now, &app.settings.sessions),
        secret_version: secrets.newest(),
        token_version: login.token_version,
        auth_time: ctx.now,
        amr: vec![method.to_owned()],
        user_agent: ctx.user_agent.clone(),
        ip: ctx.ip.map(|ip| ip.to_string()),
    };
    let subject = subject(&session, login.organization_id, &login.roles, session.family.ends_at);
    let change = app
        .store
        .transaction()
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
        // Disabled, or signed out everywhere, while we looked: whoever comes again is told.
        (_, Committed::Refused(_)) => {
            Err(Error::Unavailable { dependency: "account", cause: "it has just changed".to_owned() })
        }
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

/// Exchanges a refresh token for an access token, and for its successor where one is due. The rule is
/// [`crate::tokens::rotation`]; this is its one user: read, sign, commit.
///
/// # Errors
/// [`Refusal::RefreshInvalid`], [`Refusal::RefreshReused`], [`Refusal::SessionRevoked`], [`Refusal::SessionExpired`],
/// [`Refusal::RefreshInProgress`]. On [`Error::Unavailable`] the token is as good as before, or within its grace.
pub async fn refresh(app: &App, ctx: &RequestContext, presented: &RefreshToken, secrets: &Secrets) -> Result<Grant> {
    let (user_id, session_id) = (presented.user(), presented.session());
    let (session, user, ring) =
        tokio::try_join!(app.store.session(user_id, session_id), app.store.user(user_id), app.ring(ctx.now))?;
    // We made this token, so there was a session: it has ended and been cleaned up.
    let (Some(session), Some(user)) = (session, user) else { return Err(Refusal::SessionExpired.into()) };

    let rules = &app.settings.sessions;
    let decision = session.family.decide(&presented.presented(), ctx.now, rules);
    match decision {
        Decision::Unknown => return Err(Refusal::RefreshInvalid.into()),
        Decision::Expired => return Err(Refusal::SessionExpired.into()),
        Decision::Revoked => return Err(Refusal::SessionRevoked.into()),
        Decision::Replay | Decision::ReplayAgain => {
            return replayed(app, ctx, secrets, &session, &user, presented).await;
        }
        Decision::Rotate | Decision::Keep | Decision::Repeat => {}
    }
    if !is_alive(&session, &user) {
        return Err(Refusal::SessionRevoked.into());
    }

    let access = access::issue(
        app,
        &ring,
        &subject(&session, user.organization_id, &user.roles, session.family.ends_at),
        ctx.now,
    )
    .await?;

    // An answer must not outlive a revocation: of the session (in the parts below), or of everything the person has.
    let change = app.store.transaction().check_account(user_id, session.token_version);
    let event = |how| Event::by_user(Kind::TokenRefreshed, user_id).on_session(session_id).with("how", how);
    let lost = || Error::internal("a successor's key is gone");
    let (family, successor, change) = match decision {
        Decision::Rotate => {
            let version = secrets.newest();
            let successor = presented.successor(secrets, version).ok_or_else(lost)?;
            let next = session.family.rotated(successor.hash(), ctx.now, rules);
            let change = change.rotate_session(&session, &next, version).event(ctx, event("rotated"))?;
            (next, Some(successor), change)
        }
        Decision::Repeat => {
            let successor = presented.successor(secrets, session.secret_version).ok_or_else(lost)?;
            (session.family.clone(), Some(successor), change.check_session(&session).event(ctx, event("repeated"))?)
        }
        _ => (session.family.clone(), None, change.check_session(&session).event(ctx, event("kept"))?),
    };
    match change.try_commit().await? {
        Attempt::Done => {}
        Attempt::Refused(parts) if parts.contains(&Part::User) => return Err(Refusal::SessionRevoked.into()),
        // Somebody else has just moved the family, or is at it. They may be another tab with the same token: coming
        // again will tell.
        Attempt::Refused(_) | Attempt::Contended => return Err(Refusal::RefreshInProgress.into()),
    }
    let refresh = successor.map(|token| issued(&token, secrets, family.expires_at)).transpose()?;
    Ok(Grant { access, refresh, session: SessionView::new(&session, &family, user.organization_id, &user.roles) })
}

/// Two parties hold a token of this family, and nobody can say which is the thief: it ends for both (RFC 9700 §4.14.2).
/// One mail and one incident, however often the dead token comes again.
async fn replayed(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    session: &SessionRecord,
    user: &User,
    presented: &RefreshToken,
) -> Result<Grant> {
    let (user_id, session_id) = (session.user_id, session.session_id);
    let replay = Event::by_user(Kind::RefreshTokenReplayed, user_id)
        .on_session(session_id)
        .failed("refresh_replay")
        .with("generation", presented.generation());
    let change = app
        .store
        .transaction()
        .revoke_session(user_id, session_id, Revocation::Replay, ctx.now)
        .event(ctx, replay)?
        .event(
            ctx,
            Event::by_user(Kind::RefreshTokenRevoked, user_id).on_session(session_id).with("reason", "refresh_replay"),
        )?;
    let mail = Mail::RefreshReplay {
        name: user.name.clone(),
        at: ctx.now.to_string(),
        ip: ctx.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        device: ctx.user_agent.clone(),
    };
    let is_first = session.family.revoked.is_none()
        && outbox::enqueue(
            change,
            secrets,
            &user.email,
            mail,
            ctx.now,
            ctx.now + std::time::Duration::from_secs(7 * 24 * 3600),
        )?
        .commit()
        .await?
        .is_done();
    if !is_first {
        app.store.count_replay(user_id, session_id).await?;
    }
    Err(Refusal::RefreshReused.into())
}

/// Somebody who presented a good access token of a live session.
pub struct Authenticated {
    pub claims: Claims,
    pub user: User,
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
        (Some(session), Some(user))
            if is_alive(&session, &user) && user.token_version == claims.ver && ctx.now < session.family.expires_at =>
        {
            Ok(Authenticated { claims, user })
        }
        _ => Err(Refusal::SessionRevoked.into()),
    }
}

/// Whether nothing has ended the session. Its own time is another question.
fn is_alive(session: &SessionRecord, user: &User) -> bool {
    session.family.revoked.is_none() && user.status == Status::Active && user.token_version == session.token_version
}

/// Ends one session. Ending it again changes nothing.
pub async fn end(app: &App, ctx: &RequestContext, user: UserId, session: SessionId) -> Result<()> {
    let change = app
        .store
        .transaction()
        .revoke_session(user, session, Revocation::Logout, ctx.now)
        .event(ctx, Event::by_user(Kind::UserLogout, user).on_session(session))?
        .event(ctx, Event::by_user(Kind::RefreshTokenRevoked, user).on_session(session).with("reason", "logout"))?;
    change.commit().await.map(drop)
}

/// Ends every session of the person whose live session this is, by one step of their token version (TOKEN-8).
pub async fn end_all(app: &App, ctx: &RequestContext, user: UserId, session: SessionId) -> Result<()> {
    let (session, user) = tokio::try_join!(app.store.session(user, session), app.store.user(user))?;
    let (Some(session), Some(user)) = (session, user) else { return Ok(()) };
    if !is_alive(&session, &user) {
        return Ok(());
    }
    let change = app
        .store
        .transaction()
        .raise_token_version(&user)
        .event(ctx, Event::by_user(Kind::UserLogout, user.user_id).on_session(session.session_id).with("all", true))?
        .event(ctx, Event::by_user(Kind::RefreshTokenRevoked, user.user_id).with("reason", "logout everywhere"))?;
    // Refused when another request has raised it: every session that we saw has ended then, too.
    change.commit().await.map(drop)
}

/// What a run of the clean-up job did.
#[derive(Debug, Default, Serialize)]
pub struct CleanUp {
    pub expired: u32,
    pub revoked: u32,
}

/// Removes sessions whose time is over, and tells the trail of those that nobody had ended before (OPS-6).
pub async fn clean_up(app: &App, ctx: &RequestContext) -> Result<CleanUp> {
    let mut report = CleanUp::default();
    let mut next = None;
    loop {
        let (sessions, after) = app.store.expired_sessions(ctx.now, next).await?;
        for session in &sessions {
            let mut change = app.store.transaction().remove_session(session);
            let was_revoked = session.family.revoked.is_some();
            if !was_revoked {
                let event = |kind| {
                    Event::new(kind, Actor::User(session.user_id))
                        .on_session(session.session_id)
                        .with("by", "expire-sessions")
                };
                change = change
                    .event(ctx, event(Kind::SessionExpired))?
                    .event(ctx, event(Kind::RefreshTokenRevoked).with("reason", "expired"))?;
            }
            if change.commit().await?.is_done() {
                *(if was_revoked { &mut report.revoked } else { &mut report.expired }) += 1;
            }
        }
        next = after;
        if next.is_none() {
            return Ok(report);
        }
    }
}

fn subject(
    session: &SessionRecord,
    organization: OrganizationId,
    roles: &[String],
    session_ends_at: Timestamp,
) -> Subject {
    Subject {
        user: session.user_id,
        session: session.session_id,
        organization,
        roles: roles.to_vec(),
        token_version: session.token_version,
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        session_ends_at,
    }
}

fn issued(token: &RefreshToken, secrets: &Secrets, expires_at: Timestamp) -> Result<IssuedRefresh> {
    let text = token.encode(secrets).ok_or_else(|| Error::internal("a refresh token's key is gone"))?;
    Ok(IssuedRefresh { text, expires_at })
}
