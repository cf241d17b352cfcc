//! A copy of all accounts, with the hashes of their passwords: for a move to another stack, or away.

use super::record::Record;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::id::UserId;
use crate::store::User;

/// A part of the copy.
pub struct ExportPage {
    pub records: Vec<Record>,
    /// Accounts that nobody can sign in to by their address, and are not in the copy.
    pub left_out: Vec<UserId>,
    /// Accounts that are in it without their organization, which was not found.
    pub without_organization: Vec<UserId>,
    /// Where the next part begins, if there is one.
    pub next: Option<String>,
}

/// Tells the trail who takes the copy: before anything is read, so that nothing is read that was not told.
///
/// # Errors
/// When it cannot be told.
pub async fn tell_export(app: &App, ctx: &RequestContext, operator: &Actor) -> Result<()> {
    app.store.record_event(ctx, Event::new(Kind::UsersExported, operator.clone())).await
}

/// A part of one of `of` walks over all accounts; together they see each account once. `after` is what the part before
/// said. Sign-ups meanwhile may or may not be in it.
///
/// # Errors
/// When DynamoDB does not answer.
pub async fn export_page(app: &App, segment: i32, of: i32, after: Option<&str>) -> Result<ExportPage> {
    let page = app.store.accounts(segment, of, after).await?;
    let record = |user: &User| {
        let login = page.logins.get(&user.user_id)?;
        Some(Record::of(user, login, page.organizations.get(&user.organization_id)))
    };
    // Those of deployments' checks are gone in a minute.
    let people: Vec<&User> = page.users.iter().filter(|user| !user.user_id.is_synthetic()).collect();
    let those = |are_meant: &dyn Fn(&User) -> bool| -> Vec<UserId> {
        people.iter().filter(|user| are_meant(user)).map(|user| user.user_id).collect()
    };
    let has_login = |user: &User| page.logins.contains_key(&user.user_id);
    Ok(ExportPage {
        left_out: those(&|user| !has_login(user)),
        without_organization: those(&|user| has_login(user) && !page.organizations.contains_key(&user.organization_id)),
        records: people.iter().copied().filter_map(record).collect(),
        next: page.next,
    })
}
