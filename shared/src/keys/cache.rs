//! The rings, kept at hand: the signing ring is read again every minute, the secrets every five.
//!
//! Whoever needs a key asks here in parallel with its first read of the database, so that keeping up to date costs no
//! round trip of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::jwk::PublicJwk;
use super::not_before::NotBefore;
use super::secrets::{Root, Roots, Secrets, wrapped_for};
use super::versions;
use crate::aws::kms::{Kms, WrappedKey};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::kept::{Kept, PAUSE};
use crate::settings::Algorithm;
use crate::store::{KeyRecord, KeyState, RingRecords, SecretRecord, Store};

/// How long a ring that was read is good for. An emergency retirement, and a raised not-before, take effect everywhere
/// within this span.
const FRESH: Duration = Duration::from_secs(60);

/// How long an old ring still serves: to check a signature before the database is asked, and while DynamoDB does not
/// answer (F20). Shorter than the time for which a retired key stays published.
const STALE: Duration = Duration::from_secs(10 * 60);

/// The published keys and the not-before, as of one reading.
pub struct SigningRing {
    keys: Vec<KeyRecord>,
    not_before: NotBefore,
}

impl SigningRing {
    pub fn published(&self) -> &[KeyRecord] {
        &self.keys
    }

    /// What was issued earlier is good no more (D10).
    pub fn not_before(&self) -> NotBefore {
        self.not_before
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
    ring: Kept<SigningRing>,
    secrets: Kept<Roots>,
}

impl KeyCache {
    /// The signing ring, not older than a minute; an older one while DynamoDB does not answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read and no recent enough copy is at hand, or when there is no ring yet.
    pub async fn ring(&self, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.ring.get(FRESH, STALE, now, read_ring(store)).await
    }

    /// A ring for a token with this `kid`: the one at hand, should it know the key; else one that was read just now.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: a key that cannot be looked up is not an unknown key (D5).
    pub async fn ring_with(&self, kid: &str, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        match self.ring.at_hand(STALE, now) {
            Some(ring) if ring.key(kid).is_some() => Ok(ring),
            _ => self.ring.read(PAUSE, now, read_ring(store)).await,
        }
    }

    /// The ring as it is in the table now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn read_anew(&self, store: &Store, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.ring.read(Duration::ZERO, now, read_ring(store)).await
    }

    /// The service's secrets, not older than five minutes; an older copy while DynamoDB or KMS does not answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when they cannot be had and no recent enough copy is at hand, or when there are none yet.
    pub async fn secrets(&self, store: &Store, kms: &Kms, now: Timestamp) -> Result<Secrets> {
        let roots = self.secrets.get(versions::FRESH, versions::STALE, now, self.read_secrets(store, kms)).await?;
        Ok(Secrets::at(roots, now))
    }

    /// The secrets at hand, should they know this version; else secrets that were read just now.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: a version that cannot be looked up is not an unknown version.
    pub async fn secrets_with(&self, version: u8, store: &Store, kms: &Kms, now: Timestamp) -> Result<Secrets> {
        let roots = match self.secrets.at_hand(versions::STALE, now) {
            Some(roots) if roots.holds(version) => roots,
            _ => self.secrets.read(PAUSE, now, self.read_secrets(store, kms)).await?,
        };
        Ok(Secrets::at(roots, now))
    }

    /// What `read` makes of something with the secrets at hand or, should those be older than five minutes and know
    /// nothing of it, with secrets that are read now. For what does not say which version made it.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: what may be of a version that cannot be looked up is not unknown.
    pub async fn made_by_us<T>(
        &self,
        read: impl Fn(&Secrets) -> Option<T>,
        store: &Store,
        kms: &Kms,
        now: Timestamp,
    ) -> Result<Option<T>> {
        let at_hand = self.secrets.at_hand(versions::STALE, now);
        if let Some(made) = at_hand.and_then(|roots| read(&Secrets::at(roots, now))) {
            return Ok(Some(made));
        }
        let roots = self.secrets.read(versions::FRESH, now, self.read_secrets(store, kms)).await?;
        Ok(read(&Secrets::at(roots, now)))
    }

    /// Reads the versions, and unwraps those that are new to this process.
    async fn read_secrets(&self, store: &Store, kms: &Kms) -> Result<Roots> {
        let records = store.secrets().await?;
        let known = self.secrets.last();
        let roots = try_join_all(records.into_iter().map(async |SecretRecord { version, wrapped, created_at }| {
            if let Some(root) = known.as_ref().and_then(|roots| roots.get(version, created_at)) {
                return Ok((version, root.clone()));
            }
            let key = kms.unwrap_data_key(&wrapped_for(version), &WrappedKey(wrapped)).await?;
            Ok::<_, Error>((version, Root { key, created_at }))
        }));
        let roots: BTreeMap<u8, Root> = roots.await?.into_iter().collect();
        Roots::new(roots).ok_or_else(|| not_set_up("secrets"))
    }
}

async fn read_ring(store: &Store) -> Result<SigningRing> {
    let RingRecords { keys, not_before, .. } = store.signing_ring().await?;
    if keys.is_empty() { Err(not_set_up("signing ring")) } else { Ok(SigningRing { keys, not_before }) }
}

fn not_set_up(what: &str) -> Error {
    Error::Unavailable { dependency: "SigningKeys", cause: format!("there is no {what} yet: run jobs-rotate-keys") }
}
