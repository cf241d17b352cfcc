//! Rules that somebody might have written instead, each with the property that it breaks.
//!
//! They show that the model can fail: a property that no wrong rule breaks would say nothing about the right one. Each
//! changes one thing; faults of the store or of the cookie layer are not seeded here.

use std::time::Duration;

use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Family};

use crate::check;
use crate::judge::Property;
use crate::rule::{REAL, Rule, Successor};
use crate::world::Setting;

pub struct Mutant {
    pub rule: Rule,
    /// What the checker must find.
    pub breaks: Property,
    /// Where.
    pub setting: fn(Rule) -> Setting,
}

/// Every wrong rule.
pub fn all() -> Vec<Mutant> {
    use Property::{HonestStaySignedIn, NothingAfterTheEnd, OneLiveToken, OnlyThePredecessorInGrace};
    let mutant = |breaks, setting: fn(Rule) -> Setting, rule| Mutant { rule, breaks, setting };
    vec![
        mutant(OneLiveToken, check::honest, READ_THEN_WRITE),
        mutant(NothingAfterTheEnd, check::hostile, UNCONDITIONAL_WRITE),
        mutant(HonestStaySignedIn, check::honest, NO_GRACE),
        mutant(OneLiveToken, check::honest, SIBLING),
        mutant(OnlyThePredecessorInGrace, check::thief, ANY_ANCESTOR),
        mutant(OnlyThePredecessorInGrace, check::thief, ENDLESS_GRACE),
        mutant(OnlyThePredecessorInGrace, check::thief, SLIDING_GRACE),
        mutant(HonestStaySignedIn, check::tight, EXCLUSIVE_GRACE),
        mutant(HonestStaySignedIn, check::honest, GRACE_SINCE_SIGN_IN),
        mutant(NothingAfterTheEnd, check::thief, REPLAY_WITHOUT_REVOCATION),
        mutant(NothingAfterTheEnd, check::thief, REVOCATION_IF_UNCHANGED),
        mutant(NothingAfterTheEnd, check::hostile, GENERATION_ONLY),
        mutant(NothingAfterTheEnd, check::hostile, CHECK_ONLY_WRITES),
        mutant(HonestStaySignedIn, check::honest, ALWAYS_ROTATE),
        mutant(HonestStaySignedIn, check::honest, FRESH_SHORTER_THAN_GRACE),
        mutant(OnlyThePredecessorInGrace, check::leaked_mark, GENERATION_IS_ENOUGH),
        mutant(HonestStaySignedIn, check::forger, UNKNOWN_IS_REPLAY),
    ]
}

const READ_THEN_WRITE: Rule = Rule {
    name: "read, then write",
    tempting: "two requests within the same milliseconds look too rare to matter",
    may_commit: |_, _, _| true,
    successor: Successor::Random,
    ..REAL
};

const UNCONDITIONAL_WRITE: Rule = Rule {
    name: "write without a condition, successor derived",
    tempting: "both racers derive the same successor, so the second write looks harmless",
    may_commit: |_, _, _| true,
    ..REAL
};

const NO_GRACE: Rule = Rule {
    name: "no grace",
    tempting: "RFC 9700 and ASVS know none, and the code is shorter",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Repeat => Decision::Replay,
        decision => decision,
    },
    ..REAL
};

const SIBLING: Rule = Rule {
    name: "grace mints a sibling",
    tempting: "with only hashes stored, the lost successor cannot be given again, so one makes another",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Repeat => Decision::Rotate,
        decision => decision,
    },
    next: |read, decision, successor, now, rules| {
        let is_sibling = successor.generation == read.generation;
        (decision == Decision::Rotate).then(|| Family {
            generation: successor.generation,
            previous: if is_sibling { read.previous.clone() } else { Some(read.current.clone()) },
            ..read.rotated(successor.hash.clone(), now, rules)
        })
    },
    successor: Successor::Random,
    ..REAL
};

const ANY_ANCESTOR: Rule = Rule {
    name: "grace for any ancestor",
    tempting: "a client may have lost two answers, and the mark on old tokens shows that they were ours",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Replay if now.since(family.rotated_at) <= rules.grace => Decision::Repeat,
        decision => decision,
    },
    ..REAL
};

const ENDLESS_GRACE: Rule = Rule {
    name: "grace without end",
    tempting: "the same successor is given, so it looks safe until that one is used",
    decide: |family, presented, now, rules| {
        family.decide(presented, now, &SessionRules { grace: Duration::MAX, ..*rules })
    },
    ..REAL
};

const SLIDING_GRACE: Rule = Rule {
    name: "each repetition renews the grace",
    tempting: "a client that still loses answers seems to need more time",
    next: |read, decision, successor, now, rules| match decision {
        Decision::Repeat => Some(Family { rotated_at: now, ..read.clone() }),
        _ => (REAL.next)(read, decision, successor, now, rules),
    },
    ..REAL
};

const EXCLUSIVE_GRACE: Rule = Rule {
    name: "grace ends a moment early",
    tempting: "`<` instead of `<=`",
    decide: |family, presented, now, rules| {
        let grace = rules.grace.saturating_sub(Duration::from_millis(1));
        family.decide(presented, now, &SessionRules { grace, ..*rules })
    },
    ..REAL
};

const GRACE_SINCE_SIGN_IN: Rule = Rule {
    name: "grace counted from the sign-in",
    tempting: "the family's start is at hand and never changes, unlike the time of the last rotation",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Repeat if now.since(family.ends_at - rules.absolute) > rules.grace => Decision::Replay,
        decision => decision,
    },
    ..REAL
};

const REPLAY_WITHOUT_REVOCATION: Rule = Rule {
    name: "replay is refused and nothing more",
    tempting: "the presented token is worthless, so the session looks safe",
    replayed: |stored, _| stored.clone(),
    ..REAL
};

const REVOCATION_IF_UNCHANGED: Rule = Rule {
    name: "revocation under the condition of a rotation",
    tempting: "one commit condition for everything is easy to remember",
    replayed: |stored, read| if stored.is_still(read) { (REAL.replayed)(stored, read) } else { stored.clone() },
    ..REAL
};

const GENERATION_ONLY: Rule = Rule {
    name: "commit ignores a revocation",
    tempting: "the decision has looked at `revoked` already",
    may_commit: |stored, read, _| stored.generation == read.generation,
    ..REAL
};

const CHECK_ONLY_WRITES: Rule = Rule {
    name: "only rotations commit under a condition",
    tempting: "what writes nothing seems to need no check",
    may_commit: |stored, read, decision| decision != Decision::Rotate || stored.is_still(read),
    ..REAL
};

const ALWAYS_ROTATE: Rule = Rule {
    name: "fresh tokens are rotated, too",
    tempting: "\"rotate on each use\" is what the RFCs say",
    decide: |family, presented, now, rules| {
        family.decide(presented, now, &SessionRules { fresh: Duration::ZERO, ..*rules })
    },
    ..REAL
};

const FRESH_SHORTER_THAN_GRACE: Rule = Rule {
    name: "fresh no longer than the grace",
    tempting: "the two look like independent settings",
    decide: |family, presented, now, rules| {
        family.decide(presented, now, &SessionRules { fresh: rules.grace / 2, ..*rules })
    },
    ..REAL
};

const GENERATION_IS_ENOUGH: Rule = Rule {
    name: "a predecessor is known by its generation",
    tempting: "the mark has been checked, so comparing another hash looks redundant",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Replay
            if presented.generation + 1 == family.generation && now.since(family.rotated_at) <= rules.grace =>
        {
            Decision::Repeat
        }
        decision => decision,
    },
    ..REAL
};

const UNKNOWN_IS_REPLAY: Rule = Rule {
    name: "an unknown token is a replay",
    tempting: "whoever presents a token that is not the current one looks like a thief",
    decide: |family, presented, now, rules| match family.decide(presented, now, rules) {
        Decision::Unknown => Decision::Replay,
        decision => decision,
    },
    ..REAL
};
