//! A walk along the trail: events of several lanes (parts of an index, partitions of the table) merged into one order.
//!
//! The order is total, since an event's `at` ends with its id. So a walk can stop anywhere and go on from the last `at`,
//! whatever is written or purged meanwhile: no gap and no duplicate (case 272, F48).

use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::cursor::Order;
use super::filters::Wanted;
use super::{Filters, Recorded};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::{Lane, SHARDS, Span, Store};

/// Where the walk stands, and what it has at hand.
pub(super) struct Walk<'a> {
    store: &'a Store,
    order: Order,
    lanes: Vec<Progress>,
    /// How many events a lane is asked for at a time.
    chunk: usize,
    /// How many more events may be read.
    budget: usize,
}

struct Progress {
    lane: Lane,
    span: Span,
    at_hand: VecDeque<Recorded>,
    has_more: bool,
}

/// One step.
pub(super) enum Step {
    Event(Box<Recorded>),
    /// The budget is spent; there may be more.
    Weary,
    End,
}

/// The lanes that hold all that is wanted: those that promise to hold the least besides.
fn lanes(wanted: &Wanted) -> Vec<Lane> {
    let Filters { action, ip, request_id, .. } = &wanted.filters;
    if let Some(id) = request_id {
        return vec![Lane::Request(id.clone())];
    }
    if let Some(person) = wanted.people.first() {
        let user = person.user.iter().flat_map(|user| [Lane::Actor(user.clone()), Lane::Subject(user.clone())]);
        return user.chain(person.email.iter().map(|email| Lane::Actor(email.clone()))).collect();
    }
    if let Some(ip) = ip {
        return vec![Lane::Ip(ip.to_string())];
    }
    match action {
        Some(action) => (0..SHARDS).map(|shard| Lane::Kind(*action, shard)).collect(),
        None => (0..SHARDS).map(Lane::All).collect(),
    }
}

impl<'a> Walk<'a> {
    /// A walk over what is wanted between two places, both left out.
    pub(super) fn new(store: &'a Store, wanted: &Wanted, order: Order, span: &Span, chunk: usize) -> Self {
        let progress =
            |lane| Progress { lane, span: span.clone(), at_hand: VecDeque::new(), has_more: !span.is_empty() };
        let lanes = lanes(wanted).into_iter().map(progress).collect();
        Self { store, order, lanes, chunk, budget: usize::MAX }
    }

    pub(super) fn with_budget(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// The next event, in order.
    pub(super) async fn step(&mut self) -> Result<Step> {
        if self.lanes.iter().any(Progress::is_hungry) {
            if self.budget == 0 {
                return Ok(Step::Weary);
            }
            self.feed().await?;
        }
        let order = self.order;
        let heads = self.lanes.iter().filter_map(|lane| lane.at_hand.front()).map(|event| event.at.clone());
        let next = match order {
            Order::NewestFirst => heads.max(),
            Order::OldestFirst => heads.min(),
        };
        let Some(next) = next else { return Ok(Step::End) };
        let is_next = |lane: &&mut Progress| lane.at_hand.front().is_some_and(|event| event.at == next);
        // Of several lanes at once where one event lies in more than one.
        let taken: Vec<Recorded> =
            self.lanes.iter_mut().filter(is_next).filter_map(|lane| lane.at_hand.pop_front()).collect();
        Ok(taken.into_iter().next().map_or(Step::End, |event| Step::Event(Box::new(event))))
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.at_hand.is_empty() && !lane.has_more)
    }

    /// Reads on wherever nothing is at hand, at once.
    async fn feed(&mut self) -> Result<()> {
        let (store, order, chunk) = (self.store, self.order, self.chunk);
        let hungry = self.lanes.iter_mut().filter(|lane| lane.is_hungry());
        let read = try_join_all(hungry.map(|lane| lane.feed(store, order, chunk))).await?;
        self.budget = self.budget.saturating_sub(read.into_iter().sum());
        Ok(())
    }
}

impl Progress {
    fn is_hungry(&self) -> bool {
        self.at_hand.is_empty() && self.has_more
    }

    async fn feed(&mut self, store: &Store, order: Order, chunk: usize) -> Result<usize> {
        let newest_first = order == Order::NewestFirst;
        let (events, has_more) = store.events(&self.lane, &self.span, newest_first, chunk).await?;
        if let Some(last) = events.last() {
            let edge = if newest_first { &mut self.span.before } else { &mut self.span.after };
            edge.clone_from(&last.at);
        }
        let count = events.len();
        // A page of nothing but edges would otherwise be asked for again for ever.
        self.has_more = has_more && count > 0;
        self.at_hand = events.into();
        Ok(count.max(1))
    }
}

/// The part of the trail that may be looked at: what is asked for, and never what should have been purged (AUDIT-5).
pub(super) fn span_of(filters: &Filters, kept_since: Timestamp, now: Timestamp) -> Span {
    let after = filters.from.map_or(kept_since, |from| from.max(kept_since));
    // Another instance's clock may be a little ahead of ours.
    let end = now + std::time::Duration::from_secs(3600);
    let before = filters.to.map_or(end, |to| to.min(end));
    Span { after: after.to_string(), before: before.to_string() }
}
