//! Secrets: types that cannot be printed, serialised or compared in variable time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Key material. No `Debug`, no `Display`, no `Serialize`; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A secret that is text, such as the key that another service knows us by. No `Debug`, no `Display`, no `Serialize`; wiped
/// when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A one-time token as its holder knows it: 256 random bits, base64url. Stored only as its [`TokenHash`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PlainToken(String);

impl PlainToken {
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(crate::random::bytes::<32>()))
    }

    /// Takes what a caller presents. Anything that `generate` could not have made is refused here, before a look-up.
    pub fn parse(text: String) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(&text).ok()?;
        (bytes.len() == 32).then_some(Self(text))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }

    /// The token itself, for the one message that carries it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of a token, base64url. Enough for 256-bit secrets: nobody enumerates those.
#[derive(Clone, Debug, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "equal is equal either way; only the time it takes differs")]
pub struct TokenHash(String);

impl TokenHash {
    pub fn of(secret: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Constant time, because one side may come from a caller.
impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.0.as_bytes(), other.0.as_bytes())
    }
}
impl Eq for TokenHash {}

/// Compares without telling by its time where two values differ. Lengths are not secret.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn case_158_ten_thousand_tokens_are_distinct_and_carry_256_bits() {
        let tokens: HashSet<String> = (0..10_000).map(|_| PlainToken::generate().expose().to_owned()).collect();
        assert_eq!(tokens.len(), 10_000);
        assert!(tokens.iter().all(|token| URL_SAFE_NO_PAD.decode(token).unwrap().len() == 32));
        // Each of the 256 bits is set about half the time: six standard deviations around 5,000 (σ = 50).
        let mut ones = [0_u32; 256];
        for token in &tokens {
            for (i, byte) in URL_SAFE_NO_PAD.decode(token).unwrap().into_iter().enumerate() {
                (0..8).filter(|bit| byte >> bit & 1 == 1).for_each(|bit| ones[i * 8 + bit] += 1);
            }
        }
        assert!(ones.iter().all(|&n| (4_700..=5_300).contains(&n)), "{ones:?}");
    }

    #[test]
    fn case_080_a_token_of_another_shape_is_refused_before_any_look_up() {
        let token = PlainToken::generate().expose().to_owned();
        for bad in [&token[1..], &token[..42], &format!("{token}A"), &format!("{token}="), "", "../../etc"] {
            assert!(PlainToken::parse(bad.to_owned()).is_none(), "{bad}");
        }
    }
}
