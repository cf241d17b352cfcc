//! Segments: how the chain grows with the trail's stream.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use serde::Deserialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::store::Store;

/// What the stream told of one item of the trail. `at` is the item's place: its instant and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was written, for the first time or again: its fingerprint, and when that was.
    Written {
        at: String,
        fingerprint: String,
        written_at: Timestamp,
    },
    Removed {
        at: String,
    },
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Segment {
    /// Counts from 1.
    #[serde(rename = "seq", deserialize_with = "super::number")]
    pub number: u64,
    /// The hash of the segment before; empty for the first.
    pub previous: String,
    pub at: Timestamp,
    /// What it holds, see [`Change::entry`].
    pub entries: Vec<String>,
    pub hash: String,
}

/// Several batches may come at once, of several shards of the stream. Each waits for its turn so often.
const TRIES: u32 = 12;

impl Change {
    /// As it stands in the chain: a JSON array, so that nothing in it can pass for something else.
    fn entry(&self) -> String {
        match self {
            Self::Written { at, fingerprint, written_at } => {
                serde_json::json!(["written", at, fingerprint, written_at.to_string()])
            }
            Self::Removed { at } => serde_json::json!(["removed", at]),
        }
        .to_string()
    }

    pub(super) fn of_entry(entry: &str) -> Option<Self> {
        let parts: Vec<String> = serde_json::from_str(entry).ok()?;
        match parts.as_slice() {
            [what, at, fingerprint, written_at] if what == "written" => {
                let written_at = Timestamp::parse(written_at)?;
                Some(Self::Written { at: at.clone(), fingerprint: fingerprint.clone(), written_at })
            }
            [what, at] if what == "removed" => Some(Self::Removed { at: at.clone() }),
            _ => None,
        }
    }

    /// Whether it says anything that the age of the event does not say.
    fn is_news(&self, kept_since: Timestamp) -> bool {
        match self {
            Self::Written { .. } => true,
            Self::Removed { at } => *at >= kept_since.to_string(),
        }
    }
}

impl Segment {
    pub(super) fn after(head: Option<&Self>, entries: Vec<String>, at: Timestamp) -> Self {
        let (number, previous) = head.map_or((1, String::new()), |head| (head.number + 1, head.hash.clone()));
        let segment = Self { number, previous, at, entries, hash: String::new() };
        Self { hash: segment.computed(), ..segment }
    }

    /// The hash that it must have. Each part is preceded by its length.
    pub(super) fn computed(&self) -> String {
        let mut context = Context::new(&SHA256);
        let head = ["postern audit segment v1".to_owned(), self.number.to_string(), self.at.millis().to_string()];
        for part in head.iter().chain([&self.previous]).chain(&self.entries) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.finish())
    }
}

/// Adds a batch to the chain. A batch that comes again makes another segment that says the same: harmless.
///
/// # Errors
/// [`Error::Unavailable`] when the chain could not be written: the batch must come again.
pub async fn follow(app: &App, now: Timestamp, changes: &[Change]) -> Result<()> {
    let kept_since = app.settings.kept_since(now);
    let entries: Vec<String> = changes.iter().filter(|change| change.is_news(kept_since)).map(Change::entry).collect();
    if entries.is_empty() { Ok(()) } else { append(&app.store, now, entries).await }
}

async fn append(store: &Store, now: Timestamp, entries: Vec<String>) -> Result<()> {
    for attempt in 0..TRIES {
        let head = store.chain_head().await?;
        if head.as_ref().is_some_and(|head| head.entries == entries) {
            return Ok(());
        }
        if store.append_segment(&Segment::after(head.as_ref(), entries.clone(), now)).await? {
            return Ok(());
        }
        let wait = 5 + crate::random::below(10 << attempt.min(5));
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    Err(Error::Unavailable { dependency: "audit chain", cause: "other batches were in the way".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_segment_is_of_all_of_it() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let first = Segment::after(None, vec!["a".to_owned(), "b".to_owned()], now);
        let second = Segment::after(Some(&first), vec!["c".to_owned()], now);
        assert_eq!((second.number, &second.previous), (2, &first.hash));
        let others = [
            Segment { number: 3, ..second.clone() },
            Segment { previous: String::new(), ..second.clone() },
            Segment { at: now + Duration::from_millis(1), ..second.clone() },
            Segment { entries: vec!["c".to_owned(), String::new()], ..second.clone() },
            Segment { entries: Vec::new(), ..second.clone() },
        ];
        assert!(others.iter().all(|other| other.computed() != second.hash));
        let run_together = Segment { entries: vec!["ab".to_owned(), String::new()], ..first.clone() };
        assert_ne!(run_together.computed(), first.hash);
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_whatever_is_in_it() {
        for at in ["2026-11-21T01:50:00.007Z#id", "\",\"x", "", "written \n"] {
            for change in [
                Change::Written {
                    at: at.to_owned(),
                    fingerprint: "f".to_owned(),
                    written_at: Timestamp::from_seconds(1_800_000_000),
                },
                Change::Removed { at: at.to_owned() },
            ] {
                assert_eq!(Change::of_entry(&change.entry()), Some(change));
            }
        }
        assert_eq!(Change::of_entry("[]"), None);
    }
}
