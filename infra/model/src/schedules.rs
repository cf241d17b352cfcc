//! Schedules to replay against the real handler, with what the rule must answer to each step.
//!
//! Sequential: a request is committed before the next one is sent, because read and commit of one request cannot be
//! interleaved by hand over HTTP; [`Step::AtOnce`] names pairs to be sent together instead. Some come from the paths that
//! the checker found ([`crate::check`]), the others from seeded walks. Nothing here decides: each expectation is what
//! `shared::tokens::rotation` says of the state before it, under the `consumer` rules.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Family, Revocation};

use crate::check;
use crate::rule::{self, REAL, Token};
use crate::state::{Action, State, Who};
use crate::world::Setting;

/// Begins with a session just signed in to, which holds generation 0; its clock moves by [`Step::Advance`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub steps: Vec<Step>,
}

/// Tokens are named by their generation: a family has one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Seconds.
    Advance(u64),
    Refresh {
        presents: u32,
        expect: Expect,
        /// Whether the answer reaches the client. A token that never has is presented by nobody.
        delivered: bool,
    },
    /// Two requests sent together: one of these pairs of answers must come, in the order of `presents`.
    AtOnce { presents: [u32; 2], allowed: Vec<[Expect; 2]> },
    /// The token of this generation, with a byte changed.
    Forged { presents: u32 },
    /// 204, whatever has happened before.
    Logout { presents: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// 200 with the token of this generation, made now.
    Rotated(u32),
    /// 200 with the token of this generation, the same as it was given before.
    Repeated(u32),
    /// 200 without a refresh token.
    Kept,
    /// 409 `refresh_in_progress`; from [`Step::AtOnce`] only.
    Race,
    /// 401 for a used token; the family ends.
    Replay,
    /// The same, in a family that has ended so already: no second mail, no second incident.
    ReplayAgain,
    /// 401 for a session that has ended.
    Revoked,
    /// 401 for a session whose time is over.
    Expired,
}

/// A family as the rule sees it, and the time.
#[derive(Clone)]
struct Walk {
    family: Family,
    now: Timestamp,
    rules: SessionRules,
}

type Read = (Decision, Family);

impl Walk {
    fn begin(rules: SessionRules) -> Self {
        let now = Timestamp::from_seconds(1_800_000_000);
        Self { family: Family::begin(hash(0), now, &rules), now, rules }
    }

    fn read(&self, presents: u32) -> Read {
        let presented = shared::tokens::rotation::Presented { generation: presents, hash: hash(presents) };
        (self.family.decide(&presented, self.now, &self.rules), self.family.clone())
    }

    fn commit(&mut self, presents: u32, (decision, read): &Read) -> Expect {
        let may_commit = self.family.is_still(read);
        match decision {
            Decision::Rotate | Decision::Repeat | Decision::Keep if !may_commit => Expect::Race,
            Decision::Rotate => {
                self.family = read.rotated(hash(presents + 1), self.now, &self.rules);
                Expect::Rotated(presents + 1)
            }
            Decision::Repeat => Expect::Repeated(presents + 1),
            Decision::Keep => Expect::Kept,
            Decision::Replay => {
                self.family = rule::revoked(&self.family, Revocation::Replay);
                Expect::Replay
            }
            Decision::ReplayAgain => Expect::ReplayAgain,
            // Walks present only what has been given, so nothing is unknown.
            Decision::Revoked | Decision::Unknown => Expect::Revoked,
            Decision::Expired => Expect::Expired,
        }
    }

    fn refresh(&mut self, presents: u32) -> Expect {
        let read = self.read(presents);
        self.commit(presents, &read)
    }

    /// Every way in which two requests can meet. `None` if it matters afterwards which one it was.
    fn at_once(&mut self, presents: [u32; 2]) -> Option<Vec<[Expect; 2]>> {
        // Each request is named twice: its first place is its read, its second one its commit.
        const ORDERS: [[usize; 4]; 6] =
            [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 1, 0], [1, 1, 0, 0]];
        let mut allowed = Vec::new();
        let mut ends = Vec::new();
        for order in ORDERS {
            let mut walk = self.clone();
            let mut reads: [Option<Read>; 2] = [None, None];
            let mut answers = [Expect::Race; 2];
            for n in order {
                match reads[n].take() {
                    None => reads[n] = Some(walk.read(presents[n])),
                    Some(read) => answers[n] = walk.commit(presents[n], &read),
                }
            }
            allowed.push(answers);
            ends.push(walk);
        }
        allowed.sort();
        allowed.dedup();
        let end = ends.pop()?;
        let is_certain = ends.iter().all(|other| other.family == end.family);
        *self = end;
        is_certain.then_some(allowed)
    }
}

fn hash(generation: u32) -> shared::secret::TokenHash {
    shared::secret::TokenHash::of(&generation.to_be_bytes())
}

/// All of them, the same each time.
pub fn schedules() -> Vec<Schedule> {
    let rules = check::honest(REAL).rules;
    let mut schedules = found(rules);
    schedules.extend((1..=240).map(|seed| walk(seed, rules)));
    schedules
}

/// SplitMix64: enough to choose among a few steps, and no dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

fn walk(seed: u64, rules: SessionRules) -> Schedule {
    const WEEK: u64 = 7 * 24 * 3600;
    let mut dice = Dice(seed);
    let mut walk = Walk::begin(rules);
    let mut steps = Vec::new();
    // What clients hold, in the order of its arrival.
    let mut held = vec![0];
    for _ in 0..6 + dice.below(7) {
        let newest = held.last().copied().unwrap_or(0);
        let presents = match dice.below(10) {
            0..=5 => newest,
            6..=8 => held[held.len().saturating_sub(1 + dice.below(2))],
            _ => dice.pick(&held),
        };
        match dice.below(30) {
            0..=10 => {
                let seconds = dice.pick(&[1, 5, 29, 30, 31, 59, 60, 60, 61, 61, 90, 3600]);
                let seconds = if dice.below(25) == 0 { dice.pick(&[WEEK - 1, WEEK]) } else { seconds };
                walk.now = walk.now + Duration::from_secs(seconds);
                steps.push(Step::Advance(seconds));
            }
            11 => {
                walk.family = rule::revoked(&walk.family, Revocation::Logout);
                steps.push(Step::Logout { presents });
            }
            12 => steps.push(Step::Forged { presents }),
            13..=16 => {
                let presents = if dice.below(2) == 0 { [presents; 2] } else { [presents, dice.pick(&held)] };
                let before = walk.family.generation;
                let Some(allowed) = walk.at_once(presents) else { break };
                steps.push(Step::AtOnce { presents, allowed });
                held.extend((walk.family.generation > before).then_some(walk.family.generation));
            }
            _ => {
                let expect = walk.refresh(presents);
                let delivered = dice.below(4) > 0;
                steps.push(Step::Refresh { presents, expect, delivered });
                if let Expect::Rotated(token) | Expect::Repeated(token) = expect
                    && delivered
                    && !held.contains(&token)
                {
                    held.push(token);
                }
            }
        }
    }
    Schedule { name: format!("walk {seed}"), steps }
}

/// What breaks each wrong rule, and one way to each thing that must be possible, as the right rule answers it.
fn found(rules: SessionRules) -> Vec<Schedule> {
    let broken = check::table();
    let possible = check::run(Setting { losses: 1, generations: 1, ..check::forger(REAL) });
    let named = |outcome: check::Outcome| {
        let rule = outcome.rule.name;
        outcome.paths.into_iter().map(move |(name, path)| (format!("{name}: {rule}"), path.into_vec()))
    };
    let paths = broken.into_iter().flat_map(|row| named(row.outcome)).chain(named(possible));
    paths.map(|(name, path)| Schedule { name, steps: sequential(&path, rules) }).collect()
}

/// A path without its interleavings: each request happens where the server read it.
fn sequential(path: &[(State, Option<Action>)], rules: SessionRules) -> Vec<Step> {
    let tick = check::honest(REAL).tick.as_secs();
    // The model begins when the first token can be rotated.
    let mut walk = Walk::begin(rules);
    let mut steps = Vec::new();
    let mut waited = rules.fresh.as_secs();
    for (n, (state, action)) in path.iter().enumerate() {
        let (from, token) = match action {
            Some(Action::Tick) => {
                waited += tick;
                continue;
            }
            Some(Action::Read(request)) => (state.requests[*request].from, state.requests[*request].token),
            Some(Action::Use) => (Who::Thief, state.thief.unwrap_or(Token::FIRST)),
            Some(Action::LogOut | Action::Forge(_)) => (Who::Forger, state.jar),
            _ => continue,
        };
        let presents = u32::from(token.generation);
        // A wrong rule may have made more tokens than the right one.
        if presents > walk.family.generation {
            continue;
        }
        if waited > 0 {
            walk.now = walk.now + Duration::from_secs(waited);
            steps.push(Step::Advance(std::mem::take(&mut waited)));
        }
        steps.push(match action {
            Some(Action::LogOut) => {
                walk.family = rule::revoked(&walk.family, Revocation::Logout);
                Step::Logout { presents }
            }
            Some(Action::Forge(_)) => Step::Forged { presents },
            _ => Step::Refresh {
                presents,
                expect: walk.refresh(presents),
                delivered: from == Who::Thief || arrives(&path[n..], from, token),
            },
        });
    }
    steps
}

/// Whether an answer for this token reaches its sender, in time or late.
fn arrives(path: &[(State, Option<Action>)], from: Who, token: Token) -> bool {
    path.iter().any(|(state, action)| {
        matches!(action, Some(Action::Deliver(n)) if state.requests[*n].from == from && state.requests[*n].token == token)
    })
}
