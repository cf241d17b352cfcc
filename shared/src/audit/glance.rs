//! Short looks into the trail, for reports: a few events, never a walk through all.

use futures_util::future::try_join_all;

use super::cursor::Order;
use super::filters::{Filters, Wanted};
use super::walk::{Step, Walk, span_of};
use super::{Kind, Recorded};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::{Lane, SHARDS, Span};

/// When the oldest event happened that is still there, however old; `None` when there is none.
pub(crate) async fn oldest(app: &App, now: Timestamp) -> Result<Option<Timestamp>> {
    let span = Span { after: "0".to_owned(), before: now.to_string() };
    let first = try_join_all((0..SHARDS).map(async |shard| app.store.events(&Lane::All(shard), &span, false, 1).await));
    let first = first.await?.into_iter().filter_map(|(events, _)| events.into_iter().next());
    Ok(first.filter_map(|event| Timestamp::parse(event.at.split('#').next()?)).min())
}

/// The newest events of a kind since an instant, newest first, at most `limit`; and whether there are more.
pub(crate) async fn newest(
    app: &App,
    now: Timestamp,
    kind: Kind,
    since: Timestamp,
    limit: usize,
) -> Result<(Vec<Recorded>, bool)> {
    let filters = Filters { action: Some(kind), from: Some(since), ..Filters::default() };
    let span = span_of(&filters, app.settings.kept_since(now), now);
    let wanted = Wanted { filters, people: Vec::new() };
    let mut walk = Walk::new(&app.store, &wanted, Order::NewestFirst, &span, limit);
    let mut events = Vec::new();
    while events.len() < limit
        && let Step::Event(event) = walk.step().await?
    {
        events.push(*event);
    }
    Ok((events, !walk.is_over()))
}
