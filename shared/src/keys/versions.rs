//! The versions of the service's secrets: which one new things are made with, and the next safe step (KEYS-4, F42).
//!
//! ```text
//!  created ──SETTLE──▶ used ── the next version is used ──▶ only verifies ──keep──▶ withdrawn
//! ```
//!
//! Pure. Every process looks at the table again when its copy is older than [`FRESH`], which is shorter than [`SETTLE`]:
//! when the first thing is made with a version, every process knows it. What an old version made lives on under it, so
//! it stays until the last of that is dead.

use std::time::Duration;

use super::secrets::Purpose;
use crate::clock::Timestamp;
use crate::settings::Settings;

/// How long a version is published before anything is made with it. Counted from the start of the run that made it,
/// which may take a minute until it is stored.
pub const SETTLE: Duration = Duration::from_secs(10 * 60);

/// How long a copy of the versions is good for.
pub const FRESH: Duration = Duration::from_secs(5 * 60);

/// How long an older copy still serves while the versions cannot be read.
pub const STALE: Duration = Duration::from_secs(3600);

const _: () = assert!(FRESH.as_secs() + 60 < SETTLE.as_secs(), "used before everybody knows it");

/// Room for clocks that differ, and for a run that comes late.
const MARGIN: Duration = Duration::from_secs(24 * 3600);

/// A version, as far as the rule is concerned. Numbers are used again when there are no fresh ones, so age alone says
/// which is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub number: u8,
    pub created_at: Timestamp,
}

/// The spans that make a step safe.
#[derive(Clone, Copy, Debug)]
pub struct SecretRules {
    /// How long a version is the newest.
    pub period: Duration,
    /// How long the longest-lived thing lives.
    pub longest: Duration,
}

impl SecretRules {
    pub fn new(settings: &Settings) -> Self {
        let longest = Purpose::ALL.into_iter().map(Purpose::life).max().unwrap_or_default();
        Self { period: settings.secret_rotation, longest }
    }
}

/// One change of the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Create { number: u8 },
    Withdraw { number: u8 },
}

/// The version that new things are made with: the newest that everybody knows. Of versions that are all too young, the
/// oldest: it is a first deployment's, and nobody holds a copy from before it.
pub fn current(versions: impl IntoIterator<Item = Version>, now: Timestamp) -> Option<u8> {
    let (settled, young): (Vec<_>, Vec<_>) = versions.into_iter().partition(|version| is_settled(version, now));
    let newest = settled.into_iter().max_by_key(|version| version.created_at);
    newest.or_else(|| young.into_iter().min_by_key(|version| version.created_at)).map(|version| version.number)
}

/// Whether something with this `life` that was made with `version` may still be alive. True of a version in use.
pub fn may_live(version: &Version, versions: &[Version], life: Duration, now: Timestamp) -> bool {
    let newer = versions.iter().map(|other| other.created_at).filter(|at| *at > version.created_at);
    // A process that cannot read the versions makes things with the old one for a while longer.
    newer.min().is_none_or(|successor| now.since(successor + SETTLE) < life + STALE + MARGIN)
}

/// The next safe step, or `None` when the versions are as they should be.
pub fn next_step(versions: &[Version], now: Timestamp, rules: &SecretRules) -> Option<Step> {
    let mut by_age = versions.to_vec();
    by_age.sort_by_key(|version| version.created_at);
    if let Some(dead) = by_age.first().filter(|oldest| !may_live(oldest, &by_age, rules.longest, now)) {
        return Some(Step::Withdraw { number: dead.number });
    }
    let is_due = by_age.last().is_none_or(|newest| now.since(newest.created_at) >= rules.period);
    if is_due { create_now(versions, now) } else { None }
}

/// The same by hand: another version as soon as it is safe, whatever the schedule says. While the newest is not in use
/// yet there is nothing to do, so a repeated command makes no second one.
pub fn create_now(versions: &[Version], now: Timestamp) -> Option<Step> {
    let newest = versions.iter().max_by_key(|version| version.created_at);
    if newest.is_some_and(|newest| !is_settled(newest, now)) {
        return None;
    }
    let last = newest.map_or(u8::MAX, |newest| newest.number);
    let mut numbers = (last..=u8::MAX).skip(1).chain(1..=last);
    let number = numbers.find(|number| versions.iter().all(|version| version.number != *number))?;
    Some(Step::Create { number })
}

fn is_settled(version: &Version, now: Timestamp) -> bool {
    now.since(version.created_at) >= SETTLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(86_400);
    const RULES: SecretRules = SecretRules { period: Duration::from_secs(90 * 86_400), longest: LIFE };
    /// How long the longest-lived thing lives.
    const LIFE: Duration = Duration::from_secs(30 * 86_400);

    fn version(number: u8, created_at: Timestamp) -> Version {
        Version { number, created_at }
    }

    /// Applies a step the way the job does.
    fn apply(versions: &mut Vec<Version>, step: Step, now: Timestamp) {
        match step {
            Step::Create { number } => versions.push(version(number, now)),
            Step::Withdraw { number } => versions.retain(|version| version.number != number),
        }
    }

    #[test]
    fn f42_a_version_is_used_ten_minutes_after_it_was_made_and_the_first_at_once() {
        let first = version(1, START);
        assert_eq!(current([], START), None);
        assert_eq!(current([first], START), Some(1));
        let made = START + DAY;
        let second = version(2, made);
        assert_eq!(current([first, second], made + SETTLE - Duration::from_millis(1)), Some(1));
        assert_eq!(current([first, second], made + SETTLE), Some(2));
        // A clock that is far behind makes nothing that others would not know.
        assert_eq!(current([first, second], START - DAY), Some(1));
    }

    #[test]
    fn keys_4_a_version_is_made_when_there_is_none_or_the_newest_is_old_enough() {
        assert_eq!(next_step(&[], START, &RULES), Some(Step::Create { number: 1 }));
        let versions = [version(1, START)];
        assert_eq!(next_step(&versions, START + RULES.period - MINUTE, &RULES), None);
        assert_eq!(next_step(&versions, START + RULES.period, &RULES), Some(Step::Create { number: 2 }));
    }

    #[test]
    fn keys_4_by_hand_there_is_another_version_at_once_but_never_two_that_nobody_uses_yet() {
        let mut versions = vec![version(1, START)];
        assert_eq!(create_now(&versions, START + MINUTE), None);
        let now = START + DAY;
        assert_eq!(create_now(&versions, now), Some(Step::Create { number: 2 }));
        apply(&mut versions, Step::Create { number: 2 }, now);
        assert_eq!(create_now(&versions, now + SETTLE - MINUTE), None);
        assert_eq!(create_now(&versions, now + SETTLE), Some(Step::Create { number: 3 }));
    }

    #[test]
    fn f42_a_version_is_withdrawn_when_all_that_it_made_is_dead_and_never_the_last_one() {
        let versions = [version(1, START), version(2, START + DAY)];
        let dead = START + DAY + SETTLE + LIFE + STALE + MARGIN;
        assert_eq!(next_step(&versions, dead - Duration::from_millis(1), &RULES), None);
        assert_eq!(next_step(&versions, dead, &RULES), Some(Step::Withdraw { number: 1 }));
        assert!(!matches!(next_step(&versions[..1], dead + DAY * 1000, &RULES), Some(Step::Withdraw { .. })));
    }

    #[test]
    fn keys_4_numbers_start_again_behind_255_and_pass_over_those_in_use() {
        let versions = [version(254, START), version(1, START), version(255, START + DAY)];
        assert_eq!(create_now(&versions, START + DAY * 2), Some(Step::Create { number: 2 }));
        assert_eq!(current(versions, START + DAY * 2), Some(255));
        let all: Vec<Version> = (1..=255).map(|number| version(number, START + MINUTE * number.into())).collect();
        assert_eq!(create_now(&all, START + DAY * 2), None);
    }

    proptest! {
        /// Runs of the job at arbitrary times, some by hand, and processes whose copies are of any age that is allowed:
        /// what is made is known to every process at once, and for as long as it lives.
        #[test]
        fn f42_whatever_is_made_is_known_everywhere_and_until_it_is_dead(
            runs in proptest::collection::vec((0_u64..86_400 * 20, any::<bool>(), 0..STALE.as_secs()), 1..80),
        ) {
            let rules = SecretRules { period: DAY * 7, ..RULES };
            let (mut versions, mut now) = (Vec::<Version>::new(), START);
            // Every state the table was in, from when on; and what was made, until when it lives.
            let mut history: Vec<(Timestamp, Vec<Version>)> = Vec::new();
            let mut alive: Vec<(Version, Duration, Timestamp)> = Vec::new();
            let at = |history: &[(Timestamp, Vec<Version>)], when: Timestamp| {
                history.iter().rev().find(|(since, _)| *since <= when).map(|(_, versions)| versions.clone())
            };
            for (gap, by_hand, age) in runs {
                // Short gaps are where a version is young; long ones are where it dies.
                now = now + Duration::from_secs(if gap % 2 == 0 { gap / 400 } else { gap });
                if let Some(step) = create_now(&versions, now).filter(|_| by_hand) {
                    apply(&mut versions, step, now);
                }
                while let Some(step) = next_step(&versions, now, &rules) {
                    apply(&mut versions, step, now);
                }
                history.push((now, versions.clone()));

                alive.retain(|(_, _, until)| *until > now);
                for (made_with, life, until) in &alive {
                    prop_assert!(versions.contains(made_with), "{made_with:?} is gone, needed until {until}");
                    prop_assert!(may_live(made_with, &versions, *life, now), "{made_with:?} is refused before {until}");
                }
                // A process that could not read for up to an hour makes something. If it could read, everybody knows
                // the version who could read, too.
                for age in [Duration::ZERO, FRESH, Duration::from_secs(age)] {
                    let Some(copy) = at(&history, now - age) else { continue };
                    let Some(number) = current(copy.iter().copied(), now) else { continue };
                    let made_with = *copy.iter().find(|version| version.number == number).unwrap();
                    prop_assert!(at(&history, now - FRESH).is_none_or(|copy| copy.contains(&made_with)), "{made_with:?} is not known everywhere");
                    alive.extend([DAY * 2, LIFE].map(|life| (made_with, life, now + life)));
                }
            }
        }
    }
}
