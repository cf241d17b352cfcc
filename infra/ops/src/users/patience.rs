//! Trying again while AWS throttles or does not answer: a move of accounts takes long, and should not end for a bad minute.

use std::time::{Duration, Instant};

use shared::error::{Error, Result};

/// The first pause; each is twice the one before, up to the longest.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Does something until it is decided, for so long; it must be harmless to do twice.
///
/// # Errors
/// The last one.
pub(super) async fn patiently<T, F>(patience: Duration, work: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let begun = Instant::now();
    let mut pause = FIRST;
    loop {
        match work().await {
            Err(Error::Unavailable { .. }) if begun.elapsed() + pause < patience => {
                tokio::time::sleep(pause).await;
                pause = LONGEST.min(pause * 2);
            }
            decided => return decided,
        }
    }
}
