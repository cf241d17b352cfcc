//! The chain that makes the audit trail tamper-evident. What it means: [`crate::audit::chain`].
//!
//! | table | key | item |
//! |---|---|---|
//! | AuditChain | `part` = `segment`, `seq` = number, 12 digits | a link: what the trail's stream told in one batch, and the hash of the link before |
//! | AuditChain | `part` = `checkpoint`, `seq` = ordinal, 12 digits | the chain's head at a time, signed by KMS |

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use serde_dynamo::AttributeValue as Value;

use super::primitives::Advance;
use super::transaction::Change;
use super::{DYNAMODB, Item, Store, from_item, key2, number, text};
use crate::audit::Recorded;
use crate::audit::chain::{Checkpoint, Segment};
use crate::error::{Error, Result};

/// A SHA-256 of everything that an item holds, base64url: any attribute that is changed, added or removed changes it.
pub fn fingerprint(item: &serde_dynamo::Item) -> String {
    let mut context = Context::new(&SHA256);
    hash_map(&mut context, item.inner());
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// Each value with its type and its length before it, so that no two items run together.
fn hash(context: &mut Context, value: &Value) {
    let mut piece = |kind: u8, bytes: &[u8]| {
        context.update(&[kind]);
        context.update(&length(bytes.len()));
        context.update(bytes);
    };
    match value {
        Value::S(text) => piece(b'S', text.as_bytes()),
        Value::N(number) => piece(b'N', number.as_bytes()),
        Value::B(bytes) => piece(b'B', bytes),
        Value::Bool(is) => piece(b'?', &[u8::from(*is)]),
        Value::Null(_) => piece(b'0', &[]),
        Value::Ss(set) => set.iter().for_each(|text| piece(b's', text.as_bytes())),
        Value::Ns(set) => set.iter().for_each(|text| piece(b'n', text.as_bytes())),
        Value::Bs(set) => set.iter().for_each(|bytes| piece(b'b', bytes)),
        Value::L(list) => {
            piece(b'L', &length(list.len()));
            list.iter().for_each(|value| hash(context, value));
        }
        Value::M(map) => hash_map(context, map),
    }
}

fn hash_map(context: &mut Context, map: &std::collections::HashMap<String, Value>) {
    context.update(b"M");
    context.update(&length(map.len()));
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in entries {
        context.update(&length(name.len()));
        context.update(name.as_bytes());
        hash(context, value);
    }
}

fn length(count: usize) -> [u8; 8] {
    u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes()
}

const SEGMENT: &str = "segment";
const CHECKPOINT: &str = "checkpoint";

/// The last of the numbers that have their order as text, too.
const LAST: u64 = 999_999_999_999;

fn link_key(part: &str, number: u64) -> Item {
    key2("part", part, "seq", format!("{number:012}"))
}

impl Store {
    /// The newest segment.
    pub(crate) async fn chain_head(&self) -> Result<Option<Segment>> {
        self.chain(SEGMENT, 0, false, 1).await?.into_iter().next().map(from_item).transpose()
    }

    /// *Advance*: adds the next segment. False when another one has its place already.
    pub(crate) async fn append_segment(&self, segment: &Segment) -> Result<bool> {
        let change = Change {
            table: &self.tables.audit_chain,
            key: link_key(SEGMENT, segment.number),
            update: "SET previous = :previous, #at = :at, entries = :entries, #hash = :hash",
            // True again for the same segment, whose answer may have been lost on the way.
            condition: "attribute_not_exists(part) OR #hash = :hash",
            names: &[("#at", "at"), ("#hash", "hash")],
            values: vec![
                (":previous", text(&segment.previous)),
                (":at", number(segment.at.millis())),
                (":entries", AttributeValue::L(segment.entries.iter().map(text).collect())),
                (":hash", text(&segment.hash)),
            ],
        };
        Ok(matches!(self.advance(change).await?, Advance::Won(_)))
    }

    /// Segments from a number on, at most `limit`.
    pub(crate) async fn segments(&self, from: u64, limit: i32) -> Result<Vec<Segment>> {
        self.chain(SEGMENT, from, true, limit).await?.into_iter().map(from_item).collect()
    }

    pub(crate) async fn newest_checkpoint(&self) -> Result<Option<Checkpoint>> {
        self.chain(CHECKPOINT, 0, false, 1).await?.into_iter().next().map(from_item).transpose()
    }

    /// Checkpoints from an ordinal on, at most `limit`.
    pub(crate) async fn checkpoints(&self, from: u64, limit: i32) -> Result<Vec<Checkpoint>> {
        self.chain(CHECKPOINT, from, true, limit).await?.into_iter().map(from_item).collect()
    }

    /// *Advance*: adds the next checkpoint. False when another one has its place already.
    pub(crate) async fn add_checkpoint(&self, checkpoint: &Checkpoint) -> Result<bool> {
        let change = Change {
            table: &self.tables.audit_chain,
            key: link_key(CHECKPOINT, checkpoint.ordinal),
            update: "SET previous = :previous, #number = :number, #at = :at, #hash = :hash, kept_since = :kept, signature = :signature",
            condition: "attribute_not_exists(part) OR signature = :signature",
            names: &[("#number", "number"), ("#at", "at"), ("#hash", "hash")],
            values: vec![
                (":previous", text(&checkpoint.previous)),
                (":number", number(checkpoint.number)),
                (":at", number(checkpoint.at.millis())),
                (":hash", text(&checkpoint.hash)),
                (":kept", number(checkpoint.kept_since.millis())),
                (":signature", text(&checkpoint.signature)),
            ],
        };
        Ok(matches!(self.advance(change).await?, Advance::Won(_)))
    }

    pub(crate) async fn remove_segment(&self, number: u64) -> Result<()> {
        self.remove(&self.tables.audit_chain, link_key(SEGMENT, number)).await
    }

    pub(crate) async fn remove_checkpoint(&self, ordinal: u64) -> Result<()> {
        self.remove(&self.tables.audit_chain, link_key(CHECKPOINT, ordinal)).await
    }

    async fn chain(&self, part: &str, from: u64, oldest_first: bool, limit: i32) -> Result<Vec<Item>> {
        if from > LAST {
            return Ok(Vec::new());
        }
        let query = self
            .client
            .query()
            .table_name(&self.tables.audit_chain)
            .consistent_read(true)
            .key_condition_expression("part = :part AND seq >= :from")
            .expression_attribute_values(":part", text(part))
            .expression_attribute_values(":from", text(format!("{from:012}")))
            .scan_index_forward(oldest_first)
            .limit(limit);
        let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        Ok(page.items.unwrap_or_default())
    }

    pub(super) async fn remove(&self, table: &str, key: Item) -> Result<()> {
        let removed = self.client.delete_item().table_name(table).set_key(Some(key)).send().await;
        removed.map(drop).map_err(|cause| Error::unavailable(DYNAMODB, &cause))
    }

    /// One page of the whole trail, each event with its fingerprint. `next` continues where a page ended. An item that is
    /// no event has only its fingerprint and its place.
    pub(crate) async fn whole_trail(&self, next: Option<Item>) -> Result<(Vec<Found>, Option<Item>)> {
        let scan = self.client.scan().table_name(&self.tables.audit_events).consistent_read(true);
        let page = scan.set_exclusive_start_key(next).send().await;
        let page = page.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let found = page.items.unwrap_or_default().into_iter().map(|item| {
            let at = item.get("at").and_then(|at| at.as_s().ok()).cloned().unwrap_or_default();
            let item = serde_dynamo::Item::from(item);
            Found { at, fingerprint: fingerprint(&item), event: serde_dynamo::from_item(item).ok() }
        });
        Ok((found.collect(), page.last_evaluated_key))
    }
}

/// An item of the trail, as somebody finds it who trusts nothing.
pub(crate) struct Found {
    pub(crate) at: String,
    pub(crate) fingerprint: String,
    pub(crate) event: Option<Recorded>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(item: serde_json::Value) -> String {
        fingerprint(&serde_dynamo::to_item(item).unwrap())
    }

    #[test]
    fn a_fingerprint_is_of_everything_and_of_nothing_else() {
        let event = json!({ "actor": "a", "at": "t", "ttl": 5, "detail": { "x": "1", "y": "2" } });
        assert_eq!(of(event.clone()), of(event.clone()));
        for other in [
            json!({ "actor": "a", "at": "t", "ttl": "5", "detail": { "x": "1", "y": "2" } }),
            json!({ "actor": "a", "at": "t", "ttl": 5, "detail": { "x": "1", "y": "3" } }),
            json!({ "actor": "a", "at": "t", "ttl": 5, "detail": { "x": "1" }, "y": "2" }),
            json!({ "actor": "a", "at": "t", "ttl": 5, "detail": { "x": "1", "y": "2" }, "more": "" }),
            json!({ "actor": "at", "at": "", "ttl": 5, "detail": { "x": "1", "y": "2" } }),
            json!({ "actor": "a", "at": "t", "ttl": 5, "detail": ["x", "1", "y", "2"] }),
        ] {
            assert_ne!(of(event.clone()), of(other));
        }
    }
}
