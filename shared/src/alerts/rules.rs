//! What is alarming: pure functions of what was counted in a few minutes. docs/metrics.md lists them.

use crate::metrics::{BOUNDS, name};
use crate::store::Counted;

/// An alert's rule.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) minutes: i64,
    /// It opens above this.
    pub(super) threshold: f64,
    /// `None` when there is too little to say anything.
    pub(super) value: fn(&Counted) -> Option<f64>,
}

pub(super) const RULES: [Rule; 6] = [
    Rule { name: "login_failures", minutes: 5, threshold: 50.0, value: |it| count(it, "UserLoginFailed") },
    Rule { name: "refresh_replays", minutes: 5, threshold: 0.001, value: refresh_replays },
    Rule { name: "lockouts", minutes: 5, threshold: 10.0, value: |it| count(it, "UserAccountLocked") },
    Rule { name: "csrf_invalid", minutes: 2, threshold: 0.05, value: csrf_invalid },
    Rule { name: "verify_latency", minutes: 5, threshold: 200.0, value: verify_latency },
    Rule { name: "webhooks_undeliverable", minutes: 5, threshold: 0.0, value: |it| count(it, "WebhookUndeliverable") },
];

/// Ratios and percentiles of fewer than this say nothing.
const FEWEST: u64 = 20;

fn count(counted: &Counted, kind: &str) -> Option<f64> {
    Some(counted.events.sum(&[kind]) as f64)
}

fn ratio(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

fn refresh_replays(counted: &Counted) -> Option<f64> {
    let replays = counted.events.sum(&["RefreshTokenReplayed"]);
    Some(ratio(replays, replays + counted.events.sum(&["TokenRefreshed"])))
}

fn csrf_invalid(counted: &Counted) -> Option<f64> {
    let of = |outcome| counted.processes.values().map(|tally| tally.get(&[name::CSRF, outcome])).sum::<u64>();
    let (valid, invalid) = (of("valid"), of("invalid"));
    (valid + invalid >= FEWEST).then(|| ratio(invalid, valid + invalid))
}

/// The 95th percentile in milliseconds: the bound of the bucket that it lies in.
fn verify_latency(counted: &Counted) -> Option<f64> {
    let tally = counted.processes.get("auth-verify-token")?;
    let more = tally.get(&[name::TOOK, "more"]);
    let buckets = BOUNDS.map(|bound| tally.get(&[name::TOOK, &bound.to_string()]));
    let all = buckets.iter().sum::<u64>() + more;
    if all < FEWEST {
        return None;
    }
    let mut so_far = 0;
    let found = BOUNDS.iter().zip(buckets).find(|(_, n)| {
        so_far += n;
        so_far * 100 >= all * 95
    });
    Some(found.map_or(f64::INFINITY, |(bound, _)| *bound as f64))
}

/// A value as people read it: no more digits than it needs.
pub(super) fn shown(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, counted: &Counted) -> Option<f64> {
        let rule = RULES.iter().find(|rule| rule.name == name).unwrap();
        (rule.value)(counted)
    }

    fn is_alarming(name: &str, counted: &Counted) -> bool {
        let rule = RULES.iter().find(|rule| rule.name == name).unwrap();
        value(name, counted).is_some_and(|value| value > rule.threshold)
    }

    #[test]
    fn ops_4_more_than_fifty_failures_are_alarming() {
        let mut counted = Counted::default();
        counted.events.add(&["UserLoginFailed", "failure", "invalid_credentials"], 50);
        assert!(!is_alarming("login_failures", &counted));
        counted.events.add(&["UserLoginFailed", "failure", "email_not_verified"], 1);
        assert!(is_alarming("login_failures", &counted));
    }

    #[test]
    fn ops_4_a_replay_among_a_thousand_refreshes_is_not_alarming_and_two_are() {
        let mut counted = Counted::default();
        assert!(!is_alarming("refresh_replays", &counted));
        counted.events.add(&["TokenRefreshed", "success", "rotated"], 999);
        counted.events.add(&["RefreshTokenReplayed", "failure", "refresh_replay"], 1);
        assert!(!is_alarming("refresh_replays", &counted));
        counted.events.add(&["RefreshTokenReplayed", "failure", "refresh_replay"], 1);
        assert!(is_alarming("refresh_replays", &counted));
    }

    #[test]
    fn ops_4_a_few_bad_csrf_tokens_among_a_few_say_nothing() {
        let mut counted = Counted::default();
        let tally = counted.processes.entry("auth-refresh".to_owned()).or_default();
        tally.add(&[name::CSRF, "invalid"], 2);
        tally.add(&[name::CSRF, "valid"], 17);
        assert_eq!(value("csrf_invalid", &counted), None);
        counted.processes.entry("auth-logout".to_owned()).or_default().add(&[name::CSRF, "valid"], 1);
        assert!(is_alarming("csrf_invalid", &counted));
    }

    #[test]
    fn ops_4_the_slowest_twentieth_decides_on_latency() {
        let mut counted = Counted::default();
        let tally = counted.processes.entry("auth-verify-token".to_owned()).or_default();
        tally.add(&[name::TOOK, "50"], 90);
        tally.add(&[name::TOOK, "200"], 5);
        tally.add(&[name::TOOK, "300"], 5);
        assert_eq!(value("verify_latency", &counted), Some(200.0));
        assert!(!is_alarming("verify_latency", &counted));
        counted.processes.entry("auth-verify-token".to_owned()).or_default().add(&[name::TOOK, "more"], 1);
        assert!(is_alarming("verify_latency", &counted));
    }
}
