//! The audit trail's feed: each event is counted, and told to whoever asked for its kind, exactly once (F17).
//!
//! The stream gives events again, late and out of order. So what follows from an event is one transaction with a mark that the
//! event was seen, and nothing depends on order: counters are sums by the events' own times, a delivery is known by its event.
//! Nothing here waits for a third party.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::attempts;
use crate::audit;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::metrics::emf;
use crate::store::{Committed, Counts, DeliveryRecord, Part};
use crate::webhooks::{FIRST_TRY, Subscribers, payload};

/// Older events are not taken: whether they were taken before is forgotten after three days. A stream holds a day.
const OLDEST: Duration = Duration::from_secs(2 * 24 * 3600);

/// DynamoDB's bound on a transaction.
const MOST_ITEMS: usize = 100;

/// An event, as the trail's stream tells it. Kinds are text: an event of a newer version is no poison.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    pub actor: String,
    /// The instant, `#`, the id.
    at: String,
    pub id: String,
    pub kind: String,
    pub outcome: String,
    #[serde(default)]
    pub target: Option<String>,
    #[serde(default)]
    ip: Option<String>,
    /// It was told before, under this id; a person was erased from it since.
    #[serde(default)]
    rewritten_from: Option<String>,
    #[serde(default)]
    pub detail: BTreeMap<String, String>,
}

impl Entry {
    /// Whether this is an event of ours. What is not will not become one by coming again.
    pub fn is_whole(&self) -> bool {
        let is_word = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_id =
            (8..=64).contains(&self.id.len()) && self.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_id && is_word(&self.kind) && is_word(&self.outcome) && self.instant().is_some()
    }

    fn instant(&self) -> Option<Timestamp> {
        Timestamp::parse(self.at.split('#').next()?)
    }

    pub fn at(&self) -> Timestamp {
        self.instant().unwrap_or(Timestamp::from_seconds(0))
    }

    /// Whether it is about nobody: such an event is seen, counted for nothing, and nobody is told.
    fn is_synthetic(&self) -> bool {
        audit::is_synthetic(&self.actor, self.target.as_deref())
    }

    /// Why or how it happened, where our own words say so; never text of a caller's.
    pub fn label(&self) -> &str {
        let detail = match self.kind.as_str() {
            "UserLoggedIn" => "method",
            "TokenRefreshed" => "how",
            "UserLoginFailed" | "RefreshTokenRevoked" | "RefreshTokenReplayed" => "reason",
            _ => return "",
        };
        self.detail.get(detail).map(String::as_str).unwrap_or_default()
    }
}

/// What became of a batch.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub counted: usize,
    /// Seen before, or too old to tell, or told before a person was erased from it.
    pub passed_over: usize,
    pub deliveries: usize,
}

/// Takes entries, in the order given, and says how far it came: the index of the first that is not taken, and why.
pub async fn take(app: &App, ctx: &RequestContext, entries: &[Entry]) -> (Report, Option<(usize, Error)>) {
    let mut report = Report::default();
    let subscribers = match Subscribers::read(app).await {
        Ok(subscribers) => subscribers,
        Err(error) => return (report, Some((0, error))),
    };
    let mut seen = BTreeSet::new();
    let mut batch = Batch::default();
    let mut first = 0;
    for (index, entry) in entries.iter().enumerate() {
        let is_news = entry.rewritten_from.is_none() && ctx.now.since(entry.at()) <= OLDEST;
        if !is_news || !seen.insert(&entry.id) {
            report.passed_over += 1;
            continue;
        }
        let work = match Work::of(entry, &subscribers, ctx.now) {
            Ok(work) => work,
            Err(error) => return (report, Some((first, error))),
        };
        if !batch.has_room_for(&work) {
            if let Err(error) = std::mem::take(&mut batch).commit(app, ctx, &mut report).await {
                return (report, Some((first, error)));
            }
            first = index;
        }
        batch.add(work);
    }
    match batch.commit(app, ctx, &mut report).await {
        Ok(()) => (report, None),
        Err(error) => (report, Some((first, error))),
    }
}

/// What follows from one event.
struct Work<'a> {
    entry: &'a Entry,
    network: Option<String>,
    deliveries: Vec<DeliveryRecord>,
}

impl<'a> Work<'a> {
    fn of(entry: &'a Entry, subscribers: &Subscribers, now: Timestamp) -> Result<Self> {
        let destinations: Vec<String> = subscribers.of(entry).filter(|_| !entry.is_synthetic()).collect();
        let body = if destinations.is_empty() { String::new() } else { payload::of(entry)? };
        let delivery = |destination| DeliveryRecord {
            destination,
            delivery: entry.id.clone(),
            kind: entry.kind.clone(),
            body: body.clone(),
            created_at: now,
            since: now,
            attempts: 0,
            tries: Vec::new(),
            delivered_at: None,
            dead_at: None,
            dead_reason: None,
            due_at: None,
        };
        let is_failed_login = entry.kind == "UserLoginFailed";
        let network = is_failed_login.then(|| attempts::network(entry.ip.as_deref().and_then(|ip| ip.parse().ok())));
        Ok(Self { entry, network, deliveries: destinations.into_iter().map(delivery).collect() })
    }

    fn count(&self, counts: &mut Counts) {
        if self.entry.is_synthetic() {
            return;
        }
        let Entry { kind, outcome, .. } = self.entry;
        let name = [kind.as_str(), outcome.as_str(), self.entry.label()];
        let at = self.entry.at().seconds();
        let hour = at.div_euclid(3600);
        counts.total.add(&name, 1);
        counts.minutes.entry(at.div_euclid(60)).or_default().add(&name, 1);
        counts.hours.entry(hour).or_default().add(&name, 1);
        if let Some(network) = &self.network {
            *counts.networks.entry((hour, network.clone())).or_default() += 1;
        }
    }
}

/// Events whose consequences are one transaction.
#[derive(Default)]
struct Batch<'a>(Vec<Work<'a>>);

impl<'a> Batch<'a> {
    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.0.iter().for_each(|work| work.count(&mut counts));
        counts
    }

    fn has_room_for(&self, work: &Work<'_>) -> bool {
        let mut counts = self.counts();
        work.count(&mut counts);
        let marks_and_deliveries = |work: &Work<'_>| 1 + work.deliveries.len();
        let items =
            counts.items() + self.0.iter().map(marks_and_deliveries).sum::<usize>() + marks_and_deliveries(work);
        self.0.is_empty() || items <= MOST_ITEMS
    }

    fn add(&mut self, work: Work<'a>) {
        self.0.push(work);
    }

    /// Commits what was not seen before. Each round finds out which were.
    async fn commit(mut self, app: &App, ctx: &RequestContext, report: &mut Report) -> Result<()> {
        while !self.0.is_empty() {
            let counts = self.counts();
            let mut change = app.store.transaction();
            for (index, work) in self.0.iter().enumerate() {
                change = change.first_to_see(index, &work.entry.id, ctx.now);
                for delivery in &work.deliveries {
                    change = change.create_delivery(delivery, ctx.now, ctx.now + FIRST_TRY)?;
                }
            }
            match change.count_events(&counts, ctx.now).commit().await? {
                Committed::Done => {
                    report.counted += self.0.len();
                    report.deliveries += self.0.iter().map(|work| work.deliveries.len()).sum::<usize>();
                    emf::of_events(&app.settings.stack_name, &counts.total, ctx.now);
                    return Ok(());
                }
                Committed::Refused(parts) => {
                    let before = self.0.len();
                    let mut index = 0;
                    self.0.retain(|_| {
                        index += 1;
                        !parts.contains(&Part::Seen(index - 1))
                    });
                    if self.0.len() == before {
                        return Err(Error::internal(format!("an event was refused for {parts:?}")));
                    }
                    report.passed_over += before - self.0.len();
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(changes: serde_json::Value) -> Option<Entry> {
        let mut entry = json!({ "actor": "user#1", "at": "2026-11-21T01:50:00.007Z#0199aaaa-0000", "id": "0199aaaa-0000",
            "kind": "UserLoggedIn", "outcome": "success", "detail": { "method": "pwd" } });
        entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(entry).ok().filter(Entry::is_whole)
    }

    #[test]
    fn f17_what_is_no_event_is_told_from_what_is() {
        let good = entry(json!({})).unwrap();
        assert_eq!((good.label(), good.at().to_string().as_str()), ("pwd", "2026-11-21T01:50:00.007Z"));
        assert!(entry(json!({ "kind": "SomethingNew" })).is_some(), "of a newer version");
        for bad in [
            json!({ "id": "" }),
            json!({ "at": "yesterday" }),
            json!({ "kind": "a|b" }),
            json!({ "kind": "x".repeat(65) }),
            json!({ "outcome": "" }),
            json!({ "detail": 7 }),
        ] {
            assert!(entry(bad.clone()).is_none(), "{bad}");
        }
    }

    #[test]
    fn ops_3_no_word_of_a_caller_becomes_a_label() {
        let unlocked =
            entry(json!({ "kind": "UserAccountUnlocked", "detail": { "why": "x", "reason": "y" } })).unwrap();
        assert_eq!(unlocked.label(), "");
    }
}
