//! Signing in with an e-mail address and a password (LOGIN-1).

use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Refusal, Result};
use crate::password::Password;
use crate::sessions::{self, Grant};
use crate::store::{Login, Status};

pub struct Credentials {
    pub email: Email,
    pub password: Password,
}

/// Signs an account in, or refuses without saying why.
///
/// An unknown address and a wrong password take the same steps: one read, one hash, one event, one answer. Only a right
/// password learns that the address is not verified yet (SIGN-3).
///
/// # Errors
/// [`Refusal::InvalidCredentials`], [`Refusal::EmailNotVerified`].
pub async fn with_password(app: &App, ctx: &RequestContext, credentials: Credentials) -> Result<Grant> {
    let Credentials { email, password } = credentials;
    let (login, ring, secrets) = tokio::try_join!(app.store.login_by_email(&email), app.ring(ctx.now), app.secrets())?;

    let stored = login.as_ref().map(|login| login.password_hash.as_str());
    let verdict = app.hasher().verify(stored, &password).await.map_err(Error::internal)?;
    let actor = login.as_ref().map_or_else(|| Actor::Email(email.clone()), |login| Actor::User(login.user_id));
    let login = match login {
        Some(login) if verdict.matches && login.status == Status::Active => login,
        _ => return refuse(app, ctx, actor, Refusal::InvalidCredentials, "invalid credentials").await,
    };
    if !login.email_verified {
        return refuse(app, ctx, actor, Refusal::EmailNotVerified, "email not verified").await;
    }
    let (grant, ()) = tokio::join!(
        sessions::start(app, ctx, &ring, &secrets, &login, "pwd"),
        upgrade_hash(app, &email, &login, verdict.rehash)
    );
    grant
}

async fn refuse(app: &App, ctx: &RequestContext, actor: Actor, refusal: Refusal, reason: &str) -> Result<Grant> {
    app.store.record_event(ctx, Event::new(Kind::UserLoginFailed, actor).failed(reason)).await?;
    Err(refusal.into())
}

/// Stores a stronger hash of a password that was just right (SIGN-6). Never in the way of a sign-in: the next one tries again.
async fn upgrade_hash(app: &App, email: &Email, login: &Login, stronger: Option<String>) {
    let Some(stronger) = stronger else { return };
    if let Err(error) = app.store.upgrade_password_hash(email, &login.password_hash, &stronger).await {
        tracing::warn!(%error, "a password hash was not upgraded");
    }
}
