//! The clock that every handler and job of a stack sees: the machine's, moved by as much as somebody asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::clock::{Clock, Timestamp};

/// A clock that can be moved, and stopped. Clones move together.
#[derive(Clone, Default)]
pub struct MovableClock {
    offset_millis: Arc<AtomicI64>,
    /// The machine's time at which it was stopped; 0 while it runs.
    stopped_at: Arc<AtomicI64>,
}

impl MovableClock {
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.base() + self.offset_millis.load(Ordering::SeqCst))
    }

    fn base(&self) -> i64 {
        match self.stopped_at.load(Ordering::SeqCst) {
            0 => Clock::system().now().millis(),
            stopped => stopped,
        }
    }

    /// From now on it only moves when it is moved: for tests that count in exact seconds.
    pub fn stop(&self) {
        self.stopped_at.store(Clock::system().now().millis(), Ordering::SeqCst);
    }

    pub fn advance(&self, span: Duration) {
        self.offset_millis.fetch_add(i64::try_from(span.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }

    /// Moves the clock to an instant, from where it goes on.
    pub fn set(&self, to: Timestamp) {
        self.offset_millis.store(to.millis() - self.base(), Ordering::SeqCst);
    }

    /// The machine's time again, running.
    pub fn reset(&self) {
        self.stopped_at.store(0, Ordering::SeqCst);
        self.offset_millis.store(0, Ordering::SeqCst);
    }

    /// As the handlers take it.
    pub fn for_handlers(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }

    /// As the embedded AWS takes it.
    pub fn for_aws(&self) -> embedded_aws::Clock {
        let clock = self.clone();
        Arc::new(move || clock.now().millis())
    }
}
