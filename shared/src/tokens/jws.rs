//! Compact JWS (RFC 7515 §7.1), as strictly as a verifier of one's own tokens can be.
//!
//! The header's `alg` only ever has to agree with the algorithm of a key that we chose by ourselves; it chooses nothing
//! (RFC 8725 §3.1). `crit` and every other member that would change the meaning is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::keys::jwk::PublicJwk;
use crate::settings::Algorithm;

/// The longest token that is looked at. Ours are below 1 KB.
pub const MAX_BYTES: usize = 8 * 1024;

/// The protected header. Other members (`crit`, `b64`, `zip`, `jwk`, `jku`, `x5u`, `x5c` …) make a token invalid.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub alg: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub typ: Option<String>,
}

/// A token taken apart, with nothing verified yet.
pub struct Unverified<'a> {
    pub header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart. `None` unless it is exactly three segments of canonical base64url with a header of ours.
    pub fn parse(token: &'a str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let header = json::object(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        Some(Self { header, signed, payload, signature: URL_SAFE_NO_PAD.decode(signature).ok()? })
    }

    /// The payload, if the signature is this key's under this key's algorithm.
    pub fn verify(&self, algorithm: Algorithm, key: &PublicJwk) -> Option<Vec<u8>> {
        let is_agreed = self.header.alg == algorithm.name() && key.algorithm() == algorithm;
        if !is_agreed || !key.verify(self.signed.as_bytes(), &self.signature) {
            return None;
        }
        URL_SAFE_NO_PAD.decode(self.payload).ok()
    }
}

/// What is to be signed for these parts: `header.payload`.
pub fn signing_input(header: &Header, payload: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(header)?),
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(payload)?)
    ))
}

/// The finished token.
pub fn assemble(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
