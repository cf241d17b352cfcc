//! Accounts that an operator makes for somebody: the first administrator, a colleague.

use super::verification::{self, Pending};
use super::{ADMIN, Name, OWNER};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::id::{OrganizationId, UserId};
use crate::keys::secrets::Secrets;
use crate::links::Link;
use crate::mail::{Mail, outbox};
use crate::organizations::Slug;
use crate::password::{DECOY, Password};
use crate::store::{ChallengeKind, Committed, Login, OrganizationRecord, Part, Status, Transaction, User};

/// How long the first link works: longer than one that was asked for, because nobody waits for it.
const LINK_HOURS: u64 = 24;

/// How the account gets its password.
pub enum FirstPassword {
    /// Its owner chooses one by the link that they are mailed; until then nobody can sign in.
    ByLink,
    /// This one; the owner of the address has to confirm it, as after a sign-up.
    Given(Password),
    /// This one, and the operator vouches for the address: nothing is mailed.
    GivenAndVerified(Password),
}

/// Whose account, and what it may.
pub struct NewAccount {
    pub email: Email,
    pub name: Name,
    pub password: FirstPassword,
    pub is_admin: bool,
}

/// What was made.
pub struct Created {
    pub user_id: UserId,
    /// Whether a link is on its way to the address.
    pub is_mailed: bool,
}

/// Makes an account with an organization of its own. `None` where the address has one already: operators may know.
///
/// # Errors
/// [`Refusal::PasswordRejected`](crate::error::Refusal::PasswordRejected).
pub async fn create_by_operator(
    app: &App,
    ctx: &RequestContext,
    operator: &Actor,
    new: &NewAccount,
) -> Result<Option<Created>> {
    let (given, email_verified) = match &new.password {
        FirstPassword::ByLink => (None, true),
        FirstPassword::Given(password) => (Some(password), false),
        FirstPassword::GivenAndVerified(password) => (Some(password), true),
    };
    let password_hash = match given {
        None => DECOY.to_owned(),
        Some(password) => {
            let context = [new.email.as_str(), new.email.local_part(), new.name.as_str()];
            super::password::check_policy(app, "password", password, &context)?;
            app.hasher().hash(password).await.map_err(Error::internal)?
        }
    };
    let secrets = app.secrets(ctx.now).await?;
    let mut roles = vec![OWNER.to_owned()];
    // Whoever is in AdminEmails is one as soon as the address is verified; here that may be at once.
    if new.is_admin || (email_verified && app.settings.admin_emails.contains(&new.email)) {
        roles.push(ADMIN.to_owned());
    }
    let user = User {
        user_id: UserId::new(ctx.now),
        email: new.email.clone(),
        email_verified,
        name: new.name.as_str().to_owned(),
        status: Status::Active,
        roles,
        organization_id: OrganizationId::new(ctx.now),
        token_version: 0,
        created_at: ctx.now,
    };
    let organization = OrganizationRecord {
        org_id: user.organization_id,
        name: user.name.clone(),
        slug: Slug::from_name(&user.name).with_suffix(),
        created_at: ctx.now,
    };
    let login = Login::of(&user, &password_hash);
    let change = app.store.transaction().create_account(&user, &login, &organization)?;
    let event = |kind| Event::new(kind, operator.clone()).with("by", "operator");
    let mut change = change
        .event(ctx, event(Kind::UserCreated).on_user(user.user_id))?
        .event(ctx, event(Kind::OrganizationCreated).on_organization(organization.org_id).about(user.user_id))?;
    for role in &user.roles {
        change = change.event(ctx, event(Kind::UserRoleCreated).on_user(user.user_id).with("role", role))?;
    }
    let (change, is_mailed) = match &new.password {
        FirstPassword::ByLink => (invite(app, ctx, &secrets, change, &user)?, true),
        FirstPassword::Given(_) => {
            let (email, name) = (&user.email, Some(user.name.as_str()));
            let pending =
                Pending { user_id: user.user_id, email, is_mailed: true, name, password_hash: &password_hash };
            (verification::add(app, ctx, &secrets, change, &pending)?, true)
        }
        FirstPassword::GivenAndVerified(_) => (change, false),
    };
    match change.commit().await? {
        Committed::Done => Ok(Some(Created { user_id: user.user_id, is_mailed })),
        Committed::Refused(parts) if parts.contains(&Part::Login) => Ok(None),
        Committed::Refused(_) => {
            Err(Error::Unavailable { dependency: "slugs", cause: "the one that was made up is taken".to_owned() })
        }
    }
}

/// Adds the link by which the owner of the address chooses a password.
fn invite<'a>(
    app: &App,
    ctx: &RequestContext,
    secrets: &Secrets,
    change: Transaction<'a>,
    user: &User,
) -> Result<Transaction<'a>> {
    let Link { challenge, url: link } =
        Link::new(app, ctx, ChallengeKind::ResetPassword, user.user_id, &user.email, LINK_HOURS);
    let change = change.create_challenge(&challenge)?.supersede_with(&challenge);
    let mail = Mail::PasswordReset { name: user.name.clone(), link, valid_hours: LINK_HOURS };
    outbox::enqueue(change, secrets, &user.email, mail, ctx.now, challenge.expires_at)
}
