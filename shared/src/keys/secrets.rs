//! Secrets of the service: data keys made and wrapped by KMS, unwrapped once per cold start (KEYS-4).
//!
//! One root per version; each purpose gets its own key from it (HKDF, RFC 5869), so a use of one tells nothing about
//! another, and a cold start pays for one `Decrypt`. Whatever is made with a secret carries the version's number, so a
//! new version can be added while the old one still verifies.

use std::collections::BTreeMap;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use crate::random;
use crate::secret::Key;

/// What a key is for. The labels are part of the stored format: a changed label is a changed key.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    RefreshMark,
    RefreshSuccessor,
    Csrf,
    Outbox,
    Device,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::RefreshMark => b"postern refresh mark v1",
            Self::RefreshSuccessor => b"postern refresh successor v1",
            Self::Csrf => b"postern csrf v1",
            Self::Outbox => b"postern outbox v1",
            Self::Device => b"postern device v1",
        }
    }
}

/// The unwrapped roots, by version.
pub struct Secrets {
    roots: BTreeMap<u8, Key>,
    newest: u8,
}

impl Secrets {
    /// `None` when there is no root at all: the ring has not been set up yet.
    pub fn new(roots: BTreeMap<u8, Key>) -> Option<Self> {
        let newest = *roots.last_key_value()?.0;
        Some(Self { roots, newest })
    }

    /// The version that new things are made with.
    pub fn newest(&self) -> u8 {
        self.newest
    }

    /// Every version that still verifies.
    pub fn versions(&self) -> impl Iterator<Item = u8> {
        self.roots.keys().copied()
    }

    /// The key for a purpose, under a version. `None` for a version we do not hold.
    pub fn key(&self, version: u8, purpose: Purpose) -> Option<Key> {
        let root = self.roots.get(&version)?;
        let mut key = [0; 32];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern").extract(root.expose());
        extracted.expand(&[purpose.label()], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key)).ok()?;
        Some(Key::new(key))
    }

    /// Encrypts for ourselves: `version │ nonce │ ciphertext and tag`. `context` must be given again to open it.
    pub fn seal(&self, purpose: Purpose, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut sealed = plain.to_vec();
        self.cipher(self.newest, purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .ok()?;
        Some([&[self.newest], &nonce[..], &sealed].concat())
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

    // A random 96-bit nonce is safe for 2^32 messages a key (NIST SP 800-38D §8.3): four thousand million mails.
    fn cipher(&self, version: u8, purpose: Purpose) -> Option<LessSafeKey> {
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.key(version, purpose)?.expose()).ok()?))
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self { roots: BTreeMap::from([(1, Key::new([7; 32]))]), newest: 1 }
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
        let keys = [Purpose::RefreshMark, Purpose::RefreshSuccessor, Purpose::Csrf, Purpose::Outbox, Purpose::Device]
            .map(|purpose| *secrets.key(1, purpose).unwrap().expose());
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[i + 1..].contains(key));
        }
        assert!(secrets.key(2, Purpose::Csrf).is_none());
    }
}
