//! What must hold, and the history that is kept to judge it: apart from the rule's own state, so that a rule that keeps
//! wrong books is found out. Decides nothing in the world.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Family};

use crate::rule::{Rule, Token};

/// What every schedule must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// P1: at most one token of a family could still be rotated, and a generation has one token.
    OneLiveToken,
    /// P2: no 200 whose commit lies after a logout's or a replay's.
    NothingAfterTheEnd,
    /// P3: after its succession a token is accepted within the grace, as immediate predecessor, or never; and never
    /// one that nobody made.
    OnlyThePredecessorInGrace,
    /// P4: without thief and logout, nobody is refused within the bound of [`crate::world::Setting`].
    HonestStaySignedIn,
}

impl Property {
    pub const ALL: [Self; 4] =
        [Self::OneLiveToken, Self::NothingAfterTheEnd, Self::OnlyThePredecessorInGrace, Self::HonestStaySignedIn];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OneLiveToken => "P1 one live token",
            Self::NothingAfterTheEnd => "P2 nothing after the end",
            Self::OnlyThePredecessorInGrace => "P3 only the predecessor, in its grace",
            Self::HonestStaySignedIn => "P4 the honest stay signed in",
        }
    }
}

/// A set of broken properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults(u8);

impl Faults {
    pub fn add(&mut self, property: Property) {
        self.0 |= 1 << property as u8;
    }

    pub const fn has(self, property: Property) -> bool {
        self.0 & (1 << property as u8) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What has happened, as the outside saw it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct History {
    /// The tokens that were committed to, one for each generation.
    pub given: Vec<Token>,
    /// When the newest of them was made.
    pub made_at: Timestamp,
    /// A logout or a replay has been committed.
    pub has_ended: bool,
}

impl History {
    pub fn begin(now: Timestamp) -> Self {
        Self { given: vec![Token::FIRST], made_at: now, has_ended: false }
    }

    /// Judges a commit that gave `answer` (or no refresh token) for `presented`, decided at `at`, committed at `now`.
    pub fn accept(
        &mut self,
        faults: &mut Faults,
        presented: Token,
        answer: Option<Token>,
        (at, now): (Timestamp, Timestamp),
        rules: &SessionRules,
    ) {
        if self.has_ended {
            faults.add(Property::NothingAfterTheEnd);
        }
        // One past the newest is the length: a token is current when it is the last of those given.
        let successors = self.given.len().saturating_sub(usize::from(presented.generation) + 1);
        let is_ours = self.given.contains(&presented);
        if !is_ours || successors > 1 || successors == 1 && at.since(self.made_at) > rules.grace {
            faults.add(Property::OnlyThePredecessorInGrace);
        }
        let Some(answer) = answer else { return };
        match self.given.get(usize::from(answer.generation)) {
            Some(known) if *known != answer => faults.add(Property::OneLiveToken),
            Some(_) => {}
            None => {
                self.given.push(answer);
                self.made_at = now;
            }
        }
    }

    /// Judges the family as it is stored now: which of the tokens ever given could be rotated, at some time?
    pub fn look(&self, faults: &mut Faults, family: &Family, rule: &Rule, now: Timestamp, rules: &SessionRules) {
        let moments = [Duration::ZERO, rules.grace, rules.fresh, rules.fresh + rules.grace];
        let lives = |token: &&Token| {
            let presented = token.presented();
            moments.iter().any(|wait| (rule.decide)(family, &presented, now + *wait, rules) == Decision::Rotate)
        };
        if self.given.iter().filter(lives).count() > 1 {
            faults.add(Property::OneLiveToken);
        }
    }
}
