//! The ends of sessions: signed out here, signed out everywhere, or out of time (SESS-4, OPS-6).

use serde::Serialize;

use super::{Authenticated, Grant, has_just_changed, is_alive, renew};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::{Refusal, Result};
use crate::id::{SessionId, UserId};
use crate::store::{Committed, Part};
use crate::tokens::rotation::Revocation;

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
    let (session, user, ring) =
        tokio::try_join!(app.store.session(user, session), app.store.user(user), app.ring(ctx.now))?;
    let (Some(session), Some(user)) = (session, user) else { return Ok(()) };
    if !is_alive(&session, &user, ring.not_before()) {
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

/// Ends a live session of the caller's, this one or another.
///
/// # Errors
/// [`Refusal::NotFound`] for a session that is another person's, has ended already, or never was: they look the same.
pub async fn end_own(app: &App, ctx: &RequestContext, caller: &Authenticated, session: SessionId) -> Result<()> {
    let user = caller.user.user_id;
    let not_before = app.ring(ctx.now).await?.not_before();
    let revoked = Event::by_user(Kind::RefreshTokenRevoked, user).on_session(session).with("by", "owner");
    let change = app
        .store
        .transaction()
        .end_live_session(user, session, caller.user.token_version, not_before, ctx.now)
        .event(ctx, Event::by_user(Kind::UserLogout, user).on_session(session).with("asked in", caller.claims.sid))?
        .event(ctx, revoked.with("reason", "ended in the list of sessions"))?;
    if change.commit().await?.is_done() { Ok(()) } else { Err(Refusal::NotFound.into()) }
}

/// What came of ending all others: this session's new access token, and how many others were live.
pub struct Others {
    pub grant: Grant,
    pub ended: u32,
}

/// Ends every session of the caller's but this one: one step of the token version, with which this one moves. However
/// many there are, it is one transaction (F47). When they last signed in stays as it was.
///
/// # Errors
/// [`Refusal::SessionRevoked`] if this session has ended meanwhile; [`crate::error::Error::Unavailable`] also if another
/// step was faster: whoever comes again is told how it stands.
pub async fn end_others(app: &App, ctx: &RequestContext, caller: &Authenticated) -> Result<Others> {
    let (user, session) = (&caller.user, &caller.session);
    let not_before = app.ring(ctx.now).await?.not_before();
    let (renewal, live) = tokio::try_join!(
        renew(app, ctx, session, user, session.auth_time),
        app.store.count_live_sessions(user.user_id, user.token_version, not_before, ctx.now)
    )?;
    let ended = live.saturating_sub(1);
    let revoked = Event::by_user(Kind::RefreshTokenRevoked, user.user_id).with("reason", "all others ended");
    let change = renewal
        .add(app.store.transaction())
        .raise_token_version(user)
        .event(ctx, revoked.with("kept", session.session_id).with("ended", ended))?;
    match change.commit().await? {
        Committed::Done => Ok(Others { grant: renewal.into_grant(), ended }),
        Committed::Refused(parts) if parts == [Part::Session] => Err(Refusal::SessionRevoked.into()),
        Committed::Refused(_) => Err(has_just_changed()),
    }
}

/// What a run of the clean-up job did.
#[derive(Debug, Default, Serialize)]
pub struct CleanUp {
    pub expired: u32,
    /// Had been ended before, and that was told then.
    pub revoked: u32,
}

/// Removes sessions whose time is over, and tells the trail of those that nobody had ended before, neither by themselves nor
/// with all others of their owner (OPS-6).
pub async fn clean_up(app: &App, ctx: &RequestContext) -> Result<CleanUp> {
    let mut report = CleanUp::default();
    let mut next = None;
    loop {
        let (sessions, after) = app.store.expired_sessions(ctx.now, next).await?;
        let people: Vec<UserId> = sessions.iter().map(|session| session.user_id).collect();
        let people = app.store.users(&people).await?;
        for session in &sessions {
            let ctx = &ctx.at(app.clock.now());
            let mut change = app.store.transaction().remove_session(session);
            let owner = people.get(&session.user_id);
            let was_revoked = session.family.revoked.is_some()
                || owner.is_none_or(|owner| owner.token_version != session.token_version);
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
