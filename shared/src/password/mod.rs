//! Passwords: the secret type, the rules for choosing one ([`Policy`], SIGN-5) and the hash kept of it ([`Hasher`], SIGN-6).
//!
//! Reading order: this file, `policy`, `common` (with `word`, `pattern` and `list` beneath it), `hasher`, `imported`.
//! Not here: attempt limits (lockout), the online breach check, and every word about HTTP.

mod common;
mod hasher;
mod imported;
mod list;
mod pattern;
mod policy;
mod pool;
mod word;

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use hasher::{DECOY, Hasher, Verdict};
pub use imported::{HashFault, check as check_stored};
pub use policy::{MAX_LENGTH, Policy, UnknownPolicy, Unmet};

/// The longest password read from a request, in bytes: [`MAX_LENGTH`] code points never need more than half of it.
pub const MAX_BYTES: usize = 1_024;

/// A password as its owner typed it, wiped when dropped. No `Debug`, no `Display`, no `Serialize`.
///
/// Kept as received but for one documented change: Unicode NFC (RFC 8265; never NFKC, so `ﬁ` is not `fi`), because the same
/// key on two keyboards may send `é` composed or decomposed. Spaces at the ends, NUL and controls all count.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// Normalises `text`. Sets no limit: [`Deserialize`] refuses more than [`MAX_BYTES`], [`Policy::check`] more than
    /// [`MAX_LENGTH`] code points.
    pub fn new(text: String) -> Self {
        if is_nfc(&text) {
            return Self(text);
        }
        let text = Zeroizing::new(text);
        // NFC never takes more than three times the bytes (Unicode TR 15), so the string is not moved while it grows and
        // leaves no copy behind.
        let mut composed = String::with_capacity(text.len() * 3);
        composed.extend(text.nfc());
        Self(composed)
    }

    /// The password itself: for a hash, and for the rules about it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_string`: serde_json then words the refusal of a number itself, with the number in it.
        deserializer.deserialize_any(PasswordVisitor)
    }
}

struct PasswordVisitor;

impl PasswordVisitor {
    fn not_a_string<E: de::Error>() -> E {
        E::custom("the password must be a string")
    }
}

/// serde's own messages repeat the number or boolean they found; a password of digits sent without quotes must not reach
/// a log that way.
impl Visitor<'_> for PasswordVisitor {
    type Value = Password;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a password of at most {MAX_BYTES} bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Password, E> {
        if text.len() > MAX_BYTES {
            return Err(E::custom(format_args!("the password is longer than {MAX_BYTES} bytes")));
        }
        Ok(Password::new(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Password, E> {
        let text = Zeroizing::new(text);
        self.visit_str(&text)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Password, E> {
        Err(Self::not_a_string())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Password, E> {
        Err(Self::not_a_string())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Password, E> {
        Err(Self::not_a_string())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Password, E> {
        Err(Self::not_a_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<String, String> {
        serde_json::from_str::<Password>(json).map(|p| p.expose().to_owned()).map_err(|e| e.to_string())
    }

    #[test]
    fn case_006_composed_and_decomposed_letters_are_one_password_and_ligatures_are_not() {
        assert_eq!(Password::new("caf\u{65}\u{301}".to_owned()).expose(), "caf\u{e9}");
        assert_eq!(Password::new("\u{fb01}n".to_owned()).expose(), "\u{fb01}n");
    }

    #[test]
    fn case_007_spaces_at_the_ends_and_double_spaces_are_kept() {
        assert_eq!(read("\"  two  words \""), Ok("  two  words ".to_owned()));
    }

    #[test]
    fn case_008_nul_bom_and_direction_marks_are_kept_and_a_lone_surrogate_is_an_error() {
        assert_eq!(read(r#""a\u0000b\ufeff\u202ec""#), Ok("a\0b\u{feff}\u{202e}c".to_owned()));
        assert!(read(r#""a\ud800b""#).is_err());
    }

    #[test]
    fn case_053_anything_but_one_string_is_an_error_that_does_not_repeat_it() {
        for (json, secret) in [
            ("83910274", "83910274"),
            ("-7391", "7391"),
            ("739.25", "739"),
            ("true", "true"),
            (r#"["hunter2"]"#, "hunter2"),
            (r#"{"p":"hunter2"}"#, "hunter2"),
            ("null", "hunter2"),
        ] {
            let error = read(json).unwrap_err();
            assert!(!error.contains(secret), "{error}");
        }
    }

    #[test]
    fn a_password_over_1024_bytes_is_refused_before_it_is_normalised() {
        assert!(read(&format!("\"{}\"", "a".repeat(1_024))).is_ok());
        let error = read(&format!("\"{}\"", "a".repeat(1_025))).unwrap_err();
        assert!(error.contains("longer than 1024 bytes") && !error.contains("aaa"), "{error}");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in any::<String>()) {
            let once = Password::new(text).expose().to_owned();
            let twice = Password::new(once.clone());
            prop_assert_eq!(twice.expose(), once);
        }
    }
}
