//! Public keys: from KMS's DER to the JWK that is published (RFC 7517), and to something that verifies.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::Algorithm;

/// The public members of a signing key (RFC 7518 §6), with nothing that is not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kty")]
pub enum PublicJwk {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: Curve, x: String, y: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Curve {
    #[serde(rename = "P-256")]
    P256,
}

impl PublicJwk {
    /// Reads the `SubjectPublicKeyInfo` that KMS gives. `None` if it is not a key of the algorithm.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        let spki = &mut Der(der).enter(0x30)?;
        spki.enter(0x30)?;
        let bits = spki.value(0x03)?.strip_prefix(&[0])?;
        match algorithm {
            Algorithm::RS256 => {
                let key = &mut Der(bits).enter(0x30)?;
                let (n, e) = (key.unsigned()?, key.unsigned()?);
                (n.len() >= 256).then(|| Self::Rsa { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) })
            }
            Algorithm::ES256 => {
                let point = bits.strip_prefix(&[4])?;
                let (x, y) = point.split_at_checked(32)?;
                (y.len() == 32).then(|| Self::Ec {
                    crv: Curve::P256,
                    x: URL_SAFE_NO_PAD.encode(x),
                    y: URL_SAFE_NO_PAD.encode(y),
                })
            }
        }
    }

    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::RS256,
            Self::Ec { .. } => Algorithm::ES256,
        }
    }

    /// The thumbprint of RFC 7638: a `kid` that names the key by what it is.
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv: Curve::P256, x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }

    /// Whether the signature over the message is this key's, under this key's one algorithm (RFC 8725 §3.1).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        match self {
            Self::Rsa { n, e } => RsaPublicKeyComponents { n: part(n), e: part(e) }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Self::Ec { x, y, .. } => {
                let point = [&[4][..], &part(x), &part(y)].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

/// KMS signs with ECDSA in DER; a JWS wants r and s, 32 bytes each (RFC 7518 §3.4).
pub fn der_to_fixed(der: &[u8]) -> Option<[u8; 64]> {
    let sequence = &mut Der(der).enter(0x30)?;
    let mut fixed = [0; 64];
    for half in fixed.chunks_exact_mut(32) {
        let value = sequence.unsigned()?;
        let start = half.len().checked_sub(value.len())?;
        half.get_mut(start..)?.copy_from_slice(value);
    }
    sequence.0.is_empty().then_some(fixed)
}

/// As much of DER as keys and signatures need (X.690 §8).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let [found, length, rest @ ..] = self.0 else { return None };
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81 => rest.split_first().map(|(n, rest)| (usize::from(*n), rest))?,
            0x82 => rest.split_first_chunk::<2>().map(|(n, rest)| (usize::from(u16::from_be_bytes(*n)), rest))?,
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(value)
    }

    fn enter(&mut self, tag: u8) -> Option<Der<'a>> {
        self.value(tag).map(Der)
    }

    /// A positive integer without its sign byte.
    fn unsigned(&mut self) -> Option<&'a [u8]> {
        let value = self.value(0x02)?;
        match value {
            [] => None,
            [0, rest @ ..] if !rest.is_empty() => Some(rest),
            _ => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicJwk::Rsa { n: n.to_owned(), e: "AQAB".to_owned() };
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn short_and_signed_integers_of_a_der_signature_are_padded() {
        let der = [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x01];
        let fixed = der_to_fixed(&der).unwrap();
        assert_eq!((fixed[31], fixed[63]), (0x80, 1));
        assert!(fixed[..31].iter().chain(&fixed[32..63]).all(|byte| *byte == 0));
        for end in 0..der.len() {
            assert!(der_to_fixed(&der[..end]).is_none(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            der_to_fixed(&bytes);
            PublicJwk::from_der(Algorithm::RS256, &bytes);
            PublicJwk::from_der(Algorithm::ES256, &bytes);
        }
    }
}
