//! What is counted that leaves no event: answers, how long they took, CSRF checks, tries to deliver (OPS-3).
//!
//! A process gathers, and adds it to the table beside the work of a later request, once a minute at most. Nobody waits for
//! it and nothing depends on it: what cannot be written is dropped, and the drops are counted (F31).

pub mod access;
pub mod emf;
pub mod logins;
pub mod prometheus;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::store::Counts;

/// The functions that gather: those that people wait for, often. Each may write to the table of counters; a test holds them to the
/// template. docs/metrics.md says why not all.
pub const GATHERING: [&str; 7] = [
    "auth-login",
    "auth-logout",
    "auth-password-change",
    "auth-refresh",
    "auth-signup",
    "auth-verify-token",
    DELIVERING,
];

/// What the functions that deliver are counted as.
pub const DELIVERING: &str = "deliveries";

/// Upper bounds of the histogram, in milliseconds; above the last one there is one more.
pub const BOUNDS: [u64; 11] = [5, 10, 25, 50, 100, 200, 300, 500, 1000, 2500, 5000];

/// Names of what is gathered; the first parts of a count's name.
pub mod name {
    pub const ANSWERED: &str = "answered";
    /// `took|<bound>`: answers that took longer than the bound before, and no longer than this.
    pub const TOOK: &str = "took";
    pub const CSRF: &str = "csrf";
    pub const DELIVERY: &str = "delivery";
    pub const DROPPED: &str = "dropped";
}

/// How long a process gathers before it writes.
const EVERY: Duration = Duration::from_secs(60);

/// How long a write may take. The request beside it is answered after that, whatever becomes of the write.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a process has gathered.
#[derive(Default)]
pub struct Gathered(Mutex<State>);

#[derive(Default)]
struct State {
    counts: BTreeMap<&'static str, Counts>,
    /// How many observations those are.
    observations: u64,
    since: Option<Timestamp>,
    dropped: u64,
}

impl Gathered {
    /// An answer of a function: its problem's code, or `ok`.
    pub fn answered(&self, function: &str, code: &str, took: Duration, now: Timestamp) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.count(function, &[name::ANSWERED, code], 1, now);
        self.count(function, &[name::TOOK, &bound_of(millis)], 1, now);
        self.count(function, &[name::TOOK, "sum"], millis, now);
    }

    /// Counts something of a function that gathers; of others nothing.
    pub fn count(&self, function: &str, parts: &[&str], n: u64, now: Timestamp) {
        let Some(&function) = GATHERING.iter().find(|name| **name == function) else { return };
        let mut state = self.state();
        let counts = state.counts.entry(function).or_default();
        counts.total.add(parts, n);
        counts.minutes.entry(now.seconds().div_euclid(60)).or_default().add(parts, n);
        state.observations += 1;
        state.since.get_or_insert(now);
    }

    /// What is to be written now, if anything. It is forgotten here, so two requests at once do not both write it.
    fn take_due(&self, now: Timestamp, every: Duration) -> Option<(BTreeMap<&'static str, Counts>, u64)> {
        let mut state = self.state();
        // A beginning that lies ahead comes from a clock that was set back.
        let is_due = state.since.is_some_and(|since| since > now || now.since(since) >= every);
        if !is_due {
            return None;
        }
        let dropped = std::mem::take(&mut state.dropped);
        let mut counts = std::mem::take(&mut state.counts);
        if let Some((_, first)) = counts.iter_mut().next().filter(|_| dropped > 0) {
            first.total.add(&[name::DROPPED], dropped);
        }
        state.since = None;
        Some((counts, std::mem::take(&mut state.observations) + dropped))
    }

    fn drop_all(&self, observations: u64) {
        self.state().dropped += observations;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what has been gathered, if that is due and the function is one that gathers.
pub async fn write_due(app: &App, function: &str, now: Timestamp) {
    if GATHERING.contains(&function) {
        write(app, now, EVERY).await;
    }
}

/// Writes what has been gathered, for work that nobody waits for.
pub async fn write_now(app: &App, now: Timestamp) {
    write(app, now, Duration::ZERO).await;
}

async fn write(app: &App, now: Timestamp, every: Duration) {
    let Some((counts, observations)) = app.gathered().take_due(now, every) else { return };
    emf::of_processes(&app.settings.stack_name, &counts, now);
    let written = tokio::time::timeout(PATIENCE, app.store.count_gathered(&counts, now)).await;
    let failed = match written {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    // Not kept for the next write: this one may have happened, and nobody would know which numbers are doubled.
    app.gathered().drop_all(observations);
    tracing::warn!(observations, error = failed, "metrics were dropped");
}

fn bound_of(millis: u64) -> String {
    BOUNDS.iter().find(|bound| millis <= **bound).map_or_else(|| "more".to_owned(), u64::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn ops_3_a_minute_is_gathered_before_it_is_written_and_written_once() {
        let gathered = Gathered::default();
        gathered.answered("auth-verify-token", "ok", Duration::from_millis(7), at(0));
        gathered.answered("auth-verify-token", "token_expired", Duration::from_millis(5001), at(59));
        gathered.answered("user-me", "ok", Duration::ZERO, at(0));
        assert!(gathered.take_due(at(59), EVERY).is_none());
        let (counts, observations) = gathered.take_due(at(60), EVERY).unwrap();
        assert_eq!((counts.len(), observations), (1, 6), "only functions that gather");
        let counts = &counts["auth-verify-token"];
        assert_eq!(counts.total.get(&[name::ANSWERED, "ok"]), 1);
        assert_eq!(counts.total.get(&[name::TOOK, "10"]), 1);
        assert_eq!(counts.total.get(&[name::TOOK, "more"]), 1);
        assert_eq!(counts.total.get(&[name::TOOK, "sum"]), 5008);
        assert_eq!(counts.minutes.len(), 1);
        assert!(gathered.take_due(at(600), EVERY).is_none());
    }

    #[test]
    fn f31_drops_are_counted_with_what_is_gathered_next() {
        let gathered = Gathered::default();
        gathered.drop_all(6);
        assert!(gathered.take_due(at(0), Duration::ZERO).is_none(), "nothing to write beside");
        gathered.count("auth-refresh", &[name::CSRF, "valid"], 1, at(1));
        let (counts, _) = gathered.take_due(at(1), Duration::ZERO).unwrap();
        assert_eq!(counts["auth-refresh"].total.get(&[name::DROPPED]), 6);
    }

    #[test]
    fn f19_a_clock_that_was_set_back_does_not_stop_the_writing() {
        let gathered = Gathered::default();
        gathered.count("auth-refresh", &[name::CSRF, "valid"], 1, at(0));
        assert!(gathered.take_due(at(-3600), EVERY).is_some());
    }
}
