//! What is to be delivered to webhooks and alert channels, and the log of it.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Deliveries | `destination` = a webhook's id or `channel#<kind>`, `delivery` = the event's id | after 30 days |
//!
//! How one waits for its turn is in `waiting`. There is one per event and destination, however often the event is told
//! (case 267).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::primitives::Advance;
use super::transaction::{Change, Committed, Part};
use super::waiting::{self, Turn, WAITING, part};
use super::{DYNAMODB, Store, Transaction, from_item, key2, number, text, to_item};
use crate::audit::Event;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};

/// A body on its way to somebody, with what became of it so far.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeliveryRecord {
    pub destination: String,
    /// The event's id, and so the message's: the same over all tries.
    pub delivery: String,
    /// The event's kind.
    pub kind: String,
    /// The bytes that are sent, and signed.
    pub body: String,
    pub created_at: Timestamp,
    /// Since when it waits: since it was made, or asked for again.
    pub since: Timestamp,
    /// Tries that were made since then.
    #[serde(default)]
    pub attempts: u32,
    /// The latest tries, oldest first.
    #[serde(default)]
    pub tries: Vec<Try>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_reason: Option<String>,
    /// While it waits: when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// One try to deliver.
#[derive(Clone, Serialize, Deserialize)]
pub struct Try {
    pub at: Timestamp,
    /// `None` when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub millis: u64,
    /// The beginning of the answer, or why there was none; made harmless.
    pub answer: String,
}

/// What becomes of a delivery after a try.
pub enum Next {
    Delivered,
    At(Timestamp),
    Dead(&'static str),
}

/// So many tries are remembered.
const REMEMBERED: usize = 12;

impl Transaction<'_> {
    /// Writes a delivery, to be made if and only if the rest happens. `due_at` is when the retry job looks at it, should
    /// the stream's first try not have been made by then.
    pub fn create_delivery(self, delivery: &DeliveryRecord, now: Timestamp, due_at: Timestamp) -> Result<Self> {
        let table = self.tables().deliveries.as_str();
        let mut item = to_item(delivery)?;
        waiting::wait(&mut item, now, due_at);
        Ok(self.create(Part::Delivery, table, item, "destination"))
    }
}

impl Store {
    /// *Advance*: takes a waiting delivery for `lease`, if it is the caller's turn; `None` when it is finished, in other hands
    /// or not due. `claim_id` is the try's, so that a lost answer finds its own claim.
    pub async fn claim_delivery(
        &self,
        (destination, delivery): (&str, &str),
        claim_id: &str,
        turn: Turn,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<DeliveryRecord>> {
        let key = key2("destination", destination, "delivery", delivery);
        let change = waiting::claim(&self.tables.deliveries, key, claim_id, turn, now, lease);
        match self.advance(change).await? {
            Advance::Won(item) => Ok(Some(from_item(item)?)),
            Advance::Lost(_) => Ok(None),
        }
    }

    /// Gives a claim back: writes down the try, if one was made, and what follows from it, with the event that tells of it, if
    /// there is one. Nothing happens when the claim is not ours any more.
    pub async fn finish_try(
        &self,
        delivery: &DeliveryRecord,
        claim_id: &str,
        made: Option<Try>,
        next: Next,
        told: Option<(&RequestContext, Event)>,
        now: Timestamp,
    ) -> Result<()> {
        let attempts = delivery.attempts + u32::from(made.is_some());
        let mut tries = delivery.tries.clone();
        tries.extend(made);
        let forgotten = tries.len().saturating_sub(REMEMBERED);
        let tries = serde_dynamo::to_attribute_value(tries.split_off(forgotten)).map_err(Error::internal)?;
        let mut values = vec![
            (":tries", tries),
            (":attempts", number(attempts)),
            (":waiting", text(WAITING)),
            (":me", text(claim_id)),
        ];
        let update = match next {
            Next::Delivered => {
                values.push((":now", number(now.millis())));
                "SET tries = :tries, attempts = :attempts, delivered_at = :now REMOVE #state, due_at, leased_until, claimed_by"
            }
            Next::At(due) => {
                values.push((":due", number(due.millis())));
                "SET tries = :tries, attempts = :attempts, due_at = :due REMOVE leased_until"
            }
            Next::Dead(reason) => {
                values.extend([(":now", number(now.millis())), (":reason", text(reason))]);
                "SET tries = :tries, attempts = :attempts, dead_at = :now, dead_reason = :reason REMOVE #state, due_at, leased_until, claimed_by"
            }
        };
        let change = Change {
            table: &self.tables.deliveries,
            key: key2("destination", &delivery.destination, "delivery", &delivery.delivery),
            update,
            condition: "#state = :waiting AND claimed_by = :me",
            names: &[("#state", "state")],
            values,
        };
        let mut transaction = self.transaction().update(Part::Delivery, change);
        if let Some((ctx, event)) = told {
            transaction = transaction.event(ctx, event)?;
        }
        transaction.commit().await.map(drop)
    }

    /// *Advance*: makes a delivery again, as if it had never been tried. Refused when there is no such delivery.
    pub async fn redeliver(
        &self,
        ctx: &RequestContext,
        destination: &str,
        delivery: &str,
        event: Event,
    ) -> Result<Committed> {
        let change = Change {
            table: &self.tables.deliveries,
            key: key2("destination", destination, "delivery", delivery),
            update: "SET #state = :waiting, due_at = :now, since = :now, attempts = :none REMOVE leased_until, claimed_by, dead_at, dead_reason, delivered_at",
            condition: "attribute_exists(destination)",
            names: &[("#state", "state")],
            values: vec![(":waiting", text(WAITING)), (":now", number(ctx.now.millis())), (":none", number(0))],
        };
        self.transaction().update(Part::Delivery, change).event(ctx, event)?.commit().await
    }

    /// Keys of waiting deliveries whose time has come, oldest first; at most `limit`.
    pub async fn due_deliveries(&self, now: Timestamp, limit: i32) -> Result<Vec<(String, String)>> {
        let items = self.due(&self.tables.deliveries, now, limit).await?;
        Ok(items.iter().filter_map(|item| Some((part(item, "destination")?, part(item, "delivery")?))).collect())
    }

    /// A page of a destination's deliveries, newest first, and whether there are more. `before` is the last one of the page
    /// before.
    pub async fn deliveries(
        &self,
        destination: &str,
        before: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<DeliveryRecord>, bool)> {
        let query = self.client.query().table_name(&self.tables.deliveries).limit(limit).scan_index_forward(false);
        let query = query.expression_attribute_values(":destination", text(destination));
        let query = match before {
            None => query.key_condition_expression("destination = :destination"),
            Some(before) => query
                .key_condition_expression("destination = :destination AND delivery < :before")
                .expression_attribute_values(":before", text(before)),
        };
        let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let records = page.items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_>>()?;
        Ok((records, page.last_evaluated_key.is_some()))
    }
}
