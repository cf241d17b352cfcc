//! The account's password: what may be one, and its change by somebody who is signed in (RECOV-3).

use std::time::Duration;

use crate::app::App;
use crate::attempts::{self, Counter, Turn};
use crate::audit::{Event, Kind};
use crate::context::RequestContext;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::keys::secrets::Secrets;
use crate::mail::{ChangedBy, Mail, outbox};
use crate::password::Password;
use crate::secret::constant_time_eq;
use crate::sessions::{self, Authenticated, Grant, has_just_changed};
use crate::store::{Committed, Part, Transaction, User};

/// How long the notice of a new password is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a change of password is asked with.
pub struct PasswordChange {
    pub current: Password,
    pub new: Password,
}

/// Gives the caller's account another password. Their other sessions end; this one lives on, as signed in just now, with
/// a new access token and the refresh token that it has.
///
/// # Errors
/// [`Refusal::InvalidCredentials`] for a wrong current password, [`Refusal::PasswordRejected`],
/// [`Refusal::SessionRevoked`] if the session has ended meanwhile.
pub async fn change_password(
    app: &App,
    ctx: &RequestContext,
    caller: &Authenticated,
    change: &PasswordChange,
) -> Result<Grant> {
    let user = &caller.user;
    let secrets = app.secrets(ctx.now).await?;
    let turn = verify_current(app, ctx, caller, &change.current).await?;
    if let Err(refused) = check_new(app, user, change) {
        turn.give_back(app, ctx).await;
        return Err(refused);
    }
    let password_hash = app.hasher().hash(&change.new).await.map_err(Error::internal)?;
    // The place of a right password is given back while KMS signs.
    let renewal = sessions::renew(app, ctx, &caller.session, user, ctx.now);
    let (renewal, ()) = tokio::join!(renewal, turn.give_back(app, ctx));
    let renewal = renewal?;
    let transaction = renewal.add(app.store.transaction());
    match replace(app, ctx, &secrets, transaction, user, &password_hash, ChangedBy::Change)?.commit().await? {
        Committed::Done => Ok(renewal.into_grant()),
        Committed::Refused(parts) if parts == [Part::Session] => Err(Refusal::SessionRevoked.into()),
        Committed::Refused(_) => Err(has_just_changed()),
    }
}

/// Whether the new password may be one, and is another one.
fn check_new(app: &App, user: &User, change: &PasswordChange) -> Result<()> {
    if constant_time_eq(change.current.expose().as_bytes(), change.new.expose().as_bytes()) {
        let unchanged = FieldError::new("newPassword", "unchanged", "Choose another password than the current one.");
        return Err(Refusal::PasswordRejected(vec![unchanged]).into());
    }
    check_policy(app, "newPassword", &change.new, &[user.email.as_str(), user.email.local_part(), &user.name])
}

/// Whether the caller knows the password that the account has, tried as often as a sign-in may be (case 044). A wrong one
/// is told to the trail and ends nothing. For a right one the caller gives the place back.
async fn verify_current(app: &App, ctx: &RequestContext, caller: &Authenticated, current: &Password) -> Result<Turn> {
    let user = &caller.user;
    let counter = Counter::current_password(&app.settings.attempts, user.user_id);
    let (turn, login, admitted) = tokio::join!(
        attempts::take(app, ctx, counter),
        app.store.login_by_email(&user.email),
        attempts::admit_network(app, ctx)
    );
    let turn = turn?;
    let verdict = async {
        admitted?;
        let login = login?.filter(|login| login.user_id == user.user_id);
        let stored = login.as_ref().map(|login| login.password_hash.as_str());
        app.hasher().verify(stored, current).await.map_err(Error::internal)
    };
    match verdict.await {
        Ok(verdict) if verdict.matches => return Ok(turn),
        Ok(_) => {}
        Err(never_tried) => {
            turn.give_back(app, ctx).await;
            return Err(never_tried);
        }
    }
    let event = Event::by_user(Kind::PasswordChanged, user.user_id).on_session(caller.session.session_id);
    app.store.record_event(ctx, event.failed("invalid credentials")).await?;
    Err(Refusal::InvalidCredentials { captcha_required: false }.into())
}

/// Adds all that a new password means: the hash, the end of every session, the trail and the notice.
pub(super) fn replace<'a>(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    change: Transaction<'a>,
    user: &User,
    password_hash: &str,
    by: ChangedBy,
) -> Result<Transaction<'a>> {
    let (how, reason) = match by {
        ChangedBy::Reset => ("reset", "password reset"),
        ChangedBy::Change => ("change", "password changed"),
    };
    let notice = Mail::PasswordChanged {
        name: user.name.clone(),
        at: ctx.now.to_string(),
        ip: ctx.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        device: ctx.user_agent.clone(),
        by,
        reset_url: format!("{}/forgot-password", app.settings.app_url),
    };
    let change = change
        .replace_password(user, password_hash)
        .event(ctx, Event::by_user(Kind::PasswordChanged, user.user_id).with("by", how))?
        .event(ctx, Event::by_user(Kind::RefreshTokenRevoked, user.user_id).with("reason", reason))?;
    outbox::enqueue(change, secrets, &user.email, notice, ctx.now, ctx.now + NOTICE_LIFE)
}

/// Holds a chosen password to the policy. `context` is what an attacker would try first.
///
/// # Errors
/// [`Refusal::PasswordRejected`] with every unmet rule, each about `field`.
pub(super) fn check_policy(app: &App, field: &str, password: &Password, context: &[&str]) -> Result<()> {
    let unmet = app.settings.password_policy.check(password, context);
    if unmet.is_empty() {
        return Ok(());
    }
    let errors = unmet.into_iter().map(|rule| FieldError::new(field, rule.code(), rule.message())).collect();
    Err(Refusal::PasswordRejected(errors).into())
}
