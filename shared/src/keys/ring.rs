//! The signing ring: which keys are published, which one signs, and the next safe step (KEYS-1, KEYS-2).
//!
//! Pure. A ring holds *next* (published, not signing), *current*, and at most two *retired* keys (published until their
//! last token is dead). Verifiers fetch the ring at most every two hours (API Gateway's cache, D1), so a key is
//! published for that long before it signs.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::{KeyRecord, KeyState};

/// The spans that make a step safe.
#[derive(Clone, Copy, Debug)]
pub struct RingRules {
    /// How long a key signs.
    pub period: Duration,
    /// How long a key is published before it may sign.
    pub publish_before: Duration,
    /// How long a retired key stays: the longest token's life, and room for stale caches and clocks.
    pub keep_retired: Duration,
}

impl RingRules {
    pub fn new(period: Duration, access_life: Duration) -> Self {
        // An instance may sign with its cached idea of the ring for a minute; verifiers allow a minute of leeway.
        Self {
            period,
            publish_before: Duration::from_secs(2 * 3600),
            keep_retired: access_life + Duration::from_secs(15 * 60),
        }
    }
}

/// Retired keys that may be published at the same time.
const MAX_RETIRED: usize = 2;

/// One change of the ring. Each is safe by itself, in whatever state a run before it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// No key signs, and none is published: nobody can have a stale idea of the ring, so a new key may sign at once.
    CreateCurrent,
    CreateNext,
    /// *next* takes over, *current* (if any) retires.
    Promote {
        next: String,
        retiring: Option<String>,
    },
    /// A retired key's last token is dead.
    Withdraw {
        kid: String,
    },
}

/// The next safe step, or `None` when the ring is as it should be.
pub fn next_step(keys: &[KeyRecord], now: Timestamp, rules: &RingRules) -> Option<Step> {
    let of = |state| keys.iter().filter(move |key| key.state == state);
    let current = of(KeyState::Current).next();
    let next = of(KeyState::Next).next();

    if let Some(dead) = of(KeyState::Retired).find(|key| now.since(key.since) >= rules.keep_retired) {
        return Some(Step::Withdraw { kid: dead.kid.clone() });
    }
    match (current, next) {
        (None, None) => Some(Step::CreateCurrent),
        // The emergency path leaves a ring without a current key: better a key that some caches do not know yet than none.
        (None, Some(next)) => Some(Step::Promote { next: next.kid.clone(), retiring: None }),
        (Some(_), None) => Some(Step::CreateNext),
        (Some(current), Some(next)) => {
            let due = now.since(current.since) >= rules.period;
            promote(current, next, now, rules).filter(|_| due && of(KeyState::Retired).count() < MAX_RETIRED)
        }
    }
}

/// The same by hand: promotes as soon as it is safe, whatever the schedule says.
pub fn promote_now(keys: &[KeyRecord], now: Timestamp, rules: &RingRules) -> Option<Step> {
    let current = keys.iter().find(|key| key.state == KeyState::Current)?;
    let next = keys.iter().find(|key| key.state == KeyState::Next)?;
    promote(current, next, now, rules)
}

fn promote(current: &KeyRecord, next: &KeyRecord, now: Timestamp, rules: &RingRules) -> Option<Step> {
    let is_known = now.since(next.published_at) >= rules.publish_before;
    is_known.then(|| Step::Promote { next: next.kid.clone(), retiring: Some(current.kid.clone()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jwk::PublicJwk;
    use crate::settings::Algorithm;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn rules() -> RingRules {
        RingRules::new(DAY * 30, Duration::from_secs(900))
    }

    fn key(kid: &str, state: KeyState, since: Timestamp) -> KeyRecord {
        let public = PublicJwk::Rsa { n: String::new(), e: String::new() };
        KeyRecord {
            kid: kid.to_owned(),
            kms_key_id: kid.to_owned(),
            algorithm: Algorithm::RS256,
            public,
            state,
            published_at: since,
            since,
        }
    }

    /// Applies a step the way the job does.
    fn apply(keys: &mut Vec<KeyRecord>, step: Step, now: Timestamp, n: usize) {
        match step {
            Step::CreateCurrent => keys.push(key(&format!("k{n}"), KeyState::Current, now)),
            Step::CreateNext => keys.push(key(&format!("k{n}"), KeyState::Next, now)),
            Step::Promote { next, retiring } => {
                for key in keys.iter_mut() {
                    if key.kid == next {
                        (key.state, key.since) = (KeyState::Current, now);
                    } else if Some(&key.kid) == retiring.as_ref() {
                        (key.state, key.since) = (KeyState::Retired, now);
                    }
                }
            }
            Step::Withdraw { kid } => keys.retain(|key| key.kid != kid),
        }
    }

    #[test]
    fn keys_1_an_empty_ring_gets_a_current_key_and_then_a_next_one() {
        let mut keys = Vec::new();
        for (n, expected) in [Some(Step::CreateCurrent), Some(Step::CreateNext), None].into_iter().enumerate() {
            let step = next_step(&keys, START, &rules());
            assert_eq!(step, expected);
            step.into_iter().for_each(|step| apply(&mut keys, step, START, n));
        }
    }

    #[test]
    fn keys_1_a_key_published_less_than_two_hours_ago_does_not_sign() {
        let now = START + DAY * 40;
        let keys = [key("old", KeyState::Current, START), key("new", KeyState::Next, now - Duration::from_secs(7199))];
        assert_eq!(next_step(&keys, now, &rules()), None);
        assert_eq!(promote_now(&keys, now, &rules()), None);
        assert!(matches!(next_step(&keys, now + Duration::from_secs(1), &rules()), Some(Step::Promote { .. })));
    }

    #[test]
    fn keys_2_a_due_rotation_waits_while_two_keys_are_retired() {
        let now = START + DAY * 40;
        let keys = [
            key("old", KeyState::Current, START),
            key("new", KeyState::Next, START),
            key("r1", KeyState::Retired, now - Duration::from_secs(60)),
            key("r2", KeyState::Retired, now - Duration::from_secs(30)),
        ];
        assert_eq!(next_step(&keys, now, &rules()), None);
    }

    proptest! {
        /// Runs of the job at arbitrary times, missed and repeated ones included: a token's key is published from two
        /// hours before its first signature (the very first key excepted) until its last token is dead.
        #[test]
        fn keys_1_every_tokens_key_is_published_for_the_tokens_whole_life(gaps in proptest::collection::vec(0_u64..20 * 86_400, 1..60)) {
            let rules = rules();
            let (mut keys, mut now) = (Vec::<KeyRecord>::new(), START);
            let mut signed_until: Vec<(String, Timestamp)> = Vec::new();
            for (n, gap) in gaps.into_iter().enumerate() {
                now = now + Duration::from_secs(gap);
                if let Some(current) = keys.iter().find(|key| key.state == KeyState::Current) {
                    signed_until.push((current.kid.clone(), now + Duration::from_secs(900 + 60)));
                }
                for (kid, dead) in &signed_until {
                    prop_assert!(*dead <= now || keys.iter().any(|key| key.kid == *kid), "{kid} was withdrawn too early");
                }
                while let Some(step) = next_step(&keys, now, &rules) {
                    if let Step::Promote { next, .. } = &step {
                        let published = keys.iter().find(|key| key.kid == *next).unwrap().published_at;
                        prop_assert!(now.since(published) >= rules.publish_before);
                    }
                    let name = n * 10 + keys.len();
                    apply(&mut keys, step, now, name);
                    prop_assert!(keys.len() <= 4);
                    prop_assert!(keys.iter().filter(|key| key.state == KeyState::Current).count() == 1);
                }
            }
        }
    }
}
