//! A copy of all accounts, with the hashes of their passwords: for a move to another stack, or away.

use super::record::Record;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::User;

/// A part of the copy.
pub struct ExportPage {
    pub records: Vec<Record>,
    /// Accounts that nobody can sign in to by their address: those that are being changed this moment.
    pub left_out: usize,
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
    let records: Vec<Record> = people.iter().copied().filter_map(record).collect();
    Ok(ExportPage { left_out: people.len() - records.len(), records, next: page.next })
}
