//! What verifiers fetch: the public keys, and where to find them.

pub mod discovery;
pub mod jwks;

/// How long verifiers may keep either (KEYS-3). A key is published two hours before it signs, so this is never too long.
const CACHE_SECONDS: u32 = 300;
