//! Accounts: sign-up, and the verification of an address (SIGN-1, SIGN-3, SIGN-4).
//!
//! Whether an address has an account is told only by mail, to its owner: every function here takes the same steps and
//! gives the same answer either way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::id::{OrganizationId, UserId};
use crate::keys::secrets::Secrets;
use crate::mail::{Mail, outbox};
use crate::organizations::Slug;
use crate::password::Password;
use crate::secret::PlainToken;
use crate::store::{
    Challenge, ChallengeKind, Committed, CoolDown, Login, OrganizationRecord, Part, Status, Transaction, User,
};

/// How long a verification link works (SIGN-3).
pub const VERIFY_HOURS: u64 = 24;
const VERIFY_LIFE: Duration = Duration::from_secs(VERIFY_HOURS * 3600);

/// One verification mail a minute for an address, and one "you already have an account" an hour, whoever asks.
const RESEND_COOL_DOWN: Duration = Duration::from_secs(60);
const TAKEN_COOL_DOWN: Duration = Duration::from_secs(3600);

/// Suffixes are random: a second try is rare, and a fourth means that something else is wrong.
const SLUG_TRIES: u32 = 3;

/// The role that opens the admin routes.
pub const ADMIN: &str = "admin";

/// A person's or an organization's name: 1–100 characters, none of them control characters.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

#[derive(Debug, thiserror::Error)]
#[error("must have 1 to 100 characters, without line breaks or other control characters")]
pub struct NotAName;

impl Name {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let is_fit = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_fit { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;
    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// What a person signs up with.
pub struct SignUp {
    pub email: Email,
    pub password: Password,
    pub name: Name,
    pub organization: Option<NewOrganization>,
}

pub struct NewOrganization {
    pub name: Name,
    pub slug: Option<Slug>,
}

/// Makes an account that waits for its address to be verified, or tells the address's owner that one exists.
///
/// # Errors
/// [`Refusal::PasswordRejected`] with every unmet rule, [`Refusal::SlugTaken`]; never anything about the address.
pub async fn sign_up(app: &App, ctx: &RequestContext, request: SignUp) -> Result<()> {
    check_password(app, &request)?;
    let taken_notice = CoolDown { purpose: "address-taken", email: &request.email, span: TAKEN_COOL_DOWN };
    let (secrets, known, slug, may_notify) = tokio::try_join!(
        app.secrets(),
        app.store.login_by_email(&request.email),
        free_slug(app, &request),
        app.store.is_cool(&taken_notice, ctx.now),
    )?;
    // Hashed in any case: the time must not tell whether the address is known.
    let password_hash = app.hasher().hash(&request.password).await.map_err(Error::internal)?;
    match known {
        Some(login) if login.email_verified => {
            return notify_owner(app, ctx, &secrets, &taken_notice, may_notify).await;
        }
        Some(login) => return sign_up_again(app, ctx, &secrets, &request, &login, &password_hash).await,
        None => {}
    }

    let is_slug_asked_for = request.organization.as_ref().is_some_and(|organization| organization.slug.is_some());
    let mut slug = slug;
    for _ in 0..SLUG_TRIES {
        let committed = create(app, ctx, &secrets, &request, slug.clone(), password_hash.clone()).await?;
        let Committed::Refused(taken) = committed else { return Ok(()) };
        if taken.contains(&Part::Login) {
            // Another sign-up with this address was faster: the next one would find it.
            return notify_owner(app, ctx, &secrets, &taken_notice, may_notify).await;
        }
        if taken.contains(&Part::Slug) && is_slug_asked_for {
            return Err(Refusal::SlugTaken.into());
        }
        slug = slug.with_suffix();
    }
    Err(Error::Unavailable { dependency: "slugs", cause: "each of them was taken".to_owned() })
}

fn check_password(app: &App, request: &SignUp) -> Result<()> {
    let mut context = vec![request.email.as_str(), request.email.local_part(), request.name.as_str()];
    let slug = request.organization.as_ref().and_then(|organization| organization.slug.as_ref()).map(Slug::to_string);
    context.extend(request.organization.as_ref().map(|organization| organization.name.as_str()));
    context.extend(slug.as_deref());
    let unmet = app.settings.password_policy.check(&request.password, &context);
    if unmet.is_empty() {
        return Ok(());
    }
    let errors = unmet.into_iter().map(|rule| FieldError::new("password", rule.code(), rule.message())).collect();
    Err(Refusal::PasswordRejected(errors).into())
}

/// The slug that was asked for, if it is free, or one made from a name.
async fn free_slug(app: &App, request: &SignUp) -> Result<Slug> {
    let asked_for = request.organization.as_ref().and_then(|organization| organization.slug.clone());
    let name = request.organization.as_ref().map_or(&request.name, |organization| &organization.name);
    let slug = asked_for.clone().unwrap_or_else(|| Slug::from_name(name.as_str()));
    match (app.store.slug_is_taken(&slug).await?, asked_for) {
        (false, _) => Ok(slug),
        (true, Some(_)) => Err(Refusal::SlugTaken.into()),
        (true, None) => Ok(slug.with_suffix()),
    }
}

/// User, login, organization, ownership, verification link, mail and events: one transaction (SIGN-1).
async fn create(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    request: &SignUp,
    slug: Slug,
    password_hash: String,
) -> Result<Committed> {
    let user_id = UserId::new(ctx.now);
    let org_id = OrganizationId::new(ctx.now);
    let roles = vec!["owner".to_owned()];
    let user = User {
        user_id,
        email: request.email.clone(),
        email_verified: false,
        name: request.name.as_str().to_owned(),
        status: Status::Active,
        roles: roles.clone(),
        organization_id: org_id,
        token_version: 0,
        created_at: ctx.now,
    };
    let login = Login {
        user_id,
        password_hash: password_hash.clone(),
        email_verified: false,
        status: Status::Active,
        roles,
        organization_id: org_id,
        token_version: 0,
    };
    let organization_name = request.organization.as_ref().map_or(&request.name, |organization| &organization.name);
    let organization =
        OrganizationRecord { org_id, name: organization_name.as_str().to_owned(), slug, created_at: ctx.now };

    let change = app.store.transaction().create_account(&user, &login, &organization)?;
    let name = Some(request.name.as_str());
    let pending = Pending { user_id, email: &request.email, name, password_hash: &password_hash };
    let change = with_verification(app, ctx, secrets, change, &pending)?;
    change
        .event(ctx, Event::by_user(Kind::UserCreated, user_id))?
        .event(
            ctx,
            Event::by_user(Kind::OrganizationCreated, user_id).on_organization(org_id).with("slug", &organization.slug),
        )?
        .event(ctx, Event::by_user(Kind::UserRoleCreated, user_id).on_organization(org_id).with("role", "owner"))?
        .event(ctx, Event::by_user(Kind::OrganizationSignupCompleted, user_id).on_organization(org_id))?
        .commit()
        .await
}

/// What a verification link stands for.
struct Pending<'a> {
    user_id: UserId,
    email: &'a Email,
    /// `None` leaves the name as it is.
    name: Option<&'a str>,
    password_hash: &'a str,
}

/// Adds a fresh verification link and the mail that carries it.
fn with_verification<'a>(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    change: Transaction<'a>,
    pending: &Pending<'_>,
) -> Result<Transaction<'a>> {
    let token = PlainToken::generate();
    let expires_at = ctx.now + VERIFY_LIFE;
    let challenge = Challenge {
        token_hash: token.hash(),
        kind: ChallengeKind::VerifyEmail,
        user_id: pending.user_id,
        email: pending.email.clone(),
        expires_at,
        password_hash: pending.password_hash.to_owned(),
        name: pending.name.map(str::to_owned),
        used_at: None,
    };
    let link = format!("{}/verify-email?token={}", app.settings.app_url, token.expose());
    let name = pending.name.unwrap_or_default().to_owned();
    let mail = Mail::VerifyEmail { name, link, valid_hours: VERIFY_HOURS };
    outbox::enqueue(change.create_challenge(&challenge)?, secrets, pending.email, mail, ctx.now, expires_at)
}

/// A sign-up with an address that another sign-up has left unverified. Nobody has shown that it is theirs, so both get
/// their own link: whoever opens the mail decides, and with the link they choose, whose password and name it will be.
/// Otherwise a stranger could sign up first and wait for the owner to make the account good.
async fn sign_up_again(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    request: &SignUp,
    login: &Login,
    password_hash: &str,
) -> Result<()> {
    let cool_down = CoolDown { purpose: "verify-email", email: &request.email, span: RESEND_COOL_DOWN };
    let event = Event::new(Kind::SignupRepeated, Actor::Email(request.email.clone()));
    let name = Some(request.name.as_str());
    let pending = Pending { user_id: login.user_id, email: &request.email, name, password_hash };
    let change = app.store.transaction().reserve(&cool_down, ctx.now).event(ctx, event.clone())?;
    let change = change.replace_unverified_password(&request.email, password_hash);
    match with_verification(app, ctx, secrets, change, &pending)?.commit().await? {
        Committed::Done => Ok(()),
        // The last mail was sent less than a minute ago, or the address has been verified meanwhile.
        Committed::Refused(_) => app.store.record_event(ctx, event).await,
    }
}

/// The address has an account: its owner gets a mail, the caller the usual answer.
async fn notify_owner(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    cool_down: &CoolDown<'_>,
    may_notify: bool,
) -> Result<()> {
    let event = Event::new(Kind::SignupRepeated, Actor::Email(cool_down.email.clone()));
    if may_notify {
        let mail = Mail::AddressTaken { name: String::new(), sign_in_url: app.settings.app_url.clone() };
        let change = app.store.transaction().reserve(cool_down, ctx.now).event(ctx, event.clone())?;
        if outbox::enqueue(change, secrets, cool_down.email, mail, ctx.now, ctx.now + VERIFY_LIFE)?
            .commit()
            .await?
            .is_done()
        {
            return Ok(());
        }
    }
    app.store.record_event(ctx, event).await
}

/// Takes a verification link: the address is the person's from now on, and they are welcome (SIGN-3).
///
/// # Errors
/// [`Refusal::TokenInvalid`], [`Refusal::TokenExpired`], [`Refusal::TokenUsed`].
pub async fn verify_email(app: &App, ctx: &RequestContext, token: &PlainToken) -> Result<()> {
    let hash = token.hash();
    let (secrets, challenge) = tokio::try_join!(app.secrets(), app.store.challenge(&hash))?;
    let challenge =
        challenge.filter(|challenge| challenge.kind == ChallengeKind::VerifyEmail).ok_or(Refusal::TokenInvalid)?;
    if challenge.used_at.is_some() {
        return Err(Refusal::TokenUsed.into());
    }
    if ctx.now >= challenge.expires_at {
        return Err(Refusal::TokenExpired.into());
    }
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
        change = change.verify_email(&user, name, &challenge.password_hash, &roles)?;
        change = outbox::enqueue(change, &secrets, &user.email, welcome, ctx.now, ctx.now + VERIFY_LIFE)?;
    }
    match change.commit().await? {
        Committed::Done => Ok(()),
        Committed::Refused(parts) if parts.contains(&Part::Challenge) => Err(Refusal::TokenUsed.into()),
        // Another link for the same address was faster: it is verified.
        Committed::Refused(parts) if parts.contains(&Part::User) => Ok(()),
        Committed::Refused(parts) => Err(Error::internal(format!("the copies of an account differ: {parts:?}"))),
    }
}

/// Sends another verification link, if the address waits for one; the answer is the same if not, or if the last was
/// sent less than a minute ago.
pub async fn resend_verification(app: &App, ctx: &RequestContext, email: &Email) -> Result<()> {
    let cool_down = CoolDown { purpose: "verify-email", email, span: RESEND_COOL_DOWN };
    let (secrets, login, is_cool) =
        tokio::try_join!(app.secrets(), app.store.login_by_email(email), app.store.is_cool(&cool_down, ctx.now))?;
    if !is_cool {
        return Ok(());
    }
    let change = app.store.transaction().reserve(&cool_down, ctx.now);
    let event = |actor| Event::new(Kind::EmailVerificationRequested, actor);
    let change = match login {
        Some(login) if !login.email_verified => {
            let change = change.event(ctx, event(Actor::User(login.user_id)))?;
            // Nameless: reading the name would take this path longer than the others.
            let pending = Pending { user_id: login.user_id, email, name: None, password_hash: &login.password_hash };
            with_verification(app, ctx, &secrets, change, &pending)?
        }
        Some(login) => change.event(ctx, event(Actor::User(login.user_id)).failed("already verified"))?,
        None => change.event(ctx, event(Actor::Email(email.clone())).failed("unknown address"))?,
    };
    // Refused only while the cool-down is warm: another request was faster, and its mail is on the way.
    change.commit().await.map(drop)
}
