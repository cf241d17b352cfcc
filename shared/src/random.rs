//! Randomness, from the operating system, in this one place.

use ring::rand::{SecureRandom, SystemRandom};

/// `N` unpredictable bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done without it.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    #[expect(clippy::expect_used, reason = "no randomness, no service")]
    SystemRandom::new().fill(&mut out).expect("the operating system's random generator failed");
    out
}

/// A number below `bound`, for jitter and slug suffixes; the tiny bias of the remainder does not matter there.
pub fn below(bound: u64) -> u64 {
    u64::from_le_bytes(bytes()) % bound.max(1)
}
