//! Verification: an address becomes a person's when they open the mail that was sent to it (SIGN-3).

use super::{ADMIN, VERIFY_HOURS, VERIFY_LIFE};
use crate::app::App;
use crate::attempts::{self, Counter};
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Refusal, Result};
use crate::id::UserId;
use crate::keys::secrets::Secrets;
use crate::links::{self, Link};
use crate::mail::{Mail, outbox};
use crate::password;
use crate::secret::PlainToken;
use crate::store::{ChallengeKind, Committed, Part, Transaction, Verified};

/// What a verification link stands for.
pub(super) struct Pending<'a> {
    pub(super) user_id: UserId,
    pub(super) email: &'a Email,
    /// Whether the mail is sent; if not, link and mail are decoys.
    pub(super) is_mailed: bool,
    /// `None` leaves the name as it is.
    pub(super) name: Option<&'a str>,
    pub(super) password_hash: &'a str,
}

/// Adds a fresh verification link and the mail that carries it.
pub(super) fn add<'a>(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    change: Transaction<'a>,
    pending: &Pending<'_>,
) -> Result<Transaction<'a>> {
    let Pending { user_id, email, .. } = *pending;
    let Link { mut challenge, url: link } =
        Link::new(app, ctx, ChallengeKind::VerifyEmail, user_id, email, VERIFY_HOURS);
    challenge.password_hash = Some(pending.password_hash.to_owned());
    challenge.name = pending.name.map(str::to_owned);
    let name = pending.name.unwrap_or_default().to_owned();
    let mail = Mail::VerifyEmail { name, link, valid_hours: VERIFY_HOURS };
    let to = pending.is_mailed.then_some(email);
    let change = change.create_challenge(&challenge)?;
    outbox::enqueue(change, secrets, to, mail, ctx.now, challenge.expires_at)
}

/// The counter that all ways to another verification mail share. The first sign-up takes no place: it is always mailed.
pub(super) fn mails(email: &Email) -> Counter {
    Counter::mail("verify-email", email)
}

/// Takes a verification link: the address is the person's from now on, and they are welcome (SIGN-3).
///
/// # Errors
/// [`Refusal::TokenInvalid`], [`Refusal::TokenExpired`], [`Refusal::TokenUsed`].
pub async fn verify_email(app: &App, ctx: &RequestContext, token: &PlainToken) -> Result<()> {
    let opened = links::open(app, ctx, ChallengeKind::VerifyEmail, token);
    let (secrets, challenge) = tokio::try_join!(app.secrets(ctx.now), opened)?;
    let password_hash = challenge.password_hash.as_deref().ok_or(Refusal::TokenInvalid)?;
    let user = app
        .store
        .user(challenge.user_id)
        .await?
        .filter(|user| user.email == challenge.email)
        .ok_or(Refusal::TokenInvalid)?;

    let mut change = app.store.transaction().consume_challenge(&challenge, ctx.now);
    if !user.email_verified {
        let mut roles = user.roles.clone();
        change = change.event(ctx, Event::by_user(Kind::EmailVerified, user.user_id))?;
        // The way to the first admin: whoever deploys names addresses, and only their owners can verify them.
        if app.settings.admin_emails.contains(&user.email) {
            roles.push(ADMIN.to_owned());
            change = change.event(ctx, Event::by_user(Kind::UserRoleCreated, user.user_id).with("role", ADMIN))?;
        }
        let name = challenge.name.as_deref().unwrap_or(&user.name);
        let welcome = Mail::Welcome { name: name.to_owned(), sign_in_url: app.settings.app_url.clone() };
        let verified = Verified { name, password_hash, roles: &roles, made_at: challenge.created_at };
        change = change.verify_email(&user, &verified)?;
        change = outbox::enqueue(change, &secrets, &user.email, welcome, ctx.now, ctx.now + VERIFY_LIFE)?;
    }
    match change.commit().await? {
        Committed::Done => Ok(()),
        Committed::Refused(parts) if parts.contains(&Part::Challenge) => Err(Refusal::TokenUsed.into()),
        // Another link for the same address was faster: it is verified.
        Committed::Refused(parts) if parts.contains(&Part::User) => Ok(()),
        // A later sign-up with another password got no link of its own: this one must not pass for it.
        Committed::Refused(_) => Err(Refusal::TokenExpired.into()),
    }
}

/// Sends another verification link, if the address waits for one; the answer is the same if not, or if it got
/// enough of them lately.
pub async fn resend_verification(app: &App, ctx: &RequestContext, email: &Email) -> Result<()> {
    let mails = mails(email);
    let (secrets, login, has_room, ()) = tokio::try_join!(
        app.secrets(ctx.now),
        app.store.login_by_email(email),
        attempts::has_room(app, ctx, &mails),
        attempts::admit_network(app, ctx)
    )?;
    if !has_room {
        return Ok(());
    }
    let change = app.store.transaction().reserve(&mails, ctx.now);
    let event = |actor| Event::new(Kind::EmailVerificationRequested, actor);
    let change = match login {
        // A link would make one of several passwords good, and the address alone cannot say whose it should be.
        Some(login) if login.contested && !login.email_verified => {
            let change = change.event(ctx, event(Actor::User(login.user_id)).failed("several sign-ups"))?;
            let mail = Mail::SignUpAgain { app_url: app.settings.app_url.clone() };
            outbox::enqueue(change, &secrets, email, mail, ctx.now, ctx.now + VERIFY_LIFE)?
        }
        Some(login) if !login.email_verified => {
            let change = change.event(ctx, event(Actor::User(login.user_id)))?;
            // Nameless: reading the name would take this path longer than the others.
            let pending = Pending {
                user_id: login.user_id,
                email,
                is_mailed: true,
                name: None,
                password_hash: &login.password_hash,
            };
            add(app, ctx, &secrets, change, &pending)?
        }
        // The same steps for nobody: a link that no account has, in a mail that is never sent.
        other => {
            let event = match other {
                Some(login) => event(Actor::User(login.user_id)).failed("already verified"),
                None => event(Actor::Email(email.clone())).failed("unknown address"),
            };
            let pending = Pending {
                user_id: UserId::new(ctx.now),
                email,
                is_mailed: false,
                name: None,
                password_hash: password::DECOY,
            };
            add(app, ctx, &secrets, change.event(ctx, event)?, &pending)?
        }
    };
    // Refused only when another request was faster, and its mail is on the way.
    change.commit().await.map(drop)
}
