//! The rings, kept at hand: read once per cold start, the signing ring again every minute.
//!
//! Whoever needs a key asks here in parallel with its first read of the database, so that keeping up to date costs no
//! round trip of its own.

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

/// How long an old ring still serves: to check a signature before the database is asked, and while DynamoDB does not
/// answer (F20). Shorter than the time for which a retired key stays published.
const STALE: Duration = Duration::from_secs(10 * 60);

/// How often the table is looked at for an unknown `kid`, however many such tokens come (case 064), and how long a
/// failed reading keeps others from waiting for the next one.
const PAUSE: Duration = Duration::from_secs(5);

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
    failed_at: RwLock<Option<Timestamp>>,
    secrets: RwLock<Option<Arc<Secrets>>>,
    /// Held while reading, so that many requests at once cause one reading.
    reading_ring: Mutex<()>,
    reading_secrets: Mutex<()>,
}

impl KeyCache {
    /// The signing ring, not older than a minute; an older one while DynamoDB does not answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read and no recent enough copy is at hand, or when there is no ring yet.
    pub async fn ring(&self, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        if let Some(ring) = self.at_hand(FRESH, now) {
            return Ok(ring);
        }
        let has_just_failed =
            self.failed_at.read().is_ok_and(|at| at.is_some_and(|at| at <= now && now.since(at) < PAUSE));
        match self.at_hand(STALE, now) {
            Some(stale) if has_just_failed => Ok(stale),
            stale => self.read(FRESH, store, now).await.or_else(|error| stale.ok_or(error)),
        }
    }

    /// A ring for a token with this `kid`: the one at hand, should it know the key; else one that was read just now.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: a key that cannot be looked up is not an unknown key (D5).
    pub async fn ring_with(&self, kid: &str, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        match self.at_hand(STALE, now) {
            Some(ring) if ring.key(kid).is_some() => Ok(ring),
            _ => self.read(PAUSE, store, now).await,
        }
    }

    /// The ring as it is in the table now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn read_anew(&self, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.read(Duration::ZERO, store, now).await
    }

    /// The ring that was read last, if that was less than `age` ago. A clock that was set back makes a reading from the
    /// future: that one does not count.
    fn at_hand(&self, age: Duration, now: Timestamp) -> Option<Arc<SigningRing>> {
        let ring = self.ring.read().ok()?.clone()?;
        (ring.read_at <= now && now.since(ring.read_at) < age).then_some(ring)
    }

    /// Reads the ring, unless somebody else has done so within `age` while we waited for our turn.
    async fn read(&self, age: Duration, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        let _reading = self.reading_ring.lock().await;
        if let Some(ring) = self.at_hand(age, now) {
            return Ok(ring);
        }
        let records = store.signing_ring().await.and_then(|records| match records.keys.is_empty() {
            true => Err(not_set_up("signing ring")),
            false => Ok(records.keys),
        });
        if let Ok(mut failed_at) = self.failed_at.write() {
            *failed_at = records.is_err().then_some(now);
        }
        let ring = Arc::new(SigningRing { keys: records?, read_at: now });
        if let Ok(mut slot) = self.ring.write() {
            *slot = Some(ring.clone());
        }
        Ok(ring)
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
