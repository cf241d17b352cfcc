//! Daily reports: which days were told, and the events of a day, counted.
//!
//! | table | key | item | ends by TTL |
//! |---|---|---|---|
//! | Settings | `kind` = `report`, `key` = `2026-11-21` | a day's figures as they were mailed, and all its events by kind | after 90 days |

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::audit::{Lane, SHARDS};
use super::transaction::Part;
use super::{DYNAMODB, Store, Transaction, from_item, key2, number, text, to_item};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How much of the trail a run reads at most: so many pages of a megabyte in each shard.
const MOST_PAGES: usize = 100;

/// A day's report, as far as it is read again.
#[derive(Clone, Debug, Deserialize)]
pub struct ReportRecord {
    /// `2026-11-21`.
    #[serde(rename = "key")]
    pub day: String,
    #[serde(default)]
    pub events: EventCounts,
}

/// How many events of each kind a day had.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EventCounts {
    pub by_kind: BTreeMap<String, u64>,
    /// False when the run stopped at its bound.
    pub is_complete: bool,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

impl Store {
    /// The reports of the days from a date on, in order.
    pub async fn reports(&self, from: &str) -> Result<Vec<ReportRecord>> {
        let (mut reports, mut next) = (Vec::new(), None);
        loop {
            let query = self.client.query().table_name(&self.tables.settings).consistent_read(true);
            let query = query
                .key_condition_expression("kind = :kind AND #key >= :from")
                .expression_attribute_names("#key", "key")
                .expression_attribute_values(":kind", text("report"))
                .expression_attribute_values(":from", text(from))
                .set_exclusive_start_key(next);
            let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            for item in page.items.unwrap_or_default() {
                reports.push(from_item(item)?);
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(reports);
            }
        }
    }

    /// Counts the events from one date to before another, by the index of all events.
    pub async fn events_of_day(&self, from: &str, before: &str) -> Result<EventCounts> {
        let mut counts = EventCounts { is_complete: true, ..EventCounts::default() };
        for shard in 0..SHARDS {
            let (index, key, value) = Lane::All(shard).key();
            let mut next = None;
            for page_number in 1.. {
                let query = self.client.query().table_name(&self.tables.audit_events).set_exclusive_start_key(next);
                let page = query
                    .set_index_name(index.map(str::to_owned))
                    .key_condition_expression("#key = :value AND #at BETWEEN :from AND :before")
                    .projection_expression("kind")
                    .expression_attribute_names("#key", key)
                    .expression_attribute_names("#at", "at")
                    .expression_attribute_values(":value", text(&value))
                    .expression_attribute_values(":from", text(from))
                    .expression_attribute_values(":before", text(before))
                    .send()
                    .await
                    .map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
                for item in page.items.unwrap_or_default() {
                    let Kind { kind } = from_item(item)?;
                    *counts.by_kind.entry(kind).or_default() += 1;
                }
                next = page.last_evaluated_key;
                if next.is_none() {
                    break;
                }
                if page_number == MOST_PAGES {
                    counts.is_complete = false;
                    break;
                }
            }
        }
        Ok(counts)
    }
}

impl Transaction<'_> {
    /// A day's report. Refused (`Part::Report`) when there is one.
    pub fn create_report(
        self,
        day: &str,
        figures: &impl Serialize,
        events: &EventCounts,
        now: Timestamp,
    ) -> Result<Self> {
        let table = self.tables().settings.as_str();
        let mut item = key2("kind", "report", "key", day);
        item.insert("figures".to_owned(), AttributeValue::M(to_item(figures)?));
        item.insert("events".to_owned(), AttributeValue::M(to_item(events)?));
        item.insert("ttl".to_owned(), number((now + KEPT).seconds()));
        Ok(self.create(Part::Report, table, item, "kind"))
    }
}
