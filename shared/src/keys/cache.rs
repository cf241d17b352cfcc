//! The rings, kept at hand: read once per cold start, the signing ring again every minute.
//!
//! Whoever needs a key asks here, in parallel with its first read, so that keeping up to date costs no round trip of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use super::jwk::PublicJwk;
use super::secrets::Secrets;
use crate::aws::kms::{Kms, WrappedKey};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::settings::Algorithm;
use crate::store::{KeyRecord, KeyState, Store};

/// How long a ring that was read is good for. An emergency retirement takes effect everywhere within this span.
const FRESH: Duration = Duration::from_secs(60);

/// How long an old ring still serves while DynamoDB does not answer (F20). Shorter than the time for which a retired
/// key stays published, so nobody signs with a key that verifiers have dropped.
const STALE: Duration = Duration::from_secs(10 * 60);

/// How often an unknown `kid` may cause a look at the table, however many such tokens come (case 064).
const RELOAD_AFTER: Duration = Duration::from_secs(5);

/// The published keys, as of one reading.
pub struct SigningRing {
    keys: Vec<KeyRecord>,
    read_at: Timestamp,
}

impl SigningRing {
    pub fn published(&self) -> &[KeyRecord] {
        &self.keys
    }

    /// The key that signs now.
    pub fn signer(&self) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.state == KeyState::Current)
    }

    /// A published key by its id, whatever its state: an instance with an older idea of the ring may have signed with it.
    pub fn key(&self, kid: &str) -> Option<(Algorithm, &PublicJwk)> {
        self.keys.iter().find(|key| key.kid == kid).map(|key| (key.algorithm, &key.public))
    }
}

/// One per process.
#[derive(Default)]
pub struct KeyCache {
    ring: RwLock<Option<Arc<SigningRing>>>,
    secrets: RwLock<Option<Arc<Secrets>>>,
    /// Held while reading, so that many requests at once cause one reading.
    reading_ring: Mutex<()>,
    reading_secrets: Mutex<()>,
}

impl KeyCache {
    /// The signing ring, not older than a minute.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read and no recent enough copy is at hand, or when there is no ring yet.
    pub async fn ring(&self, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.ring_read_within(FRESH, store, now).await
    }

    /// The ring for a token whose `kid` the cached one does not know: read again, but not for each such token.
    pub async fn ring_with(&self, kid: &str, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        let ring = self.ring(store, now).await?;
        if ring.key(kid).is_some() { Ok(ring) } else { self.ring_read_within(RELOAD_AFTER, store, now).await }
    }

    async fn ring_read_within(&self, age: Duration, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        // A clock that was set back makes a reading from "the future": read again then, too.
        let is_young = |ring: &Arc<SigningRing>, age| ring.read_at <= now && now.since(ring.read_at) < age;
        let cached = || self.ring.read().ok().and_then(|ring| ring.clone());

        if let Some(ring) = cached().filter(|ring| is_young(ring, age)) {
            return Ok(ring);
        }
        let _reading = self.reading_ring.lock().await;
        if let Some(ring) = cached().filter(|ring| is_young(ring, age)) {
            return Ok(ring);
        }
        match store.signing_ring().await {
            Ok(records) if records.keys.is_empty() => Err(not_set_up("signing ring")),
            Ok(records) => {
                let ring = Arc::new(SigningRing { keys: records.keys, read_at: now });
                if let Ok(mut slot) = self.ring.write() {
                    *slot = Some(ring.clone());
                }
                Ok(ring)
            }
            Err(error) => cached().filter(|ring| is_young(ring, STALE)).ok_or(error),
        }
    }

    /// The service's secrets, unwrapped once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when DynamoDB or KMS does not give them, or when there are none yet.
    pub async fn secrets(&self, store: &Store, kms: &Kms) -> Result<Arc<Secrets>> {
        let cached = || self.secrets.read().ok().and_then(|secrets| secrets.clone());
        if let Some(secrets) = cached() {
            return Ok(secrets);
        }
        let _reading = self.reading_secrets.lock().await;
        if let Some(secrets) = cached() {
            return Ok(secrets);
        }
        let mut roots = BTreeMap::new();
        for record in store.secrets().await? {
            let root =
                kms.unwrap_data_key(&super::rotate::purpose_of(record.version), &WrappedKey(record.wrapped)).await?;
            roots.insert(record.version, root);
        }
        let secrets = Arc::new(Secrets::new(roots).ok_or_else(|| not_set_up("secrets"))?);
        if let Ok(mut slot) = self.secrets.write() {
            *slot = Some(secrets.clone());
        }
        Ok(secrets)
    }
}

fn not_set_up(what: &str) -> Error {
    Error::Unavailable { dependency: "SigningKeys", cause: format!("there is no {what} yet: run jobs-rotate-keys") }
}
