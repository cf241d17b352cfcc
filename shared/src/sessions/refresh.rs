//! Refreshing: the one user of the rule in [`crate::tokens::rotation`]. Read, sign, commit (TOKEN-3…5).

use std::time::Duration;

use super::{Grant, SessionView, is_alive, issued, subject};
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::context::RequestContext;
use crate::error::{Error, Refusal, Result};
use crate::keys::not_before::NotBefore;
use crate::keys::secrets::Secrets;
use crate::mail::{Mail, outbox};
use crate::store::{Attempt, Part, SessionRecord, User};
use crate::tokens::access;
use crate::tokens::refresh::RefreshToken;
use crate::tokens::rotation::{Decision, Revocation};

/// How long the notice of a replay is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Exchanges a refresh token for an access token, and for its successor where one is due.
///
/// # Errors
/// [`Refusal::RefreshInvalid`], [`Refusal::RefreshReused`], [`Refusal::SessionRevoked`], [`Refusal::SessionExpired`],
/// [`Refusal::RefreshInProgress`]. On [`Error::Unavailable`] the token is as good as before, or within its grace.
pub async fn refresh(app: &App, ctx: &RequestContext, presented: &RefreshToken) -> Result<Grant> {
    let (user_id, session_id) = (presented.user(), presented.session());
    let (session, user, ring, mut secrets) = tokio::try_join!(
        app.store.session(user_id, session_id),
        app.store.user(user_id),
        app.ring(ctx.now),
        app.secrets(ctx.now)
    )?;
    // We made this token, so there was a session: it has ended and been cleaned up.
    let (Some(session), Some(user)) = (session, user) else { return Err(Refusal::SessionExpired.into()) };

    // Before the family is asked: of one that a restored backup brought back, the newest tokens look forged and the
    // spent ones like a theft.
    if !ring.not_before().admits(session.auth_time) {
        return Err(Refusal::SessionRevoked.into());
    }
    let rules = &app.settings.sessions;
    let decision = session.family.decide(&presented.presented(), ctx.now, rules);
    match decision {
        Decision::Unknown => return Err(Refusal::RefreshInvalid.into()),
        Decision::Expired => return Err(Refusal::SessionExpired.into()),
        Decision::Revoked => return Err(Refusal::SessionRevoked.into()),
        Decision::Replay | Decision::ReplayAgain => {
            return replayed(app, ctx, &secrets, &session, &user, presented).await;
        }
        Decision::Rotate | Decision::Keep | Decision::Repeat => {}
    }
    if !is_alive(&session, &user, ring.not_before()) {
        return Err(Refusal::SessionRevoked.into());
    }

    let subject = subject(&session, user.organization_id, &user.roles);
    let access = access::issue(app, &ring, &subject, ctx.now).await?;

    // An answer must not outlive a revocation: of the session (in the parts below), or of everything the person has.
    let change = app.store.transaction().check_account(user_id, session.token_version);
    let event = |how| Event::by_user(Kind::TokenRefreshed, user_id).on_session(session_id).with("how", how);
    let lost = || Error::internal("a successor's key is gone");
    let (family, successor, change) = match decision {
        Decision::Rotate => {
            let version = secrets.current();
            let successor = presented.successor(&secrets, version).ok_or_else(lost)?;
            let next = session.family.rotated(successor.hash(), ctx.now, rules);
            let change = change.rotate_session(&session, &next, version).event(ctx, event("rotated"))?;
            (next, Some(successor), change)
        }
        Decision::Repeat => {
            // Made by another process, perhaps with a version that this one has not heard of.
            secrets = app.secrets_with(session.secret_version, ctx.now).await?;
            let successor = presented.successor(&secrets, session.secret_version).ok_or_else(lost)?;
            (session.family.clone(), Some(successor), change.check_session(&session).event(ctx, event("repeated"))?)
        }
        _ => (session.family.clone(), None, change.check_session(&session).event(ctx, event("kept"))?),
    };
    match change.try_commit().await? {
        Attempt::Done => {}
        Attempt::Refused(parts) if parts.contains(&Part::User) => {
            return Err(overtaken(app, &session, ring.not_before()).await?.into());
        }
        // Somebody else has just moved the family, or is at it. They may be another tab with the same token: coming
        // again will tell.
        Attempt::Refused(_) | Attempt::Contended => return Err(Refusal::RefreshInProgress.into()),
    }
    let refresh = successor.map(|token| issued(&token, &secrets, family.expires_at)).transpose()?;
    Ok(Grant { access, refresh, session: SessionView::new(&session, &family, user.organization_id, &user.roles) })
}

/// The person's token version was raised while we looked. That ends every session, but for the one whose person has
/// changed their password in it: that one lives on, and a tab of it that refreshes meanwhile shall come again.
async fn overtaken(app: &App, session: &SessionRecord, not_before: NotBefore) -> Result<Refusal> {
    let (user_id, session_id) = (session.user_id, session.session_id);
    let now = tokio::try_join!(app.store.session(user_id, session_id), app.store.user(user_id))?;
    let lives_on = matches!(now, (Some(session), Some(user)) if is_alive(&session, &user, not_before));
    Ok(if lives_on { Refusal::RefreshInProgress } else { Refusal::SessionRevoked })
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
    let is_first = session.family.revoked.is_none() && {
        let expires_at = ctx.now + NOTICE_LIFE;
        let change = outbox::enqueue(change, secrets, &user.email, mail, ctx.now, expires_at)?;
        // Refused: another replay has ended it, or it is gone. Contended is neither: then nothing may be claimed.
        change.commit().await?.is_done()
    };
    if !is_first {
        app.store.count_replay(user_id, session_id).await?;
    }
    Err(Refusal::RefreshReused.into())
}
