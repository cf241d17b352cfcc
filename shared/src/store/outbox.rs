//! Mail that waits to be sent.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Outbox | `message_id` | 30 days after it was written |
//!
//! How one waits for its turn is in `waiting`. What the message says is encrypted: it contains a link that must not be
//! usable by who reads the table.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::primitives::Advance;
use super::transaction::{Change, Part};
use super::waiting::{self, Turn, WAITING, part};
use super::{Store, Transaction, from_item, key, number, text, to_item};
use crate::clock::Timestamp;
use crate::error::Result;

/// A message as written by the transaction that it tells of.
#[derive(Clone, Serialize, Deserialize)]
pub struct OutboxMessage {
    pub message_id: String,
    pub kind: String,
    /// `Secrets::seal` under the message's id.
    #[serde(with = "serde_bytes_field")]
    pub sealed: Vec<u8>,
    /// When sending it would no longer help anybody.
    pub expires_at: Timestamp,
    #[serde(default)]
    pub attempts: u32,
}

/// Whether a message is ours to send.
pub enum Claim {
    Ours(OutboxMessage),
    /// Sent, dead, or in another sender's hands.
    NotOurs,
}

impl Store {
    /// *Advance*: takes a waiting message for `lease`, if it is the caller's turn. Of several senders at once one gets it; when
    /// that one dies, the retry job may try after the lease.
    ///
    /// `claim_id` names the sender's try: should the answer be lost, the SDK's repetition finds its own claim.
    pub async fn claim_message(
        &self,
        message_id: &str,
        claim_id: &str,
        turn: Turn,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Claim> {
        let key = key("message_id", message_id);
        let mut change = waiting::claim(&self.tables.outbox, key, claim_id, turn, now, lease);
        // Counted now, so that a try counts whose sender dies.
        change.update = "SET leased_until = :lease, due_at = :lease, claimed_by = :me ADD attempts :one";
        change.values.push((":one", number(1)));
        match self.advance(change).await? {
            Advance::Won(item) => Ok(Claim::Ours(from_item(item)?)),
            Advance::Lost(_) => Ok(Claim::NotOurs),
        }
    }

    /// The message is with SES: forget what it said.
    pub async fn message_sent(&self, message_id: &str, now: Timestamp) -> Result<()> {
        self.finish_message(
            message_id,
            "SET sent_at = :now REMOVE #state, due_at, leased_until, sealed",
            vec![(":now", number(now.millis()))],
        )
        .await
    }

    /// The message is given up: forget what it said, keep why.
    pub async fn message_dead(&self, message_id: &str, reason: &str, now: Timestamp) -> Result<()> {
        let update = "SET dead_at = :now, dead_reason = :reason REMOVE #state, due_at, leased_until, sealed";
        self.finish_message(message_id, update, vec![(":now", number(now.millis())), (":reason", text(reason))]).await
    }

    /// The message waits for another try.
    pub async fn message_again(&self, message_id: &str, due_at: Timestamp) -> Result<()> {
        self.finish_message(
            message_id,
            "SET due_at = :due REMOVE leased_until",
            vec![(":due", number(due_at.millis()))],
        )
        .await
    }

    async fn finish_message(
        &self,
        message_id: &str,
        update: &str,
        mut values: Vec<(&str, AttributeValue)>,
    ) -> Result<()> {
        values.push((":waiting", text(WAITING)));
        let change = Change {
            table: &self.tables.outbox,
            key: key("message_id", message_id),
            update,
            condition: "#state = :waiting",
            names: &[("#state", "state")],
            values,
        };
        // Losing means that somebody else has finished it, or that our own lost answer did.
        self.advance(change).await.map(drop)
    }

    /// Ids of waiting messages whose time has come, oldest first; at most `limit`.
    pub async fn due_messages(&self, now: Timestamp, limit: i32) -> Result<Vec<String>> {
        let items = self.due(&self.tables.outbox, now, limit).await?;
        Ok(items.iter().filter_map(|item| part(item, "message_id")).collect())
    }
}

impl Transaction<'_> {
    /// Writes a message, to be sent if and only if the rest happens. `due_at` is when the retry job looks at it, should
    /// the stream's first try not have been made by then.
    pub fn create_message(self, message: &OutboxMessage, now: Timestamp, due_at: Timestamp) -> Result<Self> {
        let table = self.tables().outbox.as_str();
        let mut item = to_item(message)?;
        item.insert("created_at".to_owned(), number(now.millis()));
        waiting::wait(&mut item, now, due_at);
        Ok(self.create(Part::Mail, table, item, "message_id"))
    }
}

mod serde_bytes_field {
    //! Bytes as DynamoDB's binary type.
    use serde::{Deserializer, Serializer, de::Visitor};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("binary")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
