//! Accounts that no person has: a deployment is checked by the life of one, which is real in every respect but three. Its
//! address can get no mail, so nobody can regain it; its id says what it is, so figures leave it out; and it is removed.

use std::time::Duration;

use super::{Name, OWNER};
use crate::app::App;
use crate::attempts::Counter;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::id::{OrganizationId, UserId};
use crate::organizations::Slug;
use crate::password::Password;
use crate::secret::PlainToken;
use crate::store::{Committed, Login, OrganizationRecord, Status, SyntheticRecord, User};

/// No name server will ever know it (RFC 6761 §6.4).
const DOMAIN: &str = "deploy-check.invalid";

const NAME: &str = "Deployment check";

/// Who the trail says it was.
const SYSTEM: &str = "deploy-check";

/// No check takes so long. An account that is older has been left over by one that died.
const LEFT_OVER: Duration = Duration::from_secs(5 * 60);

/// Deletions beside those of sessions fit into one transaction of a hundred; no check signs in so often.
const MOST_SESSIONS: usize = 80;

/// An account, with the only copy of its password.
pub struct Synthetic {
    pub record: SyntheticRecord,
    pub password: Password,
}

/// Makes an account that can sign in at once. It has a role that everybody has, and never another: those are given upon
/// verifying an address, which nobody can do with this one.
///
/// # Errors
/// [`Error::Unavailable`]; there may be an account then, which [`remove_left_over`] finds.
pub async fn make(app: &App, ctx: &RequestContext) -> Result<Synthetic> {
    let password = Password::new(PlainToken::generate().expose().to_owned());
    let password_hash = app.hasher().hash(&password).await.map_err(Error::internal)?;
    let (user_id, organization_id) = (UserId::synthetic(ctx.now), OrganizationId::new(ctx.now));
    let email = Email::parse(&format!("{user_id}@{DOMAIN}")).map_err(Error::internal)?;
    let name = Name::parse(NAME).map_err(Error::internal)?.as_str().to_owned();
    let slug = Slug::from_name(&format!("check-{user_id}")).with_suffix();
    let user = User {
        user_id,
        email: email.clone(),
        email_verified: true,
        name: name.clone(),
        status: Status::Active,
        roles: vec![OWNER.to_owned()],
        organization_id,
        token_version: 0,
        created_at: ctx.now,
    };
    let login = Login::of(&user, &password_hash);
    let organization = OrganizationRecord { org_id: organization_id, name, slug: slug.clone(), created_at: ctx.now };
    let record = SyntheticRecord { user_id, email, organization_id, slug, made_at: ctx.now };
    let change = app.store.transaction().create_account(&user, &login, &organization)?.note_synthetic(&record)?;
    match change.event(ctx, event(Kind::UserCreated, user_id))?.commit().await? {
        Committed::Done => Ok(Synthetic { record, password }),
        Committed::Refused(parts) => Err(Error::internal(format!("a synthetic account was refused for {parts:?}"))),
    }
}

/// Removes an account with everything that belongs to it but the trail. Harmless when that has been done.
///
/// # Errors
/// [`Error::Unavailable`]: it is still there, or it is not.
pub async fn remove(app: &App, ctx: &RequestContext, record: &SyntheticRecord) -> Result<()> {
    if !record.user_id.is_synthetic() {
        return Err(Error::internal("a person's account is not removed like this"));
    }
    let mut sessions = app.store.sessions_begun(record.user_id).await?;
    sessions.truncate(MOST_SESSIONS);
    let change = app.store.transaction().remove_synthetic(record, &sessions);
    let failures = Counter::strangers(&app.settings.attempts, &record.email);
    let change = change.forget_counter(&failures).event(ctx, event(Kind::UserDeleted, record.user_id))?;
    // Refused: somebody else has removed it.
    change.commit().await.map(drop)
}

/// Removes the accounts of checks that died half-way, and tells how many there were.
///
/// # Errors
/// [`Error::Unavailable`]: some may be left for the next time.
pub async fn remove_left_over(app: &App, ctx: &RequestContext) -> Result<usize> {
    let mut accounts = app.store.synthetic_accounts().await?;
    accounts.retain(|account| ctx.now.since(account.made_at) > LEFT_OVER);
    for account in &accounts {
        remove(app, ctx, account).await?;
    }
    Ok(accounts.len())
}

fn event(kind: Kind, user: UserId) -> Event {
    Event::new(kind, Actor::System(SYSTEM)).on_user(user)
}
