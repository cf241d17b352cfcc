//! Runs a setting to its end. What must hold is in [`crate::judge`]; here is only what must be possible, so that a rule
//! that refuses everybody does not pass.

use std::time::{Duration, Instant};

use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Revocation};
use stateright::{Checker, HasDiscoveries, Model, Path, Property as Checked};

use crate::judge::Property;
use crate::mutants;
use crate::rule::Rule;
use crate::state::{Action, Answer, Phase, State, Who};
use crate::world::Setting;

/// What came of a run.
pub struct Outcome {
    pub rule: Rule,
    pub states: usize,
    pub depth: usize,
    pub took: Duration,
    /// Properties with a counterexample.
    pub broken: Vec<Property>,
    /// Things that should have been possible and never happened.
    pub missing: Vec<&'static str>,
    /// The first counterexample, or else one path for each thing that should have been possible.
    pub paths: Vec<(&'static str, Path<State, Action>)>,
}

/// The settings of `consumer` in ticks of five seconds, which is the SDK's time-out: D = 1 tick, grace 6, fresh 12.
fn setting(rule: Rule, losses: u8) -> Setting {
    let minute = Duration::from_secs(60);
    let rules = SessionRules {
        access_life: minute * 15,
        idle: minute * 60 * 24 * 7,
        absolute: minute * 60 * 24 * 30,
        grace: minute / 2,
        fresh: minute,
    };
    Setting {
        rule,
        rules,
        tick: Duration::from_secs(5),
        delay: 1,
        service: 0,
        patience: 1,
        pause: 1,
        losses,
        thefts: 0,
        forgeries: 0,
        has_mark: false,
        logout: false,
        generations: 2,
    }
}

/// Two tabs of an honest user, each of which may miss two answers in a row.
pub fn honest(rule: Rule) -> Setting {
    setting(rule, 2)
}

/// The same, while somebody presents a token that nobody made.
pub fn forger(rule: Rule) -> Setting {
    Setting { forgeries: 1, ..setting(rule, 0) }
}

/// The same, and the forger can set our mark, so that the token may seem to be an old one.
pub fn leaked_mark(rule: Rule) -> Setting {
    Setting { has_mark: true, ..forger(rule) }
}

/// With a thief who has copied a token at any moment and presents what he has twice, and a logout at any moment.
pub fn hostile(rule: Rule) -> Setting {
    Setting { thefts: 2, logout: true, ..setting(rule, 0) }
}

/// The thief alone.
pub fn thief(rule: Rule) -> Setting {
    Setting { logout: false, ..hostile(rule) }
}

/// No answer is lost, and the grace is just what that needs.
pub fn tight(rule: Rule) -> Setting {
    let setting = setting(rule, 0);
    Setting { rules: SessionRules { grace: setting.tick * 2, ..setting.rules }, ..setting }
}

/// The hostile setting with commits that lag a tick behind their decision, until the first rotation.
pub fn slow(rule: Rule) -> Setting {
    Setting { service: 1, generations: 1, ..hostile(rule) }
}

/// A logout at any moment, while answers are lost and late.
pub fn lossy_logout(rule: Rule) -> Setting {
    Setting { logout: true, generations: 1, ..setting(rule, 1) }
}

/// A thief who presents his token once, at any moment, while answers are lost and late.
pub fn lossy_thief(rule: Rule) -> Setting {
    Setting { thefts: 1, generations: 1, ..setting(rule, 1) }
}

/// Explores until everything is seen; a wrong rule until something is broken.
pub fn run(setting: Setting) -> Outcome {
    let started = Instant::now();
    let checker = setting.checker().threads(1).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let mut discoveries = checker.discoveries();
    let broken: Vec<_> =
        Property::ALL.into_iter().filter(|property| discoveries.contains_key(property.name())).collect();
    let missing =
        sanity(&setting).iter().map(|property| property.name).filter(|name| !discoveries.contains_key(name)).collect();
    if let Some(first) = broken.first() {
        discoveries.retain(|name, _| *name == first.name());
    }
    let mut paths: Vec<_> = discoveries.into_iter().collect();
    paths.sort_by_key(|(name, _)| *name);
    Outcome {
        rule: setting.rule,
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: started.elapsed(),
        broken,
        missing,
        paths,
    }
}

/// One line of the table.
pub fn line(outcome: &Outcome) -> String {
    let verdict = match outcome.broken.first() {
        None if outcome.missing.is_empty() => "holds".to_owned(),
        None => format!("vacuous: {}", outcome.missing.join(", ")),
        Some(property) => format!("broken  | {}", property.name()),
    };
    format!(
        "{:<48} | {:>9} | {:>3} | {:>8.2?} | {verdict}",
        outcome.rule.name, outcome.states, outcome.depth, outcome.took
    )
}

/// What must be possible in a setting.
pub(crate) fn sanity(setting: &Setting) -> Vec<Checked<Setting>> {
    fn gives(state: &State, wanted: Decision) -> bool {
        state.answers().any(|(_, answer)| matches!(answer, Answer::Given { decision, .. } if decision == wanted))
    }
    let mut properties = vec![
        Checked::sometimes("a token is rotated", |_, s: &State| gives(s, Decision::Rotate)),
        Checked::sometimes("a fresh token is kept", |_, s: &State| gives(s, Decision::Keep)),
        Checked::sometimes("a race is lost", |_, s: &State| s.answers().any(|(_, answer)| answer == Answer::Race)),
        Checked::sometimes("both tabs finish", |_, s: &State| {
            s.tabs.iter().all(|tab| tab.phase == Phase::Idle)
                && s.requests.is_empty()
                && s.jar.generation > 0
                && s.history.given.last() == Some(&s.jar)
        }),
        Checked::sometimes("the predecessor is answered again", |_, s: &State| gives(s, Decision::Repeat)),
    ];
    if setting.generations > 1 {
        properties.push(Checked::sometimes("there is a second rotation", |_, s: &State| s.family.generation == 2));
    }
    if setting.losses > 0 {
        properties.push(Checked::sometimes("an answer comes late", |_, s: &State| {
            s.answers().any(|(request, _)| request.is_abandoned && matches!(request.from, Who::Tab(_)))
        }));
    }
    if setting.thefts > 0 {
        properties.push(Checked::sometimes("a thief is caught", |_, s: &State| {
            s.thefts == 0 && s.family.revoked == Some(Revocation::Replay)
        }));
    }
    if setting.logout {
        properties.push(Checked::sometimes("a tab finds itself logged out", |_, s: &State| {
            s.answers().any(|(_, answer)| answer == Answer::Refused(Decision::Revoked))
        }));
    }
    properties
}

/// A wrong rule, and what came of it.
pub struct Row {
    pub breaks: Property,
    pub outcome: Outcome,
}

/// All wrong rules, each in the setting that must break it.
pub fn table() -> Vec<Row> {
    mutants::all()
        .into_iter()
        .map(|mutant| Row { breaks: mutant.breaks, outcome: run((mutant.setting)(mutant.rule)) })
        .collect()
}
