//! Refresh rotation: the whole rule, as a state machine without I/O (TOKEN-2…5, SECURITY.md D3).
//!
//! ```text
//!              current, fresh: Keep            predecessor, in grace: Repeat
//!                   ┌────┐                          ┌────┐
//!                   │    ▼                          │    ▼
//!  sign-in ──▶ generation n ── current: Rotate ──▶ generation n+1 ──▶ …
//!                   │                               │
//!                   └──── older token: Replay ──────┴──▶ revoked
//! ```
//!
//! A family has one current token. Its holder may have lost our last answer, so for a short grace the *immediate*
//! predecessor is answered with the *same* successor again; nothing new is minted, so there is never a second live
//! branch. Because a fresh token is not rotated, and fresh lasts longer than the grace, the predecessor's grace is over
//! before its successor can be succeeded.
//!
//! A caller reads the family, asks [`Family::decide`], has the access token signed, and commits under the condition
//! [`Family::is_still`]. `infra/model` checks this module against every schedule of two tabs with lost and late answers.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::secret::TokenHash;
use crate::settings::SessionRules;

/// The refresh tokens of one session: what is stored, whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Family {
    /// Counts rotations; each token carries the generation it was made for.
    pub generation: u32,
    /// The one token that lives.
    pub current: TokenHash,
    /// Its immediate predecessor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<TokenHash>,
    /// When the current token was made.
    pub rotated_at: Timestamp,
    /// When the family ends if it is not rotated again; never after `ends_at`.
    pub expires_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked: Option<Revocation>,
}

/// Why a family was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    Logout,
    /// A token was used that had been succeeded: two parties hold it (RFC 9700 §4.14.2).
    Replay,
}

/// A token as presented. Its maker's mark has been checked: we made it, once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Presented {
    pub generation: u32,
    pub hash: TokenHash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Mint the successor; the presented token becomes the predecessor.
    Rotate,
    /// The token is too young to be rotated: an access token, and nothing else.
    Keep,
    /// The last answer seems to be lost: give the same successor again.
    Repeat,
    /// A token that has been succeeded for too long: end the family.
    Replay,
    /// The same, in a family that such a replay has ended already: count it.
    ReplayAgain,
    Revoked,
    Expired,
    /// Not a token of this family as we know it. Says nothing about the family, so it changes nothing.
    Unknown,
}

impl Family {
    /// A family's first state.
    pub fn begin(first: TokenHash, now: Timestamp, rules: &SessionRules) -> Self {
        let ends_at = now + rules.absolute;
        Self {
            generation: 0,
            current: first,
            previous: None,
            rotated_at: now,
            expires_at: ends_at.min(now + rules.idle),
            ends_at,
            revoked: None,
        }
    }

    /// What to do with a presented token.
    pub fn decide(&self, presented: &Presented, now: Timestamp, rules: &SessionRules) -> Decision {
        let is_current = presented.generation == self.generation && presented.hash == self.current;
        let is_predecessor = presented.generation.checked_add(1) == Some(self.generation)
            && self.previous.as_ref() == Some(&presented.hash);
        let is_stale = presented.generation < self.generation;
        if !is_current && !is_stale {
            return Decision::Unknown;
        }
        match self.revoked {
            Some(Revocation::Replay) if is_stale => return Decision::ReplayAgain,
            Some(_) => return Decision::Revoked,
            None => {}
        }
        if now >= self.expires_at {
            return Decision::Expired;
        }
        let age = now.since(self.rotated_at);
        if is_current {
            return if age < rules.fresh { Decision::Keep } else { Decision::Rotate };
        }
        if is_predecessor && age <= rules.grace { Decision::Repeat } else { Decision::Replay }
    }

    /// The state after a rotation.
    #[must_use]
    pub fn rotated(&self, successor: TokenHash, now: Timestamp, rules: &SessionRules) -> Self {
        Self {
            generation: self.generation + 1,
            current: successor,
            previous: Some(self.current.clone()),
            rotated_at: now,
            expires_at: self.ends_at.min(now + rules.idle),
            ends_at: self.ends_at,
            revoked: None,
        }
    }

    /// The condition under which what was decided on `read` may be committed: nobody has rotated or revoked since.
    /// The store's expression says the same.
    pub fn is_still(&self, read: &Self) -> bool {
        self.generation == read.generation && self.revoked.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn rules() -> SessionRules {
        SessionRules::default()
    }

    fn hash(n: u32) -> TokenHash {
        TokenHash::of(&n.to_be_bytes())
    }

    fn token(n: u32) -> Presented {
        Presented { generation: n, hash: hash(n) }
    }

    fn after(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    /// A family at generation 3, rotated into it at `START`.
    fn third() -> Family {
        (1..=3).fold(Family::begin(hash(0), START - Duration::from_secs(9000), &rules()), |family, n| {
            family.rotated(hash(n), START, &rules())
        })
    }

    #[test]
    fn token_3_the_current_token_is_rotated_once_it_is_a_minute_old() {
        assert_eq!(third().decide(&token(3), after(59), &rules()), Decision::Keep);
        assert_eq!(third().decide(&token(3), after(60), &rules()), Decision::Rotate);
    }

    #[test]
    fn token_4_the_immediate_predecessor_is_answered_again_for_thirty_seconds() {
        for (seconds, expected) in [
            (0, Decision::Repeat),
            (1, Decision::Repeat),
            (29, Decision::Repeat),
            (30, Decision::Repeat),
            (31, Decision::Replay),
        ] {
            assert_eq!(third().decide(&token(2), after(seconds), &rules()), expected, "{seconds} s");
        }
    }

    #[test]
    fn token_5_any_older_token_is_a_replay_even_inside_the_grace() {
        assert_eq!(third().decide(&token(1), after(1), &rules()), Decision::Replay);
        assert_eq!(third().decide(&token(0), after(1), &rules()), Decision::Replay);
    }

    #[test]
    fn case_091_nothing_is_given_after_a_revocation() {
        let family = Family { revoked: Some(Revocation::Logout), ..third() };
        for n in 0..=3 {
            assert_eq!(family.decide(&token(n), after(1), &rules()), Decision::Revoked, "generation {n}");
        }
    }

    #[test]
    fn case_105_replays_of_a_dead_family_are_counted_and_change_nothing_else() {
        let family = Family { revoked: Some(Revocation::Replay), ..third() };
        assert_eq!(family.decide(&token(2), after(1), &rules()), Decision::ReplayAgain);
        assert_eq!(family.decide(&token(3), after(1), &rules()), Decision::Revoked);
    }

    #[test]
    fn case_093_idle_and_absolute_ends_hold_to_the_millisecond() {
        let family = Family::begin(hash(0), START, &rules());
        let week = START + rules().idle;
        assert_eq!(family.decide(&token(0), week - Duration::from_millis(1), &rules()), Decision::Rotate);
        assert_eq!(family.decide(&token(0), week, &rules()), Decision::Expired);
        let daily = (1..=29).fold(family, |family, day| {
            family.rotated(hash(day), START + Duration::from_secs(u64::from(day) * 86_400), &rules())
        });
        assert_eq!(daily.expires_at, START + rules().absolute);
    }

    #[test]
    fn case_100_an_unknown_token_says_nothing_about_the_family() {
        assert_eq!(third().decide(&Presented { generation: 3, hash: hash(9) }, after(1), &rules()), Decision::Unknown);
        assert_eq!(third().decide(&Presented { generation: 4, hash: hash(4) }, after(1), &rules()), Decision::Unknown);
        assert_eq!(
            third().decide(&Presented { generation: u32::MAX, hash: hash(4) }, after(1), &rules()),
            Decision::Unknown
        );
    }

    proptest! {
        #[test]
        fn d3_whatever_happens_only_the_current_token_is_ever_rotated(generation in 0_u32..6, presented in 0_u32..8, seconds in 0_u64..4_000_000) {
            let family = (1..=generation).fold(Family::begin(hash(0), START, &rules()), |family, n| family.rotated(hash(n), START, &rules()));
            let decision = family.decide(&token(presented), after(seconds), &rules());
            prop_assert_eq!(decision == Decision::Rotate, presented == generation && seconds >= 60 && after(seconds) < family.expires_at);
        }
    }
}
