//! Locks: what follows when a window is full of failures. Each is twice as long as the one before, up to a cap, until a
//! calm time has passed (LOGIN-2, case 056).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A lock of a counter, past or present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    #[serde(rename = "locked_until")]
    pub until: Timestamp,
    /// How many locks came before this one without a calm time between them.
    #[serde(rename = "lock_step")]
    pub step: u32,
}

/// How long locks last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockRules {
    pub first: Duration,
    pub cap: Duration,
    /// So long after a lock has ended, it is forgotten.
    pub calm: Duration,
}

impl LockRules {
    /// Locks of one length, however often.
    pub const fn constant(span: Duration) -> Self {
        Self { first: span, cap: span, calm: Duration::ZERO }
    }

    /// The lock that follows upon `last`.
    pub fn next(&self, last: Option<Lock>, now: Timestamp) -> Lock {
        let step = last.filter(|last| now < last.until + self.calm).map_or(0, |last| last.step.saturating_add(1));
        let span = self.first.saturating_mul(2_u32.saturating_pow(step)).min(self.cap).max(self.first);
        Lock { until: now + span, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const RULES: LockRules = LockRules {
        first: Duration::from_secs(900),
        cap: Duration::from_secs(86_400),
        calm: Duration::from_secs(86_400),
    };

    #[test]
    fn case_056_locks_double_up_to_the_cap_and_a_calm_day_forgets_them() {
        let mut now = Timestamp::from_seconds(1_800_000_000);
        let mut last = None;
        let mut minutes = Vec::new();
        for _ in 0..9 {
            let lock = RULES.next(last, now);
            minutes.push(lock.until.since(now).as_secs() / 60);
            now = lock.until + MINUTE;
            last = Some(lock);
        }
        assert_eq!(minutes, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
        let calm = last.unwrap().until + RULES.calm;
        assert_eq!(RULES.next(last, calm - MINUTE).step, 9);
        assert_eq!(RULES.next(last, calm), Lock { until: calm + RULES.first, step: 0 });
    }

    #[test]
    fn a_lock_never_overflows_and_is_never_shorter_than_the_first() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let last = Lock { until: now, step: u32::MAX };
        assert_eq!(RULES.next(Some(last), now).until, now + RULES.cap);
        let constant = LockRules::constant(60 * MINUTE);
        assert_eq!(constant.next(Some(last), now).until, now + 60 * MINUTE);
    }
}
