//! Exact sliding windows, as a value: which attempts were made, and when another one is allowed.
//!
//! A counter keeps the instants of its latest attempts, newest first. A [`Limit`] of `count` in `span` holds exactly when
//! the `count`-th latest of them is at least `span` old: no buckets, no rounding, nothing to reset at the full hour.

use std::time::Duration;

use crate::clock::Timestamp;

/// At most `count` attempts in any `span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub count: usize,
    pub span: Duration,
}

/// Rules that hold together. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit(Vec<Rule>);

impl Limit {
    /// At most `count` in any `span`. A count of zero is taken as one: nothing could ever happen otherwise.
    pub fn new(count: usize, span: Duration) -> Self {
        Self(vec![Rule { count: count.max(1), span }])
    }

    /// The same, and also at most `count` in any `span`.
    #[must_use]
    pub fn and(mut self, count: usize, span: Duration) -> Self {
        self.0.push(Rule { count: count.max(1), span });
        self
    }

    /// At most `count` in any `span`, no more than `burst` of them at once, and the rest evenly spread (LOGIN-8).
    pub fn paced(count: usize, span: Duration, burst: usize) -> Self {
        let count = count.max(1);
        let burst = burst.clamp(1, count);
        let step = span / u32::try_from(count).unwrap_or(u32::MAX);
        // One more than the burst needs two steps, one more than that three, and so on: a token bucket without a bucket.
        let spread = (burst..count).zip(1..).map(|(count, steps)| Rule { count, span: step * steps });
        Self(spread.chain([Rule { count, span }]).collect())
    }

    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// How many instants a counter has to keep.
    pub fn slots(&self) -> usize {
        self.0.iter().map(|rule| rule.count).max().unwrap_or(1)
    }

    /// How long an instant matters.
    pub fn span(&self) -> Duration {
        self.0.iter().map(|rule| rule.span).max().unwrap_or_default()
    }

    /// When another attempt is allowed; `None` if one is allowed now. `marks` are newest first.
    pub fn frees_at(&self, marks: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
        let oldest = |rule: &Rule| marks.get(rule.count - 1).map(|mark| *mark + rule.span);
        self.0.iter().filter_map(oldest).max().filter(|free| *free > now)
    }

    /// How many attempts are allowed at this instant.
    pub fn remaining(&self, marks: &[Timestamp], now: Timestamp) -> usize {
        self.0.iter().map(|rule| rule.count.saturating_sub(within(marks, rule.span, now))).min().unwrap_or(0)
    }

    /// How many attempts of the longest window are on the counter.
    pub fn used(&self, marks: &[Timestamp], now: Timestamp) -> usize {
        within(marks, self.span(), now)
    }
}

fn within(marks: &[Timestamp], span: Duration, now: Timestamp) -> usize {
    marks.iter().filter(|mark| **mark + span > now).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// What the store does with a register: a new mark at the front, the last one falls off.
    fn attempt(limit: &Limit, marks: &mut Vec<Timestamp>, now: Timestamp) -> bool {
        let is_allowed = limit.frees_at(marks, now).is_none();
        if is_allowed {
            marks.insert(0, now);
            marks.truncate(limit.slots());
        }
        is_allowed
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn login_2_the_sixth_attempt_waits_until_the_first_is_fifteen_minutes_old() {
        let limit = Limit::new(5, 15 * MINUTE);
        let mut marks = Vec::new();
        for second in 0..5 {
            assert!(attempt(&limit, &mut marks, at(second)));
        }
        assert_eq!(limit.frees_at(&marks, at(5)), Some(at(900)));
        assert!(!attempt(&limit, &mut marks, at(899)) && attempt(&limit, &mut marks, at(900)));
        assert!(!attempt(&limit, &mut marks, at(900)) && attempt(&limit, &mut marks, at(901)));
    }

    #[test]
    fn case_057_five_at_once_then_one_in_six_seconds_and_never_more_than_ten_a_minute() {
        let limit = Limit::paced(10, MINUTE, 5);
        let mut marks = Vec::new();
        let allowed: Vec<i64> =
            (0..120).flat_map(|second| [second; 7]).filter(|second| attempt(&limit, &mut marks, at(*second))).collect();
        assert_eq!(allowed[..11], [0, 0, 0, 0, 0, 6, 12, 18, 24, 30, 60]);
        for window in 0..60 {
            assert!(allowed.iter().filter(|second| (window..window + 60).contains(*second)).count() <= 10);
        }
    }

    #[test]
    fn what_remains_and_when_it_frees_agree() {
        let limit = Limit::paced(10, MINUTE, 5);
        let mut marks = Vec::new();
        for left in (0..5).rev() {
            assert!(attempt(&limit, &mut marks, at(0)));
            assert_eq!(limit.remaining(&marks, at(0)), left);
        }
        assert_eq!((limit.frees_at(&marks, at(0)), limit.remaining(&marks, at(6))), (Some(at(6)), 1));
    }

    proptest! {
        #[test]
        fn f49_no_window_anywhere_ever_holds_more_than_its_count(
            count in 1_usize..8, span in 1_u64..2_000, steps in proptest::collection::vec(0_u64..400, 1..200)
        ) {
            let limit = Limit::new(count, Duration::from_millis(span));
            let (mut marks, mut allowed) = (Vec::new(), Vec::<Timestamp>::new());
            // Over a midnight, a month's end and a leap day.
            let mut now = Timestamp::parse("2028-02-28T23:59:59.500Z").unwrap();
            for step in steps {
                now = now + Duration::from_millis(step);
                let recent = allowed.iter().filter(|mark| **mark + Duration::from_millis(span) > now).count();
                let is_allowed = attempt(&limit, &mut marks, now);
                // Exact both ways: never one too many, and never one too few.
                prop_assert_eq!(is_allowed, recent < count);
                if is_allowed { allowed.push(now) }
            }
        }

        #[test]
        fn it_frees_exactly_when_it_says(
            count in 1_usize..12, burst in 1_usize..12, steps in proptest::collection::vec(0_u64..9_000, 1..80)
        ) {
            let limit = Limit::paced(count, MINUTE, burst);
            let mut marks = Vec::new();
            let mut now = at(0);
            for step in steps {
                now = now + Duration::from_millis(step);
                if !attempt(&limit, &mut marks, now) {
                    let free = limit.frees_at(&marks, now).unwrap();
                    prop_assert!(limit.frees_at(&marks, free - Duration::from_millis(1)).is_some());
                    prop_assert!(limit.frees_at(&marks, free).is_none());
                    prop_assert_eq!(limit.remaining(&marks, now), 0);
                } else {
                    prop_assert!(marks.len() <= limit.slots());
                }
            }
        }
    }
}
