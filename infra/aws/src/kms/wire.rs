//! Shapes of the KMS protocol that several operations share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes, base64 in JSON.
#[derive(Clone)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| de::Error::custom("a blob is not base64"))
    }
}

/// A request that names a key and nothing else of interest.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyOnly {
    pub(super) key_id: String,
}

/// An answer without members.
#[derive(Serialize)]
pub(super) struct Empty {}

/// A key's tag.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) tag_key: String,
    pub(super) tag_value: String,
}

/// Which part of a list is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PageRequest {
    limit: Option<usize>,
    marker: Option<String>,
    /// `ListAliases` may be limited to one key.
    pub(super) key_id: Option<String>,
}

impl PageRequest {
    /// The part of `sorted` that is asked for, and the marker of the next part if there is one.
    pub(super) fn cut<'a>(&self, sorted: impl Iterator<Item = &'a String>) -> (Vec<&'a String>, Option<String>) {
        let limit = self.limit.unwrap_or(100).clamp(1, 1000);
        let is_after = |name: &&String| self.marker.as_ref().is_none_or(|marker| *name > marker);
        let mut part: Vec<&String> = sorted.filter(is_after).take(limit + 1).collect();
        let has_more = part.len() > limit;
        part.truncate(limit);
        let next = part.last().filter(|_| has_more).map(|last| (*last).clone());
        (part, next)
    }
}

/// Milliseconds as KMS writes dates: seconds with a fraction.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
