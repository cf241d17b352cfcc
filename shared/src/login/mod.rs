//! Signing in with an e-mail address and a password (LOGIN-1). What surrounds each attempt is in [`guard`].

mod guard;

use std::sync::Arc;

use self::guard::Guard;
use crate::app::App;
use crate::attempts::Turn;
use crate::attempts::device::{self, DeviceId, Known};
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Refusal, Result};
use crate::keys::cache::SigningRing;
use crate::keys::secrets::Secrets;
use crate::password::{Password, Verdict};
use crate::sessions::{self, Grant};
use crate::store::{Login, Status};

/// What somebody signs in with.
pub struct Credentials {
    pub email: Email,
    pub password: Password,
    /// What the browser's device cookie says, unread; empty when there is none.
    pub device: String,
    /// A solved CAPTCHA, for when one is asked for (LOGIN-5).
    pub captcha_token: Option<String>,
}

/// A sign-in, and the device cookie by which the browser will be known.
pub struct SignedIn {
    pub grant: Grant,
    pub device: String,
}

/// Signs an account in, or refuses without saying why.
///
/// An unknown address and a wrong password take the same steps: one read and its counters, one hash, one write, one
/// answer. Only a right password learns that the address is not verified yet (SIGN-3).
///
/// # Errors
/// [`Refusal::InvalidCredentials`], [`Refusal::EmailNotVerified`], [`Refusal::AccountLocked`], [`Refusal::RateLimited`],
/// [`Refusal::CaptchaRequired`], [`Refusal::CaptchaInvalid`].
pub async fn with_password(app: &App, ctx: &RequestContext, credentials: Credentials) -> Result<SignedIn> {
    let known = known_device(app, ctx, &credentials).await?;
    let mut guard = Guard { app, ctx, email: &credentials.email, device: known.map(|known| known.device) };
    let (mut turn, mut found) = enter(&guard).await?;
    if known.is_some_and(|known| found.login.as_ref().is_none_or(|login| login.token_version != known.epoch)) {
        // A cookie from before the account's last change makes nobody known. This costs a round trip, once.
        turn.give_back(app, ctx).await;
        guard.device = None;
        (turn, found) = enter(&guard).await?;
    }
    let tried = async {
        guard.ask_captcha(&turn, credentials.captcha_token.as_deref()).await?;
        found.verify(app, &credentials.password).await
    };
    let verdict = match tried.await {
        Ok(verdict) => verdict,
        // Nothing was learnt about the password, so this was no attempt.
        Err(error) => {
            turn.give_back(app, ctx).await;
            return Err(error);
        }
    };
    let Found { login, ring, secrets } = found;
    match &login {
        Some(login) if verdict.matches && login.status == Status::Active => {
            let accepted = accept(&guard, login, &ring, &secrets, verdict);
            let (grant, ()) = tokio::join!(accepted, turn.give_back(app, ctx));
            let known = Known { device: guard.device.unwrap_or_else(DeviceId::fresh), epoch: login.token_version };
            let device = device::remember(&secrets, &credentials.device, &credentials.email, known, ctx.now)
                .ok_or_else(|| Error::internal("no device key"))?;
            Ok(SignedIn { grant: grant?, device })
        }
        _ => {
            guard.failed(&turn, &secrets, login.as_ref()).await?;
            Err(guard.invalid(&turn).into())
        }
    }
}

/// Takes the places and reads the account. Boxed: the future holds half a dozen calls, and it is there twice.
async fn enter(guard: &Guard<'_>) -> Result<(Turn, Found)> {
    Box::pin(guard.enter(Found::read(guard.app, guard.ctx, guard.email))).await
}

/// The device that the cookie shows. Without a cookie nothing is read for it.
async fn known_device(app: &App, ctx: &RequestContext, credentials: &Credentials) -> Result<Option<Known>> {
    if credentials.device.is_empty() {
        return Ok(None);
    }
    app.made_by_us(ctx.now, |secrets| device::recognise(secrets, &credentials.device, &credentials.email, ctx.now))
        .await
}

/// What a sign-in needs to know, whether or not there is an account.
struct Found {
    login: Option<Login>,
    ring: Arc<SigningRing>,
    secrets: Secrets,
}

impl Found {
    async fn read(app: &App, ctx: &RequestContext, email: &Email) -> Result<Self> {
        let (login, ring, secrets) =
            tokio::try_join!(app.store.login_by_email(email), app.ring(ctx.now), app.secrets(ctx.now))?;
        Ok(Self { login, ring, secrets })
    }

    async fn verify(&self, app: &App, password: &Password) -> Result<Verdict> {
        let stored = self.login.as_ref().map(|login| login.password_hash.as_str());
        app.hasher().verify(stored, password).await.map_err(Error::internal)
    }
}

/// The password was right.
async fn accept(
    guard: &Guard<'_>,
    login: &Login,
    ring: &SigningRing,
    secrets: &Secrets,
    verdict: Verdict,
) -> Result<Grant> {
    let Guard { app, ctx, email, .. } = guard;
    if !login.email_verified {
        let event = Event::new(Kind::UserLoginFailed, Actor::User(login.user_id)).failed("email not verified");
        app.store.record_event(ctx, event).await?;
        return Err(Refusal::EmailNotVerified.into());
    }
    let change = guard.greet(secrets, login)?;
    let (grant, ()) = tokio::join!(
        sessions::start(app, ctx, ring, secrets, login, "pwd", change),
        upgrade_hash(app, email, login, verdict.rehash)
    );
    grant
}

/// Stores a stronger hash of a password that was just right (SIGN-6). Never in the way of a sign-in: the next one tries again.
async fn upgrade_hash(app: &App, email: &Email, login: &Login, stronger: Option<String>) {
    let Some(stronger) = stronger else { return };
    if let Err(error) = app.store.upgrade_password_hash(email, &login.password_hash, &stronger).await {
        tracing::warn!(%error, "a password hash was not upgraded");
    }
}
