//! Sign-up: one transaction makes a person all they need, or nothing happens (SIGN-1).

use super::password::check_policy;
use std::time::Duration;

use tokio::time::Instant;

use super::verification::{self, Pending};
use super::{Name, OWNER, VERIFY_LIFE};
use crate::app::App;
use crate::attempts::{self, Counter};
use crate::audit::{Actor, Event, Kind};
use crate::captcha;
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Refusal, Result};
use crate::id::{OrganizationId, UserId};
use crate::keys::secrets::Secrets;
use crate::mail::{Mail, outbox};
use crate::organizations::Slug;
use crate::password::Password;
use crate::store::{Committed, Login, OrganizationRecord, Part, Status, User};

/// Sign-ups are answered at whole multiples of this, so that their time does not tell what was written (SIGN-4).
pub const BEAT: Duration = Duration::from_millis(100);

/// Suffixes are random: a second try is rare, and a fourth means that something else is wrong.
const SLUG_TRIES: u32 = 3;

/// What a person signs up with.
pub struct SignUp {
    pub email: Email,
    pub password: Password,
    pub name: Name,
    pub organization: Option<NewOrganization>,
    /// What the browser got for solving a CAPTCHA, where one is asked for (SIGN-7).
    pub captcha_token: Option<String>,
}

pub struct NewOrganization {
    pub name: Name,
    pub slug: Option<Slug>,
}

/// Makes an account that waits for its address to be verified, or tells the address's owner that one exists.
///
/// # Errors
/// [`Refusal::PasswordRejected`] with every unmet rule, what [`captcha::check`] refuses, [`Refusal::SlugTaken`]; never
/// anything about the address.
pub async fn sign_up(app: &App, ctx: &RequestContext, request: SignUp) -> Result<()> {
    let started = Instant::now();
    let outcome = make_or_tell(app, ctx, request).await;
    // A new account is a dozen items, a notice to the owner of a known address three: both answer on the same beat.
    let beats = u32::try_from(started.elapsed().as_millis() / BEAT.as_millis()).unwrap_or(u32::MAX);
    tokio::time::sleep_until(started + BEAT * beats.saturating_add(1)).await;
    outcome
}

async fn make_or_tell(app: &App, ctx: &RequestContext, request: SignUp) -> Result<()> {
    check_password(app, &request)?;
    let wanted = WantedSlug::of(&request);
    // One "you already have an account" an hour for an address, whoever asks.
    let taken_notice = Counter::notice("address-taken", &request.email);
    let ((), secrets, known, holder, may_notify, ()) = tokio::try_join!(
        captcha::check(app, ctx, captcha::Action::SignUp, request.captcha_token.as_deref()),
        app.secrets(ctx.now),
        app.store.login_by_email(&request.email),
        app.store.slug_holder(&wanted.slug),
        attempts::has_room(app, ctx, &taken_notice),
        attempts::admit_network(app, ctx),
    )?;
    let waiting = known.as_ref().filter(|login| !login.email_verified);
    // Held by this very account, which still waits: the same sign-up once more, perhaps after an answer that was lost.
    let is_own = waiting.is_some_and(|login| holder == Some(login.organization_id));
    if holder.is_some() && wanted.is_asked_for && !is_own {
        return Err(Refusal::SlugTaken.into());
    }
    if let Some(login) = waiting {
        return sign_up_again(app, ctx, &secrets, &request, login).await;
    }
    // Hashed in any case: the time must not tell whether the address is known.
    let password_hash = app.hasher().hash(&request.password).await.map_err(Error::internal)?;
    if known.is_some() {
        return notify_owner(app, ctx, &secrets, &request.email, &taken_notice, may_notify).await;
    }

    let mut slug = if holder.is_some() { wanted.slug.with_suffix() } else { wanted.slug };
    for _ in 0..SLUG_TRIES {
        let committed = create(app, ctx, &secrets, &request, slug.clone(), password_hash.clone()).await?;
        let Committed::Refused(taken) = committed else { return Ok(()) };
        if taken.contains(&Part::Login) {
            // Another sign-up with this address was faster.
            return match app.store.login_by_email(&request.email).await? {
                Some(login) if !login.email_verified => sign_up_again(app, ctx, &secrets, &request, &login).await,
                _ => notify_owner(app, ctx, &secrets, &request.email, &taken_notice, may_notify).await,
            };
        }
        if taken.contains(&Part::Slug) && wanted.is_asked_for {
            return Err(Refusal::SlugTaken.into());
        }
        slug = slug.with_suffix();
    }
    Err(Error::Unavailable { dependency: "slugs", cause: "each of them was taken".to_owned() })
}

/// The slug that was asked for, or one made from a name.
struct WantedSlug {
    slug: Slug,
    is_asked_for: bool,
}

impl WantedSlug {
    fn of(request: &SignUp) -> Self {
        let asked_for = request.organization.as_ref().and_then(|organization| organization.slug.clone());
        let name = request.organization.as_ref().map_or(&request.name, |organization| &organization.name);
        let is_asked_for = asked_for.is_some();
        Self { slug: asked_for.unwrap_or_else(|| Slug::from_name(name.as_str())), is_asked_for }
    }
}

fn check_password(app: &App, request: &SignUp) -> Result<()> {
    let mut context = vec![request.email.as_str(), request.email.local_part(), request.name.as_str()];
    let slug = request.organization.as_ref().and_then(|organization| organization.slug.as_ref()).map(Slug::to_string);
    context.extend(request.organization.as_ref().map(|organization| organization.name.as_str()));
    context.extend(slug.as_deref());
    check_policy(app, "password", &request.password, &context)
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
    let user = User {
        user_id,
        email: request.email.clone(),
        email_verified: false,
        name: request.name.as_str().to_owned(),
        status: Status::Active,
        roles: vec![OWNER.to_owned()],
        organization_id: org_id,
        token_version: 0,
        created_at: ctx.now,
    };
    let login = Login::of(&user, &password_hash);
    let organization_name = request.organization.as_ref().map_or(&request.name, |organization| &organization.name);
    let organization =
        OrganizationRecord { org_id, name: organization_name.as_str().to_owned(), slug, created_at: ctx.now };

    let change = app.store.transaction().create_account(&user, &login, &organization)?;
    let name = Some(request.name.as_str());
    let pending = Pending { user_id, email: &request.email, is_mailed: true, name, password_hash: &password_hash };
    let change = verification::add(app, ctx, secrets, change, &pending)?;
    change
        .event(ctx, Event::by_user(Kind::UserCreated, user_id))?
        .event(
            ctx,
            Event::by_user(Kind::OrganizationCreated, user_id).on_organization(org_id).with("slug", &organization.slug),
        )?
        .event(ctx, Event::by_user(Kind::UserRoleCreated, user_id).on_organization(org_id).with("role", OWNER))?
        .event(ctx, Event::by_user(Kind::OrganizationSignupCompleted, user_id).on_organization(org_id))?
        .commit()
        .await
}

/// A sign-up with an address that another sign-up has left unverified. Nobody has shown that it is theirs, so each gets
/// a link of their own: whoever opens the mail decides, by the link they choose, whose password and name it will be.
/// Otherwise a stranger could sign up first and wait for the owner to make the account good.
async fn sign_up_again(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    request: &SignUp,
    login: &Login,
) -> Result<()> {
    let hasher = app.hasher();
    let same = hasher.verify(Some(&login.password_hash), &request.password).await.map_err(Error::internal)?.matches;
    let own_hash = if same { None } else { Some(hasher.hash(&request.password).await.map_err(Error::internal)?) };

    let mails = verification::mails(&request.email);
    let event = Event::new(Kind::SignupRepeated, Actor::Email(request.email.clone()));
    let password_hash = own_hash.as_deref().unwrap_or(&login.password_hash);
    let name = Some(request.name.as_str());
    let pending = Pending { user_id: login.user_id, email: &request.email, is_mailed: true, name, password_hash };
    let mut change = app.store.transaction().reserve(&mails, ctx.now).event(ctx, event.clone())?;
    if !same {
        change = change.contest(&request.email, None);
    }
    if verification::add(app, ctx, secrets, change, &pending)?.commit().await?.is_done() {
        return Ok(());
    }
    // The address got enough mails lately, so this sign-up gets no link, and the person may take another's for
    // it. With another password that must not happen: the links that are out stop working.
    let change = app.store.transaction().event(ctx, event.clone())?;
    let change = if same { change } else { change.contest(&request.email, Some(ctx.now)) };
    match change.commit().await? {
        Committed::Done => Ok(()),
        // Verified meanwhile.
        Committed::Refused(_) => app.store.record_event(ctx, event).await,
    }
}

/// The address has an account: its owner gets a mail, the caller the usual answer.
async fn notify_owner(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    email: &Email,
    notices: &Counter,
    may_notify: bool,
) -> Result<()> {
    let event = Event::new(Kind::SignupRepeated, Actor::Email(email.clone()));
    if may_notify {
        let mail = Mail::AddressTaken { name: String::new(), sign_in_url: app.settings.app_url.clone() };
        let change = app.store.transaction().reserve(notices, ctx.now).event(ctx, event.clone())?;
        if outbox::enqueue(change, secrets, email, mail, ctx.now, ctx.now + VERIFY_LIFE)?.commit().await?.is_done() {
            return Ok(());
        }
    }
    app.store.record_event(ctx, event).await
}
