//! Secrets of the service: data keys made and wrapped by KMS, unwrapped once per process (KEYS-4).
//!
//! One root per version; each purpose gets its own key from it (HKDF, RFC 5869), so a use of one tells nothing about
//! another, and a cold start pays for one `Decrypt` per version. Whatever is made with a secret carries the version's
//! number, or is tried with each, so a new version can be added while the old one still verifies. When a version comes
//! and goes: [`super::versions`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use super::versions::{self, Version};
use crate::attempts::device::REMEMBERED_DAYS;
use crate::audit::CURSOR_LIFE;
use crate::clock::Timestamp;
use crate::random;
use crate::secret::Key;
use crate::settings::SessionRules;
use crate::store::MESSAGE_KEPT;

/// What a key is for. The labels are part of the stored format: a changed label is a changed key.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    RefreshMark,
    RefreshSuccessor,
    Csrf,
    Outbox,
    Device,
    /// What a hosted page tells the next one.
    Flash,
    AuditCursor,
}

impl Purpose {
    pub const ALL: [Self; 7] = [
        Self::RefreshMark,
        Self::RefreshSuccessor,
        Self::Csrf,
        Self::Outbox,
        Self::Device,
        Self::Flash,
        Self::AuditCursor,
    ];

    /// How long something lives that was made for this purpose: its version verifies for so long. What has no end cannot
    /// be made with these secrets, unless it is made again with each new version.
    pub fn life(self) -> Duration {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        match self {
            // To its family's end, past the token's own: a replay is told from a forgery by the mark. Of any profile, since
            // a session keeps the end that it began with.
            Self::RefreshMark | Self::RefreshSuccessor => SessionRules::LONGEST,
            // The day it was made for, and the next.
            Self::Csrf => DAY * 2,
            Self::Outbox => MESSAGE_KEPT,
            Self::AuditCursor => CURSOR_LIFE,
            // A browser that comes back counts apart from strangers. Its mark says the day, so the last one is begun.
            Self::Device => DAY * (u32::from(REMEMBERED_DAYS) + 1),
            // A minute; a version is kept for longer than that by whatever else it made.
            Self::Flash => Duration::from_secs(60),
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::RefreshMark => b"postern refresh mark v1",
            Self::RefreshSuccessor => b"postern refresh successor v1",
            Self::Csrf => b"postern csrf v1",
            Self::Outbox => b"postern outbox v1",
            Self::Device => b"postern device v1",
            Self::Flash => b"postern flash v1",
            Self::AuditCursor => b"postern audit cursor v1",
        }
    }
}

/// The KMS encryption context of a version: a wrapped key cannot pass for another.
pub(super) fn wrapped_for(version: u8) -> String {
    format!("postern secrets v{version}")
}

/// The unwrapped key of a version, and when the version was made.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) key: Key,
    pub(super) created_at: Timestamp,
}

/// The roots of all versions, as of one reading. Never empty.
pub(super) struct Roots(BTreeMap<u8, Root>);

impl Roots {
    /// `None` when there is no root at all: nothing has been set up yet.
    pub(super) fn new(roots: BTreeMap<u8, Root>) -> Option<Self> {
        if roots.is_empty() { None } else { Some(Self(roots)) }
    }

    pub(super) fn holds(&self, version: u8) -> bool {
        self.0.contains_key(&version)
    }

    fn versions(&self) -> Vec<Version> {
        self.0.iter().map(|(&number, root)| Version { number, created_at: root.created_at }).collect()
    }

    /// The root of this very version: a number alone may have been used before.
    pub(super) fn get(&self, version: u8, created_at: Timestamp) -> Option<&Root> {
        self.0.get(&version).filter(|root| root.created_at == created_at)
    }
}

/// The secrets as they are to be used at one instant. Cloning is cheap.
#[derive(Clone)]
pub struct Secrets {
    roots: Arc<Roots>,
    current: u8,
    now: Timestamp,
}

impl Secrets {
    pub(super) fn at(roots: Arc<Roots>, now: Timestamp) -> Self {
        let current = versions::current(roots.versions(), now).unwrap_or_default();
        Self { roots, current, now }
    }

    /// The version that new things are made with.
    pub fn current(&self) -> u8 {
        self.current
    }

    /// Every version that verifies something.
    pub fn versions(&self) -> impl Iterator<Item = u8> {
        self.roots.0.keys().copied()
    }

    /// The key for a purpose, under a version. `None` for a version that we do not hold, or that made nothing for this
    /// purpose that could still live: an old root is worth as little as can be.
    pub fn key(&self, version: u8, purpose: Purpose) -> Option<Key> {
        let Root { key: root, created_at } = self.roots.0.get(&version)?;
        let version = Version { number: version, created_at: *created_at };
        if !versions::may_live(&version, &self.roots.versions(), purpose.life(), self.now) {
            return None;
        }
        let mut key = [0; 32];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern").extract(root.expose());
        extracted.expand(&[purpose.label()], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key)).ok()?;
        Some(Key::new(key))
    }

    /// Encrypts for ourselves: `version │ nonce │ ciphertext and tag`. `context` must be given again to open it.
    pub fn seal(&self, purpose: Purpose, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut sealed = plain.to_vec();
        self.cipher(self.current, purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .ok()?;
        Some([&[self.current], &nonce[..], &sealed].concat())
    }

    /// Opens what [`Self::seal`] made. `None` when it was changed, or made for another purpose or context.
    pub fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        let mut body = body.to_vec();
        let plain = self
            .cipher(*version, purpose)?
            .open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::from(context), &mut body)
            .ok()?;
        Some(plain.to_vec())
    }

    /// The version that something was sealed with, as far as it says.
    pub fn version_of(sealed: &[u8]) -> Option<u8> {
        sealed.first().copied()
    }

    // A random 96-bit nonce is safe for 2^32 messages a key (NIST SP 800-38D §8.3): four thousand million mails.
    fn cipher(&self, version: u8, purpose: Purpose) -> Option<LessSafeKey> {
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.key(version, purpose)?.expose()).ok()?))
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let now = Timestamp::from_seconds(0);
        let root = Root { key: Key::new([7; 32]), created_at: now };
        Self::at(Arc::new(Roots(BTreeMap::from([(1, root)]))), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_for_its_purpose_and_context_and_unchanged() {
        let secrets = Secrets::for_tests();
        let sealed = secrets.seal(Purpose::Outbox, b"message 1", b"a link").unwrap();
        assert_eq!(secrets.open(Purpose::Outbox, b"message 1", &sealed).unwrap(), b"a link");
        assert!(secrets.open(Purpose::Outbox, b"message 2", &sealed).is_none());
        assert!(secrets.open(Purpose::Csrf, b"message 1", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(secrets.open(Purpose::Outbox, b"message 1", &changed).is_none(), "byte {at}");
        }
    }

    #[test]
    fn every_purpose_has_its_own_key() {
        let secrets = Secrets::for_tests();
        let keys = Purpose::ALL.map(|purpose| *secrets.key(1, purpose).unwrap().expose());
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[i + 1..].contains(key));
        }
        assert!(secrets.key(2, Purpose::Csrf).is_none());
    }

    #[test]
    fn keys_4_an_old_version_verifies_for_each_purpose_only_what_may_still_live() {
        let start = Timestamp::from_seconds(1_800_000_000);
        let root = |byte, created_at| Root { key: Key::new([byte; 32]), created_at };
        let made = start + Duration::from_secs(3600);
        let roots = Arc::new(Roots(BTreeMap::from([(1, root(1, start)), (2, root(2, made))])));
        let day = |n: u64| Secrets::at(roots.clone(), made + Duration::from_secs(n * 24 * 3600));
        let good_for =
            |version: u8, secrets: Secrets| Purpose::ALL.map(|purpose| secrets.key(version, purpose).is_some());
        assert_eq!(good_for(1, day(1)), [true; 7]);
        let only_short_lived_are_gone = [true, true, true, true, true, false, false];
        assert_eq!(good_for(1, day(3)), only_short_lived_are_gone, "flashes and cursors");
        assert_eq!(good_for(1, day(4)), [true, true, false, true, true, false, false], "no page is as old");
        assert_eq!(good_for(1, day(31)), [true, true, false, true, true, false, false]);
        let only_a_browser = [false, false, false, false, true, false, false];
        assert_eq!(good_for(1, day(32)), only_a_browser, "is remembered longer");
        assert_eq!(good_for(1, day(183)), [false; 7]);
        assert_eq!(good_for(2, day(10_000)), [true; 7], "the newest is always good");
    }
}
