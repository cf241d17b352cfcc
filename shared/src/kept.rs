//! Something that was read, kept at hand until it is read again: how a process holds keys, and what it knows of its health.
//!
//! Knows nothing of what it keeps. Whoever asks brings the reading along, as a future that runs only if it is due.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::error::Result;

/// How often the table is looked at for something unknown, however often that comes (case 064), and how long a failed
/// reading keeps others from waiting for the next one.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);

/// What was read, and when.
pub(crate) struct Kept<T> {
    read: RwLock<Option<(Arc<T>, Timestamp)>>,
    failed_at: RwLock<Option<Timestamp>>,
    /// Held while reading, so that many requests at once cause one reading.
    reading: Mutex<()>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { read: RwLock::default(), failed_at: RwLock::default(), reading: Mutex::default() }
    }
}

impl<T> Kept<T> {
    /// What was read less than `fresh` ago; while it cannot be read, what was read less than `stale` ago.
    ///
    /// # Errors
    /// Those of `reading`, when nothing recent enough is at hand.
    pub(crate) async fn get(
        &self,
        fresh: Duration,
        stale: Duration,
        now: Timestamp,
        reading: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        if let Some(kept) = self.at_hand(fresh, now) {
            return Ok(kept);
        }
        let has_just_failed =
            self.failed_at.read().is_ok_and(|at| at.is_some_and(|at| at <= now && now.since(at) < PAUSE));
        match self.at_hand(stale, now) {
            Some(stale) if has_just_failed => Ok(stale),
            stale => self.read(fresh, now, reading).await.or_else(|error| stale.ok_or(error)),
        }
    }

    /// What was read last, if that was less than `age` ago. A clock that was set back makes a reading from the future:
    /// that one does not count.
    pub(crate) fn at_hand(&self, age: Duration, now: Timestamp) -> Option<Arc<T>> {
        let (kept, read_at) = self.read.read().ok()?.clone()?;
        (read_at <= now && now.since(read_at) < age).then_some(kept)
    }

    /// What was read last, however long ago.
    pub(crate) fn last(&self) -> Option<Arc<T>> {
        self.read.read().ok()?.as_ref().map(|(kept, _)| kept.clone())
    }

    /// Reads, unless somebody else has done so within `age` while we waited for our turn.
    ///
    /// # Errors
    /// Those of `reading`.
    pub(crate) async fn read(
        &self,
        age: Duration,
        now: Timestamp,
        reading: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        let _reading = self.reading.lock().await;
        if let Some(kept) = self.at_hand(age, now) {
            return Ok(kept);
        }
        let read = reading.await;
        if let Ok(mut failed_at) = self.failed_at.write() {
            *failed_at = read.is_err().then_some(now);
        }
        let kept = Arc::new(read?);
        if let Ok(mut slot) = self.read.write() {
            *slot = Some((kept.clone(), now));
        }
        Ok(kept)
    }
}
