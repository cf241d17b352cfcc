//! The key rings.
//!
//! | table | key | item |
//! |---|---|---|
//! | SigningKeys | `ring` = `signing`, `kid` | one published key: its public half and its place in the ring |
//! | SigningKeys | `ring` = `signing`, `kid` = `#head` | the ring's version: every change advances it, so runs at once cannot both; the not-before |
//! | SigningKeys | `ring` = `secrets`, `kid` = version | a wrapped data key |

use serde::{Deserialize, Serialize};

use super::transaction::{Change, Part};
use super::{DYNAMODB, Item, Store, Transaction, from_item, key2, number, text, to_item};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::keys::jwk::PublicJwk;
use crate::keys::not_before::NotBefore;
use crate::settings::Algorithm;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    Next,
    Current,
    Retired,
}

impl KeyState {
    const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }
}

/// One key of the signing ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyRecord {
    pub kid: String,
    pub kms_key_id: String,
    pub algorithm: Algorithm,
    pub public: PublicJwk,
    pub state: KeyState,
    /// When it first stood in the JWKS.
    pub published_at: Timestamp,
    /// When it came into its present state.
    pub since: Timestamp,
}

/// A wrapped data key and its version.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretRecord {
    pub version: u8,
    #[serde(with = "serde_bytes_as_base64")]
    pub wrapped: Vec<u8>,
    pub created_at: Timestamp,
}

/// The signing ring as stored, at one version.
#[derive(Debug)]
pub struct RingRecords {
    pub keys: Vec<KeyRecord>,
    pub version: u64,
    pub not_before: NotBefore,
}

const SIGNING: &str = "signing";
const SECRETS: &str = "secrets";
const HEAD: &str = "#head";

fn ring_head() -> Item {
    key2("ring", SIGNING, "kid", HEAD)
}

impl Store {
    pub async fn signing_ring(&self) -> Result<RingRecords> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
            #[serde(default)]
            not_before: Option<Timestamp>,
        }
        let (heads, keys): (Vec<Item>, Vec<Item>) = self
            .ring(SIGNING)
            .await?
            .into_iter()
            .partition(|item| item.get("kid").and_then(|kid| kid.as_s().ok()).is_some_and(|kid| kid == HEAD));
        let head: Option<Head> = heads.into_iter().next().map(from_item).transpose()?;
        Ok(RingRecords {
            keys: keys.into_iter().map(from_item).collect::<Result<_>>()?,
            version: head.as_ref().map_or(0, |head| head.version),
            not_before: head.and_then(|head| head.not_before).map(NotBefore::new).unwrap_or_default(),
        })
    }

    pub async fn secrets(&self) -> Result<Vec<SecretRecord>> {
        self.ring(SECRETS).await?.into_iter().map(from_item).collect()
    }

    async fn ring(&self, ring: &str) -> Result<Vec<Item>> {
        let query = self.client.query().table_name(&self.tables.signing_keys).consistent_read(true);
        let query = query.key_condition_expression("ring = :ring").expression_attribute_values(":ring", text(ring));
        // A ring is a handful of items: always one page.
        Ok(query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items.unwrap_or_default())
    }
}

impl Transaction<'_> {
    /// *Advance*: every change of the ring moves its head. Refused (`Part::RingHead`) when another run was faster.
    pub fn advance_ring(self, read: &RingRecords) -> Self {
        let table = self.tables().signing_keys.as_str();
        self.update(
            Part::RingHead,
            Change {
                table,
                key: ring_head(),
                update: "SET version = :next",
                condition: if read.version == 0 { "attribute_not_exists(kid)" } else { "version = :version" },
                names: &[],
                values: match read.version {
                    0 => vec![(":next", number(1))],
                    version => vec![(":version", number(version)), (":next", number(version + 1))],
                },
            },
        )
    }

    /// *Advance* of the not-before, which only goes up. Refused (`Part::RingHead`) when it is that high already. Leaves
    /// the version alone: it is no change of the keys, and must not lose against one.
    pub fn raise_not_before(self, to: NotBefore) -> Self {
        let table = self.tables().signing_keys.as_str();
        self.update(
            Part::RingHead,
            Change {
                table,
                key: ring_head(),
                // Where there is no ring yet, this is its first version: a head without one could not be read.
                update: "SET not_before = :to, version = if_not_exists(version, :first)",
                condition: "attribute_not_exists(not_before) OR not_before < :to",
                names: &[],
                values: vec![(":to", number(to.instant().millis())), (":first", number(1))],
            },
        )
    }

    pub fn create_key(self, record: &KeyRecord) -> Result<Self> {
        let table = self.tables().signing_keys.as_str();
        let mut item = to_item(record)?;
        item.insert("ring".to_owned(), text(SIGNING));
        Ok(self.create(Part::Key, table, item, "kid"))
    }

    /// Moves a key to another place in the ring.
    pub fn move_key(self, kid: &str, state: KeyState, now: Timestamp) -> Self {
        let table = self.tables().signing_keys.as_str();
        self.update(
            Part::Key,
            Change {
                table,
                key: key2("ring", SIGNING, "kid", kid),
                update: "SET #state = :state, since = :now",
                condition: "attribute_exists(kid)",
                names: &[("#state", "state")],
                values: vec![(":state", text(state.name())), (":now", number(now.millis()))],
            },
        )
    }

    pub fn withdraw_key(self, kid: &str) -> Self {
        let table = self.tables().signing_keys.as_str();
        let key = key2("ring", SIGNING, "kid", kid);
        self.delete(
            Part::Key,
            Change { table, key, update: "", condition: "attribute_exists(kid)", names: &[], values: Vec::new() },
        )
    }

    /// A version of the secrets. Refused (`Part::Key`) when another run was faster.
    pub fn create_secret(self, record: &SecretRecord) -> Result<Self> {
        let table = self.tables().signing_keys.as_str();
        let mut item = to_item(record)?;
        item.extend(key2("ring", SECRETS, "kid", record.version));
        Ok(self.create(Part::Key, table, item, "kid"))
    }

    /// Lets a version of the secrets go: this one, not another that got its number later.
    pub fn withdraw_secret(self, record: &SecretRecord) -> Self {
        let table = self.tables().signing_keys.as_str();
        self.delete(
            Part::Key,
            Change {
                table,
                key: key2("ring", SECRETS, "kid", record.version),
                update: "",
                condition: "created_at = :created_at",
                names: &[],
                values: vec![(":created_at", number(record.created_at.millis()))],
            },
        )
    }
}

mod serde_bytes_as_base64 {
    //! Wrapped keys as text, so that every reader of the table sees the same.
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
