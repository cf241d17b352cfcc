//! Accounts from elsewhere, with the passwords they have (SIGN-6): each is one transaction, as with a sign-up.

use super::record::{Importable, Reject};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::id::UserId;
use crate::store::{Committed, Login, Part};

/// What became of a line.
pub enum Imported {
    Made(UserId),
    /// The address has this account, or one with the same hash where the line does not say which: so nothing is to be done.
    AlreadyThere,
    Refused(Reject),
}

/// Writes an account. Doing so again changes nothing.
///
/// # Errors
/// When DynamoDB does not decide. The same [`Importable`] may come again.
pub async fn import(app: &App, ctx: &RequestContext, operator: &Actor, account: &Importable) -> Result<Imported> {
    let Importable { user, login, organization, .. } = account;
    let event = |kind| Event::new(kind, operator.clone()).with("by", "import");
    let mut change = app
        .store
        .transaction()
        .create_account(user, login, organization)?
        .event(ctx, event(Kind::UserCreated).on_user(user.user_id))?
        .event(ctx, event(Kind::OrganizationCreated).on_organization(organization.org_id).about(user.user_id))?;
    for role in user.roles.iter().filter(|role| *role != super::OWNER) {
        change = change.event(ctx, event(Kind::UserRoleCreated).on_user(user.user_id).with("role", role))?;
    }
    match change.commit().await? {
        Committed::Done => Ok(Imported::Made(user.user_id)),
        Committed::Refused(parts) => explain(app, account, &parts).await,
    }
}

/// What would become of a line now. Writes nothing.
///
/// # Errors
/// When DynamoDB does not answer.
pub async fn foresee(app: &App, account: &Importable) -> Result<Imported> {
    let (login, user, holder, organization) = tokio::try_join!(
        app.store.login_by_email(&account.user.email),
        app.store.user(account.user.user_id),
        app.store.slug_holder(&account.organization.slug),
        app.store.organization(account.organization.org_id)
    )?;
    let taken = [
        login.map(|_| Part::Login),
        user.map(|_| Part::User),
        holder.map(|_| Part::Slug),
        organization.map(|_| Part::Organization),
    ];
    let taken: Vec<Part> = taken.into_iter().flatten().collect();
    match taken[..] {
        [] => Ok(Imported::Made(account.user.user_id)),
        _ => explain(app, account, &taken).await,
    }
}

async fn explain(app: &App, account: &Importable, taken: &[Part]) -> Result<Imported> {
    if taken.contains(&Part::Login) {
        let login = app.store.login_by_email(&account.user.email).await?;
        // A line without an id is told by its hash: whoever signed up with the address before has another.
        let is_it = |login: &Login| match account.has_own_id {
            true => login.user_id == account.user.user_id,
            false => login.password_hash == account.login.password_hash,
        };
        return Ok(match login {
            Some(login) if is_it(&login) => Imported::AlreadyThere,
            Some(_) if account.has_own_id => refused("email_taken", "another account has the address"),
            Some(_) => {
                refused("email_taken", "an account with another hash has the address; perhaps its owner has signed in")
            }
            None => refused("changed", "the account has just been changed; import it again"),
        });
    }
    let first = [Part::User, Part::Slug].into_iter().find(|part| taken.contains(part));
    Ok(Imported::Refused(Reject::of_taken(first.unwrap_or(Part::Organization))))
}

fn refused(code: &'static str, reason: &str) -> Imported {
    Imported::Refused(Reject::new(code, reason))
}
