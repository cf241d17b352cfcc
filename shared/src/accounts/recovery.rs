//! Recovery: a link in a mail lets the owner of an address choose a new password (RECOV-1, RECOV-2).

use super::password;
use crate::app::App;
use crate::attempts::{self, Counter};
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Refusal, Result};
use crate::id::UserId;
use crate::links::{self, Link};
use crate::mail::{ChangedBy, Mail, outbox};
use crate::password::Password;
use crate::secret::PlainToken;
use crate::sessions::has_just_changed;
use crate::store::{ChallengeKind, Committed, Login, Part, Status};

/// How long a reset link works (RECOV-1).
const RESET_HOURS: u64 = 1;

/// Mails a link to the owner of the address, if there is an account for it to open. If not, the same is done and written
/// for nobody: a link that no account has, and a mail that goes to nobody. A newer link ends the older ones. An address
/// that got enough of them lately gets none.
pub async fn request_password_reset(app: &App, ctx: &RequestContext, email: &Email) -> Result<()> {
    let mails = Counter::mail("reset-password", email);
    let (secrets, login, has_room, ()) = tokio::try_join!(
        app.secrets(ctx.now),
        app.store.login_by_email(email),
        attempts::has_room(app, ctx, &mails),
        attempts::admit_network(app, ctx)
    )?;
    if !has_room {
        return Ok(());
    }
    let why_not = why_not(login.as_ref());
    // A decoy is nobody's, so that it could open nothing even if its token were known.
    let owner = login.as_ref().filter(|_| why_not.is_none());
    let owner = owner.map_or_else(|| UserId::new(ctx.now), |login| login.user_id);
    let Link { challenge, url: link } = Link::new(app, ctx, ChallengeKind::ResetPassword, owner, email, RESET_HOURS);
    let actor = login.map_or_else(|| Actor::Email(email.clone()), |login| Actor::User(login.user_id));
    let event = Event::new(Kind::PasswordResetRequested, actor);
    let event = match why_not {
        Some(why) => event.failed(why),
        None => event,
    };
    let change = app
        .store
        .transaction()
        .reserve(&mails, ctx.now)
        .create_challenge(&challenge)?
        .supersede_with(&challenge)
        .event(ctx, event)?;

    // No name: it stands with the person, and reading that would be a step that unknown addresses do not have.
    let mail = Mail::PasswordReset { name: String::new(), link, valid_hours: RESET_HOURS };
    let to = why_not.is_none().then_some(email);
    // Refused only when another request was faster, and its mail is on the way.
    outbox::enqueue(change, &secrets, to, mail, ctx.now, challenge.expires_at)?.commit().await.map(drop)
}

/// Why an address gets no link (case 152). A link would prove the address, and so make an unverified account good with
/// whatever else its sign-up had chosen.
fn why_not(login: Option<&Login>) -> Option<&'static str> {
    match login {
        None => Some("unknown address"),
        Some(login) if login.status != Status::Active => Some("disabled"),
        Some(login) if !login.email_verified => Some("not verified"),
        Some(_) => None,
    }
}

/// Takes a reset link: the account has this password from now on, and all its sessions and locks have ended. Signs nobody
/// in, so that a second factor still stands between a mailbox and the account (case 149).
///
/// # Errors
/// [`Refusal::TokenInvalid`], [`Refusal::TokenExpired`], [`Refusal::TokenUsed`], [`Refusal::RateLimited`];
/// [`Refusal::PasswordRejected`], which leaves the link good.
pub async fn reset_password(app: &App, ctx: &RequestContext, token: &PlainToken, new: &Password) -> Result<()> {
    let opened = links::open(app, ctx, ChallengeKind::ResetPassword, token);
    let (secrets, challenge) = tokio::try_join!(app.secrets(ctx.now), opened)?;
    let locks = Counter::strangers(&app.settings.attempts, &challenge.email);
    let (user, is_newest, tally) =
        tokio::try_join!(app.store.user(challenge.user_id), app.store.is_newest(&challenge), app.store.tally(&locks))?;
    if !is_newest {
        return Err(Refusal::TokenExpired.into());
    }
    let user = user
        .filter(|user| user.email == challenge.email && user.email_verified && user.status == Status::Active)
        .ok_or(Refusal::TokenInvalid)?;
    password::check_policy(app, "password", new, &[user.email.as_str(), user.email.local_part(), &user.name])?;
    let password_hash = app.hasher().hash(new).await.map_err(Error::internal)?;

    // Who opens the mailbox is the owner: a lock would only keep them out.
    let change = app
        .store
        .transaction()
        .consume_challenge(&challenge, ctx.now)
        .check_newest(&challenge)
        .release(&locks, &tally, ctx.now);
    match password::replace(app, ctx, &secrets, change, &user, &password_hash, ChangedBy::Reset)?.commit().await? {
        Committed::Done => Ok(()),
        Committed::Refused(parts) if parts.contains(&Part::Challenge) => Err(Refusal::TokenUsed.into()),
        Committed::Refused(parts) if parts.contains(&Part::NewestLink) => Err(Refusal::TokenExpired.into()),
        Committed::Refused(_) => Err(has_just_changed()),
    }
}
