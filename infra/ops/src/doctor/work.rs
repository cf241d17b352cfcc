//! Whether the work in the background is done: jobs, the signatures of the audit trail, the service's checks of itself.

use std::time::Duration;

use shared::audit::chain::{self, Standing, State};
use shared::clock::Timestamp;
use shared::jobs::{self, JobView};

use super::{Finding, demanded};
use crate::exit::Failure;
use crate::stack::Stack;

/// How much later than its schedule says a job's newest run may be: two turns and a little more.
fn patience(job: &JobView) -> Duration {
    Duration::from_secs(job.every_seconds * 2 + 120)
}

pub(super) async fn jobs(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let views = jobs::list(&stack.app, &stack.context(), handlers::SCHEDULED).await?;
    let now = stack.app.clock.now();
    let mut findings: Vec<Finding> = views.iter().filter_map(|job| finding(stack, job, now)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("jobs", format!("all {} have run in time, and well", views.len())));
    }
    Ok(findings)
}

fn finding(stack: &Stack, job: &JobView, now: Timestamp) -> Option<Finding> {
    let name = job.name;
    if !job.enabled {
        let reason = job.reason.as_deref().unwrap_or("nobody said why");
        let todo = "switch it on when that is over: docs/jobs.md";
        return Some(Finding::warning("jobs", format!("{name} is switched off: {reason}"), todo));
    }
    if job.runs.is_empty() {
        let what = format!("{name} has not run yet");
        return Some(demanded(stack, "jobs", what, "wait for its schedule, or docs/runbooks/job-overdue.md"));
    }
    if let Some(last) = overdue(job, now) {
        let what = format!("{name} is overdue: its schedule called for it last at {last}");
        return Some(Finding::problem("jobs", what, "docs/runbooks/job-overdue.md"));
    }
    let ended = job.runs.iter().find(|run| run.outcome != "running")?;
    let report = ended.report.as_deref().unwrap_or_default();
    match ended.outcome.as_str() {
        "failed" => Some(Finding::problem("jobs", format!("{name} failed: {report}"), "docs/runbooks/job-failed.md")),
        "died" => Some(Finding::problem("jobs", format!("{name} never ended"), "docs/runbooks/job-failed.md")),
        _ => None,
    }
}

/// When the schedule called for a job last, where that is too long ago. Runs by hand do not hide a schedule that is dead;
/// where there are only those, the oldest that is known tells for how long.
fn overdue(job: &JobView, now: Timestamp) -> Option<String> {
    let (oldest, scheduled) = (job.runs.last()?, job.runs.iter().find(|run| run.scheduled_at.is_some()));
    let at = scheduled.map_or(&oldest.started_at, |run| &run.started_at);
    let is_late = Timestamp::parse(at).is_none_or(|at| now.since(at) > patience(job));
    is_late.then(|| if scheduled.is_some() { at.clone() } else { format!("no time since {at}") })
}

/// The signature is to follow the chain within three turns of its job.
const UNSIGNED: Duration = Duration::from_secs(15 * 60);

/// What the chain's state comes to. `waits_since` is of the oldest thing that has no signature.
fn signed(standing: &Standing, waits_since: Option<Timestamp>, now: Timestamp) -> Finding {
    let signed_at = standing.signed_at.as_deref().unwrap_or("never");
    let waits_long = waits_since.is_some_and(|at| now.since(at) > UNSIGNED);
    match standing.state {
        State::Broken => Finding::problem(
            "trail",
            "what was signed is not there any more, or says something else",
            "postern audit verify names what was changed: docs/runbooks/audit-tampering.md",
        ),
        State::Empty if waits_long => Finding::problem(
            "trail",
            "has no chain, though its key has been there for longer than the first events take",
            "postern audit verify; then docs/runbooks/audit-chain-broken.md",
        ),
        State::Signed if !waits_long => Finding::ok("trail", format!("is signed, the last time {signed_at}")),
        State::Empty => Finding::ok("trail", "has no event yet"),
        State::Unsigned if !waits_long => Finding::ok("trail", "has just begun, and will be signed"),
        State::Signed | State::Unsigned | State::Stale => Finding::problem(
            "trail",
            format!("what has happened since {signed_at} is not signed"),
            "postern jobs run sign-audit-checkpoint; if that fails, docs/runbooks/audit-chain-broken.md",
        ),
    }
}

/// The service's checks of itself, by the names that they are kept under.
const CHECKS: [&str; 2] = ["jwks", "backups"];

pub(super) async fn trail(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let now = stack.app.clock.now();
    let standing = chain::standing(&stack.app, now).await?;
    // With no link at all, everything since the key was made.
    let waits_since = match standing.state {
        State::Empty => Some(stack.app.kms.created_at(&stack.app.settings.audit_key_id).await?),
        _ => chain::unsigned_since(&stack.app, &standing).await?,
    };
    let mut findings = vec![signed(&standing, waits_since, now)];
    for check in CHECKS {
        let watch = stack.app.store.watch(check).await?;
        if let (Some(since), Some(trouble)) = (watch.since, watch.trouble) {
            let what = format!("the check `{check}` has failed since {since}: {trouble}");
            findings.push(Finding::problem("checks", what, "docs/runbooks/check-failed.md"));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::jobs::RunView;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn ago(seconds: u64) -> Timestamp {
        NOW - Duration::from_secs(seconds)
    }

    #[test]
    fn audit_5_what_is_not_signed_in_time_is_a_problem() {
        let level = |state, waits: Option<u64>| {
            let (newest_link_at, signed_at) = (Some(NOW.to_string()), Some(ago(3 * 86_400).to_string()));
            let (links, signed_links, signature_age_seconds) = (2, 1, None);
            let standing = Standing { state, links, signed_links, newest_link_at, signed_at, signature_age_seconds };
            signed(&standing, waits.map(ago), NOW).level
        };
        use crate::doctor::Level::{Ok, Problem};
        assert_eq!(level(State::Signed, None), Ok);
        assert_eq!(level(State::Signed, Some(60)), Ok);
        // The newest link is of this moment, the oldest unsigned one is not.
        assert_eq!(level(State::Signed, Some(901)), Problem);
        assert_eq!(level(State::Unsigned, Some(60)), Ok);
        assert_eq!(level(State::Unsigned, Some(901)), Problem);
        assert_eq!(level(State::Empty, Some(60)), Ok);
        assert_eq!(level(State::Empty, Some(901)), Problem);
        assert_eq!(level(State::Stale, None), Problem);
        assert_eq!(level(State::Broken, None), Problem);
    }

    #[test]
    fn ops_6_a_run_by_hand_does_not_hide_a_dead_schedule() {
        let run = |scheduled: bool, seconds: u64| RunView {
            id: String::new(),
            outcome: "done".to_owned(),
            scheduled_at: scheduled.then(|| ago(seconds).to_string()),
            started_at: ago(seconds).to_string(),
            finished_at: None,
            report: None,
        };
        let is_late = |runs| {
            let (enabled, every_seconds) = (true, 300);
            let job = JobView { name: "jobs-x", enabled, reason: None, every_seconds, next_due: None, runs };
            overdue(&job, NOW).is_some()
        };
        assert!(!is_late(vec![run(true, 60)]));
        assert!(is_late(vec![run(true, 7_200)]));
        assert!(is_late(vec![run(false, 10), run(true, 7_200)]));
        assert!(!is_late(vec![run(false, 10)]));
        assert!(is_late(vec![run(false, 10), run(false, 7_200)]));
    }
}
