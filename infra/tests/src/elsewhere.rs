//! Whether another emulator of AWS plays DynamoDB and KMS.

use std::net::SocketAddr;

/// Another emulator that these tests shall hold against: `infra/tests/second_opinion.py` names one.
pub(crate) fn second_opinion() -> Option<SocketAddr> {
    #[expect(clippy::disallowed_methods, reason = "the setting is for tests alone")]
    let address = std::env::var("POSTERN_SECOND_OPINION").ok()?;
    Some(address.parse().unwrap_or_else(|_| panic!("POSTERN_SECOND_OPINION={address} is no address")))
}
