//! Unlocking: by the link that was mailed with the lock, or by an administrator (LOGIN-6, LOGIN-7).

use std::time::Duration;

use crate::app::App;
use crate::attempts::Counter;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Refusal, Result};
use crate::id::UserId;
use crate::links;
use crate::mail::{Mail, outbox};
use crate::secret::PlainToken;
use crate::store::{ChallengeKind, Committed, User};

/// How long the notice of an unlock is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Takes an unlock link: the locks of this account end, and nobody is signed in.
///
/// # Errors
/// [`Refusal::TokenInvalid`], [`Refusal::TokenExpired`], [`Refusal::TokenUsed`], [`Refusal::RateLimited`].
pub async fn unlock_by_link(app: &App, ctx: &RequestContext, token: &PlainToken) -> Result<()> {
    let challenge = links::open(app, ctx, ChallengeKind::Unlock, token).await?;

    let counter = Counter::strangers(&app.settings.attempts, &challenge.email);
    let tally = app.store.tally(&counter).await?;
    let change = app
        .store
        .transaction()
        .consume_challenge(&challenge, ctx.now)
        .release(&counter, &tally, ctx.now)
        .event(ctx, Event::by_user(Kind::UserAccountUnlocked, challenge.user_id).with("by", "link"))?;
    match change.commit().await? {
        Committed::Done => Ok(()),
        Committed::Refused(_) => Err(Refusal::TokenUsed.into()),
    }
}

/// Whose account an administrator unlocks.
pub enum Whose {
    Email(Email),
    User(UserId),
}

/// Unlocks an account for its owner, and tells them (LOGIN-7). Unlocking one that is not locked does no harm.
///
/// # Errors
/// [`Refusal::NotFound`] for an account that is not there: administrators may know.
pub async fn unlock_by_admin(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    whose: Whose,
    reason: &str,
) -> Result<UserId> {
    unlock(app, ctx, Event::by_user(Kind::UserAccountUnlocked, admin).with("by", "administrator"), whose, reason).await
}

/// The same by an operator, for an administrator who is locked out.
///
/// # Errors
/// [`Refusal::NotFound`] for an account that is not there.
pub async fn unlock_by_operator(
    app: &App,
    ctx: &RequestContext,
    operator: &Actor,
    whose: Whose,
    reason: &str,
) -> Result<UserId> {
    let event = Event::new(Kind::UserAccountUnlocked, operator.clone()).with("by", "operator");
    unlock(app, ctx, event, whose, reason).await
}

async fn unlock(app: &App, ctx: &RequestContext, event: Event, whose: Whose, reason: &str) -> Result<UserId> {
    let (secrets, user) = tokio::try_join!(app.secrets(ctx.now), find(app, whose))?;
    let user = user.ok_or(Refusal::NotFound)?;
    let counter = Counter::strangers(&app.settings.attempts, &user.email);
    let tally = app.store.tally(&counter).await?;
    let event = event.on_user(user.user_id).with("why", reason);
    let mut change = app.store.transaction().release(&counter, &tally, ctx.now).event(ctx, event)?;
    if user.email_verified {
        let mail = Mail::AccountUnlocked {
            name: user.name.clone(),
            at: ctx.now.to_string(),
            reset_url: format!("{}/forgot-password", app.settings.app_url),
        };
        change = outbox::enqueue(change, &secrets, &user.email, mail, ctx.now, ctx.now + NOTICE_LIFE)?;
    }
    change.commit().await.map(|_| user.user_id)
}

/// The account that is meant, if there is one.
pub async fn find(app: &App, whose: Whose) -> Result<Option<User>> {
    let id = match whose {
        Whose::User(id) => Some(id),
        Whose::Email(email) => app.store.login_by_email(&email).await?.map(|login| login.user_id),
    };
    match id {
        Some(id) => app.store.user(id).await,
        None => Ok(None),
    }
}
