//! The checks themselves: the rule holds in every setting, the bound is tight, every wrong rule is caught. What is
//! modelled, and what is not, is told in the crate; `--nocapture` prints the tables.

use std::collections::BTreeSet;
use std::time::Duration;

use model::check::{self, Outcome};
use model::judge::Property;
use model::mutants;
use model::rule::{REAL, Rule};
use model::schedules::{Expect, Schedule, Step, schedules};
use model::world::Setting;

fn show(setting: &str, outcome: &Outcome) {
    println!("{setting:<13} | {}", check::line(outcome));
}

fn holds(name: &str, setting: fn(Rule) -> Setting) {
    let outcome = check::run(setting(REAL));
    show(name, &outcome);
    assert_eq!(outcome.broken, [], "{name}: {:?}", outcome.paths);
    assert_eq!(outcome.missing, [""; 0], "{name}: these should be possible");
}

#[test]
fn d3_two_tabs_that_lose_two_answers_in_a_row_stay_signed_in() {
    holds("honest", check::honest);
}

#[test]
fn d3_the_rule_holds_against_forgers_thieves_and_logouts() {
    holds("forger", check::forger);
    holds("leaked mark", check::leaked_mark);
    holds("hostile", check::hostile);
    holds("slow", check::slow);
}

#[test]
fn d3_the_rule_holds_while_answers_are_lost_too() {
    holds("lossy logout", check::lossy_logout);
    holds("lossy thief", check::lossy_thief);
}

/// grace ≥ (2L+2)·D with D = 5 s: for L = 0, 1, 2 that much is enough, and a second less than that is not.
#[test]
fn d3_the_bound_of_the_grace_is_tight() {
    for losses in 0..=2 {
        let bound = Duration::from_secs(5) * u32::from(2 * losses + 2);
        let with_grace = |grace| {
            let mut setting = Setting { losses, generations: 1, ..check::honest(REAL) };
            setting.rules.grace = grace;
            let outcome = check::run(setting);
            show(&format!("L={losses} {grace:?}"), &outcome);
            outcome.broken
        };
        assert_eq!(with_grace(bound), []);
        assert_eq!(with_grace(bound - Duration::from_secs(1)), [Property::HonestStaySignedIn]);
    }
}

/// The finer form of the bound, where the parts of D differ: (L+1)·T + L·W + the longest way of a request.
#[test]
fn d3_the_bound_in_its_parts_is_tight() {
    for (delay, patience, pause) in [(1, 2, 1), (1, 1, 2), (1, 2, 2)] {
        let broken = |missing| {
            let mut setting = Setting { losses: 1, generations: 1, delay, patience, pause, ..check::honest(REAL) };
            let ticks = u32::from(2 * patience + pause + delay);
            setting.rules.grace = setting.tick * ticks - Duration::from_secs(missing);
            let outcome = check::run(setting);
            show(&format!("{:?}", setting.rules.grace), &outcome);
            outcome.broken
        };
        assert_eq!(broken(0), []);
        assert_eq!(broken(1), [Property::HonestStaySignedIn]);
    }
}

#[test]
fn d3_each_part_of_the_bound_counts() {
    let mut honest = Setting { losses: 1, generations: 1, ..check::honest(REAL) };
    honest.rules.grace = Duration::from_secs(20);
    for (name, setting) in [
        ("delay 10 s", Setting { delay: 2, ..honest }),
        ("pause 10 s", Setting { pause: 2, ..honest }),
        ("patience 10 s", Setting { patience: 2, ..honest }),
        ("L=2", Setting { losses: 2, ..honest }),
        ("service 5 s", Setting { service: 1, ..honest }),
    ] {
        let outcome = check::run(setting);
        show(name, &outcome);
        assert_eq!(outcome.broken, [Property::HonestStaySignedIn], "{name}");
    }
}

#[test]
fn every_wrong_rule_is_caught_by_the_property_that_it_breaks() {
    let rows = check::table();
    for row in &rows {
        println!("{}", check::line(&row.outcome));
    }
    assert_eq!(rows.len(), mutants::all().len());
    for row in rows {
        assert!(row.outcome.broken.contains(&row.breaks), "{} should break {:?}", row.outcome.rule.name, row.breaks);
    }
}

#[test]
fn schedules_are_many_the_same_each_time_and_cover_every_answer() {
    let all = schedules();
    assert!(all.len() >= 200, "{}", all.len());
    assert_eq!(all, schedules());
    let steps = all.iter().map(|schedule| schedule.steps.len()).sum::<usize>();
    println!("{} schedules, {steps} steps", all.len());
    let mut kinds = BTreeSet::new();
    for step in all.iter().flat_map(|schedule: &Schedule| &schedule.steps) {
        let expected = match step {
            Step::Refresh { expect, .. } => vec![*expect],
            Step::AtOnce { allowed, .. } => {
                assert!(!allowed.is_empty());
                allowed.concat()
            }
            Step::Advance(_) | Step::Forged { .. } | Step::Logout { .. } => Vec::new(),
        };
        kinds.extend(expected.into_iter().map(|expect| match expect {
            Expect::Rotated(_) => "rotated",
            Expect::Repeated(_) => "repeated",
            Expect::Kept => "kept",
            Expect::Race => "race",
            Expect::Replay => "replay",
            Expect::ReplayAgain => "replay again",
            Expect::Revoked => "revoked",
            Expect::Expired => "expired",
        }));
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}
