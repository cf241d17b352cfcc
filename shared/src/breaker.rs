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
    /// Whether a call may be made now. Of those that ask when the time is over, one may: until its outcome is told, or as
    /// long again if it never is, the others wait.
    pub fn admits(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        match state.opened_at {
            // An instant ahead of us comes from a clock that was set back: that must not keep it open.
            Some(at) if at <= now && now.since(at) < OPEN => false,
            Some(_) => {
                state.opened_at = Some(now);
                true
            }
            None => true,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
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
        assert!(breaker.admits(at(0)));
        breaker.succeeded();
        breaker.failed(at(1));
        breaker.failed(at(1));
        assert!(breaker.admits(at(1)), "only failures in a row count");
        breaker.failed(at(1));
        assert!(!breaker.admits(at(1)) && !breaker.admits(at(10)));
        assert!(breaker.admits(at(11)));
    }

    #[test]
    fn f43_one_call_probes_and_its_outcome_decides() {
        let breaker = opened();
        assert!(breaker.admits(at(10)));
        assert!(!breaker.admits(at(10)) && !breaker.admits(at(19)), "the others wait for the probe");
        breaker.failed(at(12));
        assert!(!breaker.admits(at(21)));
        assert!(breaker.admits(at(22)));
        breaker.succeeded();
        assert!(breaker.admits(at(22)) && breaker.admits(at(22)));
    }

    #[test]
    fn f43_a_probe_whose_outcome_is_never_told_is_followed_by_another() {
        let breaker = opened();
        assert!(breaker.admits(at(10)));
        assert!(!breaker.admits(at(19)));
        assert!(breaker.admits(at(20)));
    }

    #[test]
    fn f19_a_clock_that_was_set_back_does_not_keep_it_open() {
        assert!(opened().admits(at(-3600)));
    }
}
