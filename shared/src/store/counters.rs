//! Counters of what happened.
//!
//! | table | key | item | ends by TTL |
//! |---|---|---|---|
//! | Metrics | `series` = `total`, `item` = `events#<shard>` or `process#<function>#<shard>` | everything since the beginning | |
//! | | `hours`, `<hour>#<shard>` | events of an hour | after 8 days |
//! | | `minutes`, `<minute>#…` as in `total` | of a minute | after 2 days |
//! | | `network#<hour>`, network | its failed sign-ins; index `top` | after 2 days |
//! | | `seen#<event>`, `seen` | the event has been counted | after 3 days |
//!
//! A counter is the sum over its shards: whoever adds takes any of them, so that no two that add at once meet often. Hours
//! and minutes are those of the events, not of their counting.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::transaction::{Change, Committed, Part};
use super::{DYNAMODB, Item, Store, Transaction, key2, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::random;
use crate::tally::Tally;

const SHARDS: u64 = 4;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long it is known that an event was counted. Older events are not counted at all; see [`crate::feed`].
const SEEN: Duration = Duration::from_secs(3 * 24 * 3600);

/// What is added together: to the totals, and to the minutes that it happened in.
#[derive(Clone, Default)]
pub struct Counts {
    pub total: Tally,
    pub minutes: BTreeMap<i64, Tally>,
    pub hours: BTreeMap<i64, Tally>,
    /// Failed sign-ins by hour and network.
    pub networks: BTreeMap<(i64, String), u64>,
}

impl Counts {
    /// How many items a transaction needs for them.
    pub fn items(&self) -> usize {
        1 + self.minutes.len() + self.hours.len() + self.networks.len()
    }
}

/// Counters as they were read, the shards added up.
#[derive(Debug, Default)]
pub struct Counted {
    /// Of events.
    pub events: Tally,
    /// Of what processes gathered, by function.
    pub processes: BTreeMap<String, Tally>,
}

impl Transaction<'_> {
    /// Holds the transaction to be the first that counts an event. `index` tells events of one transaction apart.
    pub fn first_to_see(self, index: usize, event_id: &str, now: Timestamp) -> Self {
        let table = self.tables().metrics.as_str();
        let mut item = key2("series", format!("seen#{event_id}"), "item", "seen");
        item.insert("ttl".to_owned(), number((now + SEEN).seconds()));
        self.create(Part::Seen(index), table, item, "series")
    }

    /// Adds counts of events.
    pub fn count_events(self, counts: &Counts, now: Timestamp) -> Self {
        self.count("events", counts, now)
    }

    fn count(mut self, whose: &str, counts: &Counts, now: Timestamp) -> Self {
        let shard = random::below(SHARDS);
        self = self.add("total", &format!("{whose}#{shard}"), &counts.total, None);
        for (minute, tally) in &counts.minutes {
            self = self.add("minutes", &format!("{minute}#{whose}#{shard}"), tally, Some(now + DAY * 2));
        }
        for (hour, tally) in &counts.hours {
            self = self.add("hours", &format!("{hour}#{shard}"), tally, Some(now + DAY * 8));
        }
        for ((hour, network), failures) in &counts.networks {
            let table = self.tables().metrics.as_str();
            let ttl = now + DAY * 2;
            self = self.update(
                Part::Counter,
                Change {
                    table,
                    key: key2("series", format!("network#{hour}"), "item", network),
                    update: "SET #ttl = :ttl ADD failures :n",
                    condition: "",
                    names: &[("#ttl", "ttl")],
                    values: vec![(":ttl", number(ttl.seconds())), (":n", number(failures))],
                },
            );
        }
        self
    }

    fn add(self, series: &str, item: &str, tally: &Tally, until: Option<Timestamp>) -> Self {
        if tally.is_empty() {
            return self;
        }
        let table = self.tables().metrics.as_str();
        let named: Vec<(String, String, &str, u64)> = tally
            .names()
            .enumerate()
            .map(|(i, (attribute, n))| (format!("#n{i}"), format!(":n{i}"), attribute, n))
            .collect();
        let additions: Vec<String> = named.iter().map(|(name, value, ..)| format!("{name} {value}")).collect();
        let mut names: Vec<(&str, &str)> =
            named.iter().map(|(name, _, attribute, _)| (name.as_str(), *attribute)).collect();
        let mut values: Vec<(&str, AttributeValue)> =
            named.iter().map(|(_, value, _, n)| (value.as_str(), number(n))).collect();
        let mut update = format!("ADD {}", additions.join(", "));
        if let Some(until) = until {
            update.push_str(" SET #ttl = :ttl");
            names.push(("#ttl", "ttl"));
            values.push((":ttl", number(until.seconds())));
        }
        let key = key2("series", series, "item", item);
        self.update(Part::Counter, Change { table, key, update: &update, condition: "", names: &names, values })
    }
}

impl Store {
    /// Adds what a process has gathered, by function. One write; it may be lost, and is then not repeated.
    pub async fn count_gathered(&self, gathered: &BTreeMap<&'static str, Counts>, now: Timestamp) -> Result<()> {
        let mut change = self.transaction();
        for (function, counts) in gathered {
            change = change.count(&format!("process#{function}"), counts, now);
        }
        match change.commit().await? {
            Committed::Done => Ok(()),
            Committed::Refused(_) => Err(Error::internal("a counter has a condition")),
        }
    }

    /// Everything that was ever counted.
    pub async fn totals(&self) -> Result<Counted> {
        let mut counted = Counted::default();
        for item in self.series("total", None).await? {
            counted.take(sort_key(&item).as_str(), &item);
        }
        Ok(counted)
    }

    /// What happened in these minutes since the epoch, both included.
    pub async fn counted_in_minutes(&self, from: i64, to: i64) -> Result<BTreeMap<i64, Counted>> {
        let mut minutes: BTreeMap<i64, Counted> = BTreeMap::new();
        for item in self.series("minutes", Some((from, to))).await? {
            let sort_key = sort_key(&item);
            let Some((minute, whose)) = sort_key.split_once('#') else { continue };
            minutes.entry(minute.parse().unwrap_or_default()).or_default().take(whose, &item);
        }
        Ok(minutes)
    }

    /// The events of these hours since the epoch, both included.
    pub async fn counted_in_hours(&self, from: i64, to: i64) -> Result<BTreeMap<i64, Tally>> {
        let mut hours: BTreeMap<i64, Tally> = BTreeMap::new();
        for item in self.series("hours", Some((from, to))).await? {
            let hour = sort_key(&item).split('#').next().and_then(|hour| hour.parse().ok()).unwrap_or_default();
            take(hours.entry(hour).or_default(), &item);
        }
        Ok(hours)
    }

    /// The networks with the most failed sign-ins in an hour, at most `limit`.
    pub async fn top_networks(&self, hour: i64, limit: i32) -> Result<Vec<(String, u64)>> {
        let query = self.client.query().table_name(&self.tables.metrics).index_name("top").limit(limit);
        let query = query
            .scan_index_forward(false)
            .key_condition_expression("series = :series")
            .expression_attribute_values(":series", text(format!("network#{hour}")));
        let items = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items.unwrap_or_default();
        Ok(items.iter().map(|item| (sort_key(item), count_of(item.get("failures")))).collect())
    }

    /// Items of a series; of all times, or between two. Ten digits are enough for the minutes of many millennia, so times
    /// of one length sort as numbers do.
    async fn series(&self, series: &str, between: Option<(i64, i64)>) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let query = self.client.query().table_name(&self.tables.metrics).set_exclusive_start_key(next);
            let query = query.expression_attribute_values(":series", text(series));
            let query = match between {
                None => query.key_condition_expression("series = :series"),
                Some((from, to)) => query
                    .key_condition_expression("series = :series AND #item BETWEEN :from AND :to")
                    .expression_attribute_names("#item", "item")
                    .expression_attribute_values(":from", text(format!("{from}#")))
                    .expression_attribute_values(":to", text(format!("{to}#~"))),
            };
            let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            items.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(items);
            }
        }
    }
}

impl Counted {
    /// Adds an item, whose key says whose counts it has: `events#…` or `process#<function>#…`.
    fn take(&mut self, whose: &str, item: &Item) {
        let mut parts = whose.split('#');
        match (parts.next(), parts.next()) {
            (Some("events"), _) => take(&mut self.events, item),
            (Some("process"), Some(function)) => take(self.processes.entry(function.to_owned()).or_default(), item),
            _ => {}
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.events.merge(&other.events);
        for (function, tally) in &other.processes {
            self.processes.entry(function.clone()).or_default().merge(tally);
        }
    }
}

fn take(tally: &mut Tally, item: &Item) {
    for (name, value) in item {
        tally.put(name, count_of(Some(value)));
    }
}

fn sort_key(item: &Item) -> String {
    item.get("item").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

fn count_of(value: Option<&AttributeValue>) -> u64 {
    value.and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or_default()
}
