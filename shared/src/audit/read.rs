//! Reading the trail by pages: newest first, and on from there as events come (AUDIT-2, AUDIT-4).
//!
//! Who reads is told to the trail, too (case 276), before they are told anything.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::cursor::{Cursor, Order};
use super::filters::{Filters, Wanted};
use super::shown::Shown;
use super::walk::{Step, Walk, span_of};
use super::{Actor, Event, Kind};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::id::UserId;
use crate::store::Span;

/// So many events are read for one page at most. Where few of them are wanted, a page is short and has a cursor.
const BUDGET: usize = 2_000;

/// A request may last five seconds and tells of its beginning; an index may lag behind, and two clocks may differ: what is
/// younger may still get a neighbour before it. Those who follow the trail are told of an event once it is as old.
const SETTLED: Duration = Duration::from_secs(15);

/// A page of the trail.
pub struct Page {
    pub events: Vec<Shown>,
    /// For older events, should there be any.
    pub next: Option<String>,
    /// For events that come later; absent where the query ends before now.
    pub newer: Option<String>,
}

/// A page of what the filters ask for.
///
/// # Errors
/// [`Refusal::Invalid`](crate::error::Refusal::Invalid) for a cursor of another query.
pub async fn read(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    filters: Filters,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page> {
    let reader = Actor::User(admin);
    let context = context("list", &reader, &filters);
    let cursor = match cursor {
        Some(text) => Some(Cursor::open(app, ctx, &context, text).await?),
        None => None,
    };
    let (secrets, wanted) = tokio::try_join!(app.secrets(ctx.now), filters.resolve(app))?;
    let order = cursor.as_ref().map_or(Order::NewestFirst, |cursor| cursor.order);
    let span = from_there(span_of(&wanted.filters, app.settings.kept_since(ctx.now), ctx.now), cursor.as_ref());
    let settled = (ctx.now - SETTLED).to_string();
    let span = match order {
        Order::NewestFirst => span,
        Order::OldestFirst => Span { before: span.before.min(settled.clone()), ..span },
    };
    let mut walk = Walk::new(&app.store, &wanted, order, &span, chunk(&wanted, limit)).with_budget(BUDGET);
    let (mut events, mut position) = (Vec::new(), None);
    while events.len() < limit {
        match walk.step().await? {
            Step::Event(event) => {
                position = Some(event.at.clone());
                if wanted.includes(&event) {
                    events.push(Shown::from(*event));
                }
            }
            Step::Weary | Step::End => break,
        }
    }
    let is_over = walk.is_over();
    let told_at = tell(app, ctx, &reader, &wanted, cursor.as_ref(), "list").await?;
    let seal = |order, position| Cursor::new(order, position, told_at, ctx.now).seal(&secrets, &context);
    let is_open = wanted.filters.to.is_none();
    let (next, newer) = match (order, &cursor) {
        (Order::NewestFirst, _) => {
            let next = position.filter(|_| !is_over).map(|position| seal(order, position)).transpose()?;
            let newer = if is_open && cursor.is_none() { Some(seal(Order::OldestFirst, settled)?) } else { None };
            (next, newer)
        }
        (Order::OldestFirst, cursor) => {
            let reached = if is_over { Some(span.before) } else { position };
            let stayed = cursor.as_ref().map(|cursor| cursor.position.clone()).unwrap_or_default();
            // Never back: a clock may have been set.
            let position = reached.map_or_else(|| stayed.clone(), |reached| reached.max(stayed.clone()));
            (None, Some(seal(order, position)?))
        }
    };
    Ok(Page { events, next, newer })
}

/// What a cursor is bound to.
pub(super) fn context(what: &str, reader: &Actor, filters: &Filters) -> String {
    format!("{what} {} {:?}", reader.key(), filters.described())
}

/// The part of a span that a cursor has not passed.
pub(super) fn from_there(span: Span, cursor: Option<&Cursor>) -> Span {
    match cursor {
        None => span,
        Some(Cursor { order: Order::NewestFirst, position, .. }) => {
            Span { before: span.before.min(position.clone()), ..span }
        }
        Some(Cursor { order: Order::OldestFirst, position, .. }) => {
            Span { after: span.after.max(position.clone()), ..span }
        }
    }
}

/// How many events to ask each lane for: enough for a page, if all of them are wanted.
fn chunk(wanted: &Wanted, limit: usize) -> usize {
    let Filters { action, ip, outcome, .. } = &wanted.filters;
    let is_exact = [action.is_some(), ip.is_some(), outcome.is_some(), !wanted.people.is_empty()];
    match is_exact.iter().filter(|is_set| **is_set).count() {
        0 | 1 if outcome.is_none() => limit + 1,
        _ => 250,
    }
}

/// Tells the trail who looks at what, unless their cursor shows that it was told lately. Returns when it was told.
pub(super) async fn tell(
    app: &App,
    ctx: &RequestContext,
    reader: &Actor,
    wanted: &Wanted,
    cursor: Option<&Cursor>,
    how: &str,
) -> Result<Timestamp> {
    if let Some(cursor) = cursor
        && !cursor.is_to_be_told(ctx.now)
    {
        return Ok(cursor.told_at);
    }
    let mut event = Event::new(Kind::AuditRead, reader.clone()).with("how", how);
    for (name, value) in wanted.filters.described() {
        event = match name {
            // No address here: it would outlive the erasure of the person. The account is the event's target.
            "email" => event.with("email", if is_known(wanted) { "of an account" } else { "of no account" }),
            // Nor an id: the target is found when the person is erased, and a detail is not.
            "userId" => event,
            "ip" => event.with("ip", "one address"),
            _ => event.with(name, value),
        };
    }
    let people = wanted.people.iter().filter_map(|person| person.user.as_deref()?.strip_prefix("user#")?.parse().ok());
    let people: BTreeSet<UserId> = people.collect();
    if people.is_empty() {
        app.store.record_event(ctx, event).await?;
    } else {
        // One for each: an event has one subject.
        try_join_all(people.into_iter().map(|user| app.store.record_event(ctx, event.clone().on_user(user)))).await?;
    }
    Ok(ctx.now)
}

fn is_known(wanted: &Wanted) -> bool {
    wanted.people.iter().any(|person| person.email.is_some() && person.user.is_some())
}
