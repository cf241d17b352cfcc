//! The rule as a parameter: what `shared` decides, and the little that its caller does with it, replaceable bit by bit.
//!
//! [`REAL`] only points into `shared`; whatever is wrong there is wrong here. Wrong rules are in [`crate::mutants`].

use std::sync::LazyLock;

use shared::clock::Timestamp;
use shared::secret::TokenHash;
use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Family, Presented, Revocation};

/// How many generations and how many tokens of one generation the model tells apart.
const GENERATIONS: u8 = 8;
const SEEDS: u8 = 16;

/// Marks a token that nobody made.
pub const FORGED: u8 = SEEDS - 1;

/// A refresh token. Tokens of one generation differ by their seed; a derived successor keeps its predecessor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    pub generation: u8,
    pub seed: u8,
}

impl Token {
    pub const FIRST: Self = Self { generation: 0, seed: 0 };

    /// As `RefreshToken::successor` makes it: the same, whenever it is asked for.
    #[must_use]
    pub const fn successor(self) -> Self {
        Self { generation: self.generation + 1, seed: self.seed }
    }

    pub fn presented(self) -> Presented {
        // SHA-256 for each step of the model would be most of its time.
        static HASHES: LazyLock<Vec<TokenHash>> =
            LazyLock::new(|| (0..GENERATIONS * SEEDS).map(|n| TokenHash::of(&[n])).collect());
        let hash = &HASHES[usize::from(self.generation % GENERATIONS * SEEDS + self.seed % SEEDS)];
        Presented { generation: u32::from(self.generation), hash: hash.clone() }
    }
}

/// A rule of rotation, and how its caller commits what it decides.
#[derive(Clone, Copy)]
pub struct Rule {
    pub name: &'static str,
    /// Why somebody might write it so.
    pub tempting: &'static str,
    pub decide: fn(&Family, &Presented, Timestamp, &SessionRules) -> Decision,
    /// What a good decision makes of the family as it was read; `None` where nothing is written.
    pub next: fn(&Family, Decision, &Presented, Timestamp, &SessionRules) -> Option<Family>,
    /// The condition of that commit: the family as it is stored now, and as it was read.
    pub may_commit: fn(&Family, &Family, Decision) -> bool,
    /// What a replay makes of the family as it is stored now.
    pub replayed: fn(&Family, &Family) -> Family,
    pub successor: Successor,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// From its predecessor, so that it can be given again.
    Derived,
    /// Made anew for each rotation.
    Random,
}

/// The rule of `shared`, as `shared::sessions::refresh` uses it.
pub const REAL: Rule = Rule {
    name: "same successor, immediate predecessor only",
    tempting: "it is the rule",
    decide: Family::decide,
    next: |read, decision, successor, now, rules| {
        (decision == Decision::Rotate).then(|| read.rotated(successor.hash.clone(), now, rules))
    },
    may_commit: |stored, read, _| stored.is_still(read),
    replayed: |stored, _| revoked(stored, Revocation::Replay),
    successor: Successor::Derived,
};

/// As `revoke_session` does: the first reason stays.
#[must_use]
pub fn revoked(stored: &Family, why: Revocation) -> Family {
    Family { revoked: stored.revoked.or(Some(why)), ..stored.clone() }
}
