//! Audit events.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | AuditEvents | `actor` = `user#<id>`, `email#<address>`, `system#<job>` or `operator#<arn>`; `at` = time and id | a month after the longest retention that there is |
//!
//! | index | key | holds |
//! |---|---|---|
//! | `all` | `shard`, `at` | every event |
//! | `kind` | `kind_shard` = `<kind>#<shard>`, `at` | the events of a kind |
//! | `subject` | `subject` = `user#<id>`, `at` | events about a person by somebody else |
//! | `address` | `ip`, `at` | events from an address |
//! | `request` | `request_id`, `at` | events of one request |

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use serde::Serialize;

use super::transaction::{Change, Part};
use super::{DYNAMODB, Item, Store, Transaction, from_item, key2, text, to_item};
use crate::audit::{Actor, Event, Kind, Outcome, Recorded};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id;
use crate::random;
use crate::settings::MOST_AUDIT_DAYS;

/// TTL removes what nobody has purged a month after the longest retention that there is. An event's TTL cannot be moved, since
/// the chain has its fingerprint: were it of today's retention, one that is raised later would lose events.
fn ttl(happened: Timestamp) -> i64 {
    (happened + Duration::from_secs(24 * 3600) * (MOST_AUDIT_DAYS + 30)).seconds()
}

/// An index over everything would put every event of a moment into one partition, which takes a thousand a second.
pub(crate) const SHARDS: u8 = 4;

/// A part of the trail that one query walks along.
#[derive(Clone, Debug)]
pub(crate) enum Lane {
    Actor(String),
    Subject(String),
    Ip(String),
    Request(String),
    Kind(Kind, u8),
    All(u8),
}

/// A part of the order of all events, by `at`: what lies between the two, without either.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) after: String,
    pub(crate) before: String,
}

impl Span {
    pub(crate) fn is_empty(&self) -> bool {
        self.after >= self.before
    }
}

impl Lane {
    /// The index, if it is one, its key, and the key's value.
    pub(super) fn key(&self) -> (Option<&'static str>, &'static str, String) {
        match self {
            Self::Actor(actor) => (None, "actor", actor.clone()),
            Self::Subject(user) => (Some("subject"), "subject", user.clone()),
            Self::Ip(ip) => (Some("address"), "ip", ip.clone()),
            Self::Request(id) => (Some("request"), "request_id", id.clone()),
            Self::Kind(kind, shard) => (Some("kind"), "kind_shard", format!("{kind:?}#{shard}")),
            Self::All(shard) => (Some("all"), "shard", shard.to_string()),
        }
    }
}

#[derive(Serialize)]
struct EventRecord<'a> {
    actor: String,
    /// The instant and then the id: unique, and in the order of time.
    at: String,
    id: String,
    kind: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    shard: String,
    kind_shard: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    detail: BTreeMap<String, String>,
    /// The id of the event that this one was before a person was erased from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rewritten_from: Option<&'a str>,
    /// The fingerprint in the chain outlives the event: by this nobody can guess from it what the event was.
    salt: String,
    ttl: i64,
}

fn record(ctx: &RequestContext, event: Event) -> Result<Item> {
    let id = id::fresh(ctx.now);
    let at: Timestamp = ctx.now;
    let shard = shard_of(&id);
    let actor = event.actor.key();
    to_item(&EventRecord {
        subject: event.subject.map(|user| Actor::User(user).key()).filter(|subject| *subject != actor),
        actor,
        at: format!("{at}#{id}"),
        id,
        kind: format!("{:?}", event.kind),
        outcome: event.outcome,
        target: event.target,
        kind_shard: format!("{:?}#{shard}", event.kind),
        shard: shard.to_string(),
        ip: ctx.ip.map(|ip| ip.to_string()),
        user_agent: &ctx.user_agent,
        request_id: &ctx.request_id,
        detail: event.detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        rewritten_from: None,
        salt: salt(),
        ttl: ttl(at),
    })
}

fn salt() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<16>())
}

fn event_key(event: &Recorded) -> Item {
    key2("actor", &event.actor, "at", &event.at)
}

/// By the id's last digit, which is random.
fn shard_of(id: &str) -> u8 {
    id.bytes().last().map_or(0, |digit| digit % SHARDS)
}

impl Transaction<'_> {
    /// Tells the trail, if and only if the rest happens.
    pub fn event(self, ctx: &RequestContext, event: Event) -> Result<Self> {
        let item = record(ctx, event)?;
        let table = self.tables().audit_events.as_str();
        Ok(self.create(Part::Event, table, item, "actor"))
    }
}

impl Transaction<'_> {
    /// Takes an event out of the trail, for good. Refused (`Part::Event`) if it is not there.
    pub(crate) fn remove_event(self, event: &Recorded) -> Self {
        let table = self.tables().audit_events.as_str();
        let condition = "attribute_exists(actor)";
        let key = event_key(event);
        self.delete(Part::Event, Change { table, key, update: "", condition, names: &[], values: Vec::new() })
    }

    /// Writes an event again under another id, of the same time and without the person it concerned.
    pub(crate) fn event_without_subject(self, event: &Recorded, id: &str) -> Result<Self> {
        let (at, _) = event.at.split_once('#').ok_or_else(|| Error::internal("an event without an instant"))?;
        let happened = Timestamp::parse(at).ok_or_else(|| Error::internal("an event without an instant"))?;
        let shard = shard_of(id);
        let what = event.target.as_deref().and_then(|target| target.split('#').next()).unwrap_or("user");
        let record = EventRecord {
            actor: event.actor.clone(),
            at: format!("{at}#{id}"),
            id: id.to_owned(),
            kind_shard: format!("{}#{shard}", event.kind),
            kind: event.kind.clone(),
            outcome: event.outcome,
            target: Some(format!("{what}#erased")),
            subject: None,
            shard: shard.to_string(),
            ip: event.ip.clone(),
            user_agent: &event.user_agent,
            request_id: &event.request_id,
            detail: BTreeMap::new(),
            rewritten_from: Some(&event.id),
            salt: salt(),
            ttl: ttl(happened),
        };
        let table = self.tables().audit_events.as_str();
        Ok(self.create(Part::Event, table, to_item(&record)?, "actor"))
    }
}

impl Store {
    /// Removes events of the trail, at most a hundred. Those that are gone already do not matter.
    pub(crate) async fn remove_events(&self, events: &[Recorded]) -> Result<()> {
        let removals = events.iter().map(|event| self.remove(&self.tables.audit_events, event_key(event)));
        try_join_all(removals).await.map(drop)
    }

    /// Tells the trail of something that changed no other state, such as a refused sign-in.
    pub async fn record_event(&self, ctx: &RequestContext, event: Event) -> Result<()> {
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.audit_events)
            .set_item(Some(record(ctx, event)?))
            .send()
            .await;
        put.map(drop).map_err(|cause| Error::unavailable(DYNAMODB, &cause))
    }

    /// Events of a lane within a span, at most `limit`, and whether there may be more. As they were a moment ago: an index
    /// lags behind its table (F25), so nothing is decided by this.
    pub(crate) async fn events(
        &self,
        lane: &Lane,
        span: &Span,
        newest_first: bool,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool)> {
        if span.is_empty() {
            return Ok((Vec::new(), false));
        }
        let (index, key, value) = lane.key();
        // Both ends may be events that the caller has; DynamoDB knows only spans with their ends.
        let limit = i32::try_from(limit + 1).unwrap_or(i32::MAX);
        let query = self
            .client
            .query()
            .table_name(&self.tables.audit_events)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression("#key = :value AND #at BETWEEN :after AND :before")
            .expression_attribute_names("#key", key)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":value", text(value))
            .expression_attribute_values(":after", text(&span.after))
            .expression_attribute_values(":before", text(&span.before))
            .scan_index_forward(!newest_first)
            .limit(limit);
        let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let is_within = |item: &Item| {
            let at = item.get("at").and_then(|at| at.as_s().ok());
            at.is_some_and(|at| *at != span.after && *at != span.before)
        };
        let items = page.items.unwrap_or_default().into_iter().filter(is_within);
        Ok((items.map(from_item).collect::<Result<_>>()?, page.last_evaluated_key.is_some()))
    }
}
