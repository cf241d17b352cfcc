//! Daily reports: which days were told, and the events of a day, counted.
//!
//! | table | key | item | ends by TTL |
//! |---|---|---|---|
//! | Settings | `kind` = `report`, `key` = `2026-11-21` | a day's figures, as they were mailed | after 90 days |

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::audit::{Lane, SHARDS};
use super::transaction::Part;
use super::{DYNAMODB, Store, Transaction, from_item, key2, number, text, to_item};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How much of the trail a run reads at most: so many pages of a megabyte in each shard.
const MOST_PAGES: usize = 100;

/// How many events of each kind a day had.
#[derive(Debug, Default)]
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
    /// The newest day that was reported, however long ago.
    pub async fn newest_report(&self) -> Result<Option<String>> {
        let query = self.client.query().table_name(&self.tables.settings).consistent_read(true);
        let query = query
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text("report"))
            .scan_index_forward(false)
            .limit(1);
        let items = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items.unwrap_or_default();
        Ok(items.into_iter().find_map(|item| item.get("key")?.as_s().ok().cloned()))
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
    pub fn create_report(self, day: &str, figures: &impl Serialize, now: Timestamp) -> Result<Self> {
        let table = self.tables().settings.as_str();
        let mut item = key2("kind", "report", "key", day);
        item.insert("figures".to_owned(), aws_sdk_dynamodb::types::AttributeValue::M(to_item(figures)?));
        item.insert("ttl".to_owned(), number((now + KEPT).seconds()));
        Ok(self.create(Part::Report, table, item, "kind"))
    }
}
