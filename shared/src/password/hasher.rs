//! Hashing and verifying passwords with Argon2id, off the runtime's threads and a few at a time (SIGN-6).
//!
//! Decides nothing about accounts, attempts or answers. Every verification costs one hash, whether the account exists or
//! not (LOGIN-1); only a match under weaker parameters costs a second one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task;
use zeroize::Zeroizing;

use super::Password;
use super::imported::{self, HashFault, Stored};
use super::pool::Pool;

pub(super) const SALT_BYTES: usize = 16;
pub(super) const HASH_BYTES: usize = 32;

/// Makes and verifies password hashes. One per process: its permits and its memory are shared by all requests.
pub struct Hasher {
    permits: Arc<Semaphore>,
    inner: Arc<Inner>,
}

/// What a computation needs on its thread.
struct Inner {
    argon2: Argon2<'static>,
    decoy: Stored,
    pool: Pool,
    computed: AtomicU64,
    #[cfg(test)]
    gauge: tests::Gauge,
}

/// What stands for a hash where there is none: as long as one, and nobody's.
pub const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$1dXV1dXV1dXV1dXV1dXV1Q$1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dU";

/// What came of a verification.
#[derive(Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the password is the account's. Never for an unknown account.
    pub matches: bool,
    /// A fresh PHC string to store instead, when the password matched a hash of weaker or foreign parameters.
    pub rehash: Option<String>,
}

impl Default for Hasher {
    /// One computation for each processor: more would only take turns, and 19 MiB each.
    fn default() -> Self {
        Self::new(thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Hasher {
    /// Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP's first choice), at most `at_once` computations at a time (at least one).
    pub fn new(at_once: usize) -> Self {
        Self::with_params(Params::DEFAULT, at_once)
    }

    /// The same with stronger parameters, or with trifling ones in tests.
    pub fn with_params(params: Params, at_once: usize) -> Self {
        // The same work as a real account's hash. Its salt and hash are never anybody's: `verify` does not take its word.
        let decoy = Stored::Argon2 {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.clone(),
            salt: vec![0xd5; SALT_BYTES],
            hash: Output::new(&[0xd5; HASH_BYTES]).unwrap_or_else(|_| unreachable!("32 bytes are a valid length")),
        };
        let inner = Inner {
            pool: Pool::new(params.block_count()),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            decoy,
            computed: AtomicU64::new(0),
            #[cfg(test)]
            gauge: tests::Gauge::default(),
        };
        Self { permits: Arc::new(Semaphore::new(at_once.max(1))), inner: Arc::new(inner) }
    }

    /// How many verifications were computed, decoys included; hashes made for storing are not counted.
    pub fn computed(&self) -> u64 {
        self.inner.computed.load(Ordering::Relaxed)
    }

    /// A PHC string to store for `password`, under a fresh salt.
    ///
    /// # Errors
    /// [`HashFault::Interrupted`] when the runtime is shutting down.
    pub async fn hash(&self, password: &Password) -> Result<String, HashFault> {
        self.run(password, |inner, password| inner.hash(password)).await
    }

    /// Verifies `password` against a stored hash, or against a decoy of the same cost when there is none.
    ///
    /// An imported hash of other parameters takes its own time until the first login replaces it.
    ///
    /// # Errors
    /// When the stored hash cannot be read, is of an unknown kind or over the caps of `imported`; nothing is computed then.
    pub async fn verify(&self, stored: Option<&str>, password: &Password) -> Result<Verdict, HashFault> {
        let stored = stored.map(Stored::parse).transpose()?;
        self.run(password, move |inner, password| {
            inner.computed.fetch_add(1, Ordering::Relaxed);
            let Some(stored) = stored else {
                inner.decoy.matches(password, &inner.pool)?;
                return Ok(Verdict { matches: false, rehash: None });
            };
            let matches = stored.matches(password, &inner.pool)?;
            let outdated = matches && !stored.is_as_strong_as(inner.argon2.params());
            let rehash = outdated.then(|| inner.hash(password)).transpose()?;
            Ok(Verdict { matches, rehash })
        })
        .await
    }

    /// Runs `work` on a blocking thread once a permit is free.
    ///
    /// A caller that goes away while waiting costs nothing; one that goes away later leaves `work` to its end, and the
    /// permit is held until then, so abandoned requests cannot exceed the bound.
    async fn run<T: Send + 'static>(
        &self,
        password: &Password,
        work: impl FnOnce(&Inner, &[u8]) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, HashFault> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| HashFault::Interrupted)?;
        let inner = Arc::clone(&self.inner);
        let password = Zeroizing::new(password.expose().as_bytes().to_vec());
        task::spawn_blocking(move || {
            let _permit = permit;
            #[cfg(test)]
            let _running = inner.gauge.enter();
            work(&inner, &password)
        })
        .await
        .map_err(|_| HashFault::Interrupted)?
    }
}

impl Inner {
    fn hash(&self, password: &[u8]) -> Result<String, HashFault> {
        let salt = crate::random::bytes::<SALT_BYTES>();
        let hash = imported::argon2(&self.argon2, password, &salt, HASH_BYTES, &self.pool)?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(self.argon2.params()).map_err(|_| HashFault::Malformed)?,
            salt: Some(Salt::new(&salt).map_err(|_| HashFault::Malformed)?),
            hash: Some(Output::new(&hash).map_err(|_| HashFault::Malformed)?),
        };
        Ok(phc.to_string())
    }
}

#[cfg(test)]
#[path = "hasher_tests.rs"]
mod tests;
