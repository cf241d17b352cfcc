//! Whether the work in the background is done: jobs, the signatures of the audit trail, the service's checks of itself.

use std::time::Duration;

use shared::audit::chain;
use shared::clock::Timestamp;
use shared::jobs::{self, JobView};

use super::{Finding, demanded};
use crate::exit::Failure;
use crate::jobs::scheduled;
use crate::stack::Stack;

/// How much later than its schedule says a job's newest run may be: two turns and a little more.
fn patience(job: &JobView) -> Duration {
    Duration::from_secs(job.every_seconds * 2 + 120)
}

pub(super) async fn jobs(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let views = jobs::list(&stack.app, &stack.context(), &scheduled()).await?;
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
    let Some(last) = job.runs.first() else {
        let what = format!("{name} has not run yet");
        return Some(demanded(stack, "jobs", what, "wait for its schedule, or docs/runbooks/job-overdue.md"));
    };
    let started = Timestamp::parse(&last.started_at)?;
    if now.since(started) > patience(job) {
        let what = format!("{name} is overdue: it ran last at {}", last.started_at);
        return Some(Finding::problem("jobs", what, "docs/runbooks/job-overdue.md"));
    }
    let report = last.report.as_deref().unwrap_or_default();
    match last.outcome.as_str() {
        "failed" => Some(Finding::problem("jobs", format!("{name} failed: {report}"), "docs/runbooks/job-failed.md")),
        "died" => Some(Finding::problem("jobs", format!("{name} never ended"), "docs/runbooks/job-failed.md")),
        _ => None,
    }
}

/// The signature is to follow the chain within three turns of its job.
const UNSIGNED: Duration = Duration::from_secs(15 * 60);

/// The service's checks of itself, by the names that they are kept under.
const CHECKS: [&str; 2] = ["jwks", "backups"];

pub(super) async fn trail(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let now = stack.app.clock.now();
    let standing = chain::standing(&stack.app, now).await?;
    let signed_at = standing.signed_at.unwrap_or_else(|| "never".to_owned());
    let newest = standing.newest_link_at.as_deref().and_then(Timestamp::parse);
    let waits = newest.filter(|_| standing.links > standing.signed_links).map(|at| now.since(at));
    let mut findings = vec![if standing.state == chain::State::Broken {
        Finding::problem(
            "trail",
            "what was signed is not there any more, or says something else",
            "postern audit verify names what was changed: docs/runbooks/audit-tampering.md",
        )
    } else if waits.is_some_and(|waits| waits > UNSIGNED) {
        Finding::problem(
            "trail",
            format!("what has happened since {signed_at} is not signed"),
            "postern jobs run sign-audit-checkpoint; if that fails, docs/runbooks/audit-chain-broken.md",
        )
    } else {
        Finding::ok("trail", format!("is signed, the last time {signed_at}"))
    }];
    for check in CHECKS {
        let watch = stack.app.store.watch(check).await?;
        if let (Some(since), Some(trouble)) = (watch.since, watch.trouble) {
            let what = format!("the check `{check}` has failed since {since}: {trouble}");
            findings.push(Finding::problem("checks", what, "docs/runbooks/check-failed.md"));
        }
    }
    Ok(findings)
}
