//! Lines before counters: requests of one process that want the same counter come one after the other, and what one of
//! them finds full is full for all who were waiting.
//!
//! Without them a thousand guesses at once on one account were a thousand conditional writes on one key, and DynamoDB takes
//! about that many a second there. With them the first few reserve, one more finds the counter full, and those behind are
//! refused by what it saw; later ones cost a read at most, never a write (F22). Nothing is decided from memory that is
//! older than the request: only a look that was begun after a request had joined the line speaks for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::{Counter, Tally};
use crate::app::App;
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::Reservation;

/// More counters than one process meets within a lock; beyond them those that are not in use are forgotten.
const REMEMBERED: usize = 4_096;

/// What was seen last of a counter that was full: what it held, and when that look was begun.
type Seen = Option<(Tally, u64)>;

/// One per process.
#[derive(Default)]
pub struct Lines {
    counters: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Seen>>>>,
    /// Counts looks and arrivals, so that it can be said which came first.
    moments: AtomicU64,
}

impl Lines {
    /// Waits for one's turn at a counter.
    pub async fn join(&self, key: &str) -> Line {
        let joined_at = self.moment();
        let line = {
            let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
            if counters.len() >= REMEMBERED {
                counters.retain(|_, line| Arc::strong_count(line) > 1);
            }
            counters.entry(key.to_owned()).or_default().clone()
        };
        Line { seen: line.lock_owned().await, joined_at }
    }

    /// Whether a counter was full when it was last seen, and nobody is at it now.
    pub fn remembers(&self, key: &str) -> bool {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.get(key).and_then(|line| line.try_lock().ok()).is_some_and(|seen| seen.is_some())
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }
}

/// One's turn at a counter; the next in line has theirs when it is dropped.
pub struct Line {
    seen: OwnedMutexGuard<Seen>,
    joined_at: u64,
}

impl Line {
    /// What the counter holds, if it was full a moment ago and still is.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`].
    pub async fn look(&mut self, app: &App, ctx: &RequestContext, counter: &Counter) -> Result<Option<Tally>> {
        let Some((tally, looked_at)) = &*self.seen else { return Ok(None) };
        let is_full = |tally: &Tally| counter.frees_at(tally, ctx.now).is_some();
        if is_full(tally) && *looked_at > self.joined_at {
            return Ok(Some(tally.clone()));
        }
        if !is_full(tally) {
            *self.seen = None;
            return Ok(None);
        }
        let looked_at = app.lines.moment();
        // Whoever has just been unlocked must not be refused by what was true a moment ago.
        let tally = match counter.is_account() {
            true => app.store.tally(counter).await?,
            false => app.store.glance(counter).await?,
        };
        *self.seen = is_full(&tally).then_some((tally, looked_at));
        Ok(self.seen.as_ref().map(|(tally, _)| tally.clone()))
    }

    /// *Reserve*: takes a place, if there is one.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`].
    pub async fn reserve(&mut self, app: &App, ctx: &RequestContext, counter: &Counter) -> Result<Reservation> {
        let looked_at = app.lines.moment();
        let reservation = app.store.reserve(counter, ctx.now).await?;
        *self.seen = match &reservation {
            Reservation::Full(tally) => Some((tally.clone(), looked_at)),
            Reservation::Taken(_) => None,
        };
        Ok(reservation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_want_one_counter_come_one_after_the_other_and_others_do_not_wait() {
        let lines = Arc::new(Lines::default());
        let first = lines.join("a").await;
        let other = lines.clone();
        let second = tokio::spawn(async move { other.join("a").await.joined_at });
        let elsewhere = lines.join("b").await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap() > 0 && elsewhere.joined_at > 0);
    }

    #[tokio::test]
    async fn f22_what_is_remembered_is_bounded() {
        let lines = Lines::default();
        for i in 0..3 * REMEMBERED {
            drop(lines.join(&i.to_string()).await);
        }
        assert!(lines.counters.lock().unwrap().len() <= REMEMBERED);
    }
}
