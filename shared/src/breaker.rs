//! A circuit breaker: a dependency that keeps failing is left alone for a while, and callers need not wait for it (F43).
//!
//! One per process and dependency. It does not know what it protects.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// So many failures in a row open it.
const FAILURES: u32 = 3;

/// How long it stays open before one call may try again.
const OPEN: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    opened_at: Option<Timestamp>,
}

impl Breaker {
    /// Leave for a call to be made now; `None` while it is open. Of those that ask when the time is over, one gets it: until
    /// its outcome is told, the others wait. Leave that is dropped untold, because no call was made after all, is the next
    /// one's: nobody can hold the breaker open by asking and not calling.
    pub fn admits(&self, now: Timestamp) -> Option<Probe<'_>> {
        let mut state = self.state();
        let taken_from = state.opened_at;
        match taken_from {
            // An instant ahead of us comes from a clock that was set back: that must not keep it open.
            Some(at) if at <= now && now.since(at) < OPEN => return None,
            Some(_) => state.opened_at = Some(now),
            None => {}
        }
        Some(Probe { breaker: self, taken_from, is_told: false })
    }

    /// The dependency answered.
    pub fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// The dependency did not answer.
    pub fn failed(&self, now: Timestamp) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.opened_at = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to make one call.
#[must_use = "dropped untold, it gives its turn back"]
pub struct Probe<'a> {
    breaker: &'a Breaker,
    /// Since when the breaker had been open.
    taken_from: Option<Timestamp>,
    is_told: bool,
}

impl Probe<'_> {
    /// The call was made, and the breaker knows what came of it.
    pub fn told(mut self) {
        self.is_told = true;
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if !self.is_told && self.taken_from.is_some() {
            self.breaker.state().opened_at = self.taken_from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    /// Whether a call is made, whose outcome is told or never known.
    fn calls(breaker: &Breaker, now: Timestamp) -> bool {
        breaker.admits(now).map(Probe::told).is_some()
    }

    fn opened() -> Breaker {
        let breaker = Breaker::default();
        (0..3).for_each(|_| breaker.failed(at(0)));
        breaker
    }

    #[test]
    fn f43_three_failures_in_a_row_open_it_for_ten_seconds() {
        let breaker = Breaker::default();
        breaker.failed(at(0));
        breaker.failed(at(0));
        assert!(calls(&breaker, at(0)));
        breaker.succeeded();
        breaker.failed(at(1));
        breaker.failed(at(1));
        assert!(calls(&breaker, at(1)), "only failures in a row count");
        breaker.failed(at(1));
        assert!(!calls(&breaker, at(1)) && !calls(&breaker, at(10)));
        assert!(calls(&breaker, at(11)));
    }

    #[test]
    fn f43_one_call_probes_and_its_outcome_decides() {
        let breaker = opened();
        assert!(calls(&breaker, at(10)));
        assert!(!calls(&breaker, at(10)) && !calls(&breaker, at(19)), "the others wait for the probe");
        breaker.failed(at(12));
        assert!(!calls(&breaker, at(21)));
        assert!(calls(&breaker, at(22)));
        breaker.succeeded();
        assert!(calls(&breaker, at(22)) && calls(&breaker, at(22)));
    }

    #[test]
    fn f43_a_probe_whose_outcome_is_never_told_is_followed_by_another() {
        let breaker = opened();
        assert!(calls(&breaker, at(10)));
        assert!(!calls(&breaker, at(19)));
        assert!(calls(&breaker, at(20)));
    }

    #[test]
    fn f19_a_clock_that_was_set_back_does_not_keep_it_open() {
        assert!(calls(&opened(), at(-3600)));
    }

    #[test]
    fn f43_leave_that_is_not_used_is_the_next_ones() {
        let breaker = opened();
        drop(breaker.admits(at(10)));
        assert!(calls(&breaker, at(10)), "asking without calling holds nothing open");
        assert!(!calls(&breaker, at(11)));
    }
}
