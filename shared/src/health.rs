//! Health: whether what sign-ins need answers (OPS-1).
//!
//! What was found is kept for some seconds, per instance and check, so that asking often asks the dependencies no more
//! often; and a dependency that hangs costs the caller a bounded wait, once per that time.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::kept::Kept;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "HealthStatus")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing is wrong.
    Healthy,
    /// People can sign in, but something they will need is failing.
    Degraded,
    /// People cannot sign in.
    Down,
}

/// One dependency.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthCheck")]
pub struct Check {
    status: Status,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    detail: Option<&'static str>,
}

/// The worst of its checks, and each of them.
#[derive(Serialize, JsonSchema)]
pub struct Health {
    pub status: Status,
    /// By name.
    pub checks: BTreeMap<&'static str, Check>,
}

/// What the probes of an instance have found, each kept for as long as its dependency likes to be left alone.
#[derive(Default)]
pub struct Probes {
    dynamodb: Kept<Finding>,
    jwks: Kept<Finding>,
    signing_key: Kept<Finding>,
    csrf_secret: Kept<Finding>,
    ses: Kept<Finding>,
}

/// One probe's outcome.
#[derive(Clone, Copy)]
struct Finding {
    outcome: Outcome,
    /// When the dependency itself last said yes or no.
    answered_at: Option<Timestamp>,
    /// When it last had the longer time.
    patient_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
    /// No answer within the probe's time.
    Late,
}

/// How long a finding is kept.
const OFTEN: Duration = Duration::from_secs(5);
/// SES answers such questions once a second in the whole account, and there may be many instances.
const SELDOM: Duration = Duration::from_secs(60);

/// How long a probe may take where the dependency answered a moment ago, or is late already. Leaves the answer below 100 ms.
const WARM: Duration = Duration::from_millis(70);
/// And where nothing was asked for a while: there is a connection to be made.
const COLD: Duration = Duration::from_millis(1_500);
/// So often one that is late gets the longer time, lest it be thought down for being slow.
const SECOND_CHANCE: Duration = Duration::from_secs(300);

/// A single late answer says little. For so long the last finding counts more.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is known of every dependency. Asks those, at once, of which nothing recent is known. Configuration has been
/// checked at the start, or we would not be here.
pub async fn check(app: &App, ctx: &RequestContext) -> Health {
    let now = ctx.now;
    let probes = app.probes();
    // Each in a box: five clients' calls side by side are more than an unoptimised build's stack holds.
    let signing: Probe = Box::pin(async {
        let ring = app.ring(now).await?;
        match ring.signer() {
            Some(signer) => app.kms.is_enabled(&signer.kms_key_id).await,
            None => Ok(false),
        }
    });
    let secret: Probe = Box::pin(async {
        let (records, is_enabled) = tokio::try_join!(app.store.secrets(), app.kms.is_secrets_key_enabled())?;
        Ok(is_enabled && !records.is_empty())
    });
    let table: Probe = Box::pin(async { app.store.ping().await.map(|()| true) });
    let ring: Probe = Box::pin(async { app.ring(now).await.map(|ring| !ring.published().is_empty()) });
    let mail: Probe = Box::pin(app.ses().is_sending());
    let (dynamodb, jwks, signing_key, csrf_secret, ses) = tokio::join!(
        find(&probes.dynamodb, OFTEN, now, table),
        find(&probes.jwks, OFTEN, now, ring),
        find(&probes.signing_key, OFTEN, now, signing),
        find(&probes.csrf_secret, OFTEN, now, secret),
        find(&probes.ses, SELDOM, now, mail),
    );
    let has_front_end = if app.settings.frontend_origins.is_empty() { Outcome::Bad } else { Outcome::Good };
    let checks = BTreeMap::from([
        ("dynamodb", verdict(dynamodb, Status::Down, "does not answer")),
        ("jwks", verdict(jwks, Status::Down, "the signing ring cannot be read")),
        ("signingKey", verdict(signing_key, Status::Down, "no key signs")),
        ("csrfSecret", verdict(csrf_secret, Status::Down, "the service's secrets cannot be unwrapped")),
        ("ses", verdict(ses, Status::Degraded, "mail is not being taken")),
        ("corsOrigins", verdict(has_front_end, Status::Degraded, "no front end is listed")),
        ("configuration", verdict(Outcome::Good, Status::Down, "")),
    ]);
    let status = checks.values().map(|check| check.status).max().unwrap_or(Status::Healthy);
    Health { status, checks }
}

/// Asks one dependency whether it is well.
type Probe<'a> = Pin<Box<dyn Future<Output = Result<bool>> + Send + 'a>>;

/// What is known of one dependency: what was found lately, or what a probe finds now.
async fn find(kept: &Kept<Finding>, fresh: Duration, now: Timestamp, probe: Probe<'_>) -> Outcome {
    let earlier: Option<Arc<Finding>> = kept.last();
    let reading = async {
        let limit = limit(earlier.as_deref(), now);
        let patient_at = earlier.as_ref().filter(|_| limit == WARM).map_or(now, |it| it.patient_at);
        let finding = match tokio::time::timeout(limit, probe).await {
            Ok(answer) => {
                let outcome = if matches!(answer, Ok(true)) { Outcome::Good } else { Outcome::Bad };
                Finding { outcome, answered_at: Some(now), patient_at }
            }
            Err(_) => late(earlier.as_deref(), now, patient_at),
        };
        Ok(finding)
    };
    kept.get(fresh, fresh, now, reading).await.map_or(Outcome::Bad, |finding| finding.outcome)
}

/// How long a probe is waited for. A caller waits long at most once while a dependency hangs, and then once in minutes.
fn limit(earlier: Option<&Finding>, now: Timestamp) -> Duration {
    match earlier {
        Some(it) if has_just_answered(it, now) => WARM,
        Some(it) if it.outcome == Outcome::Late && now.since(it.patient_at) < SECOND_CHANCE => WARM,
        _ => COLD,
    }
}

/// What a probe without an answer comes to.
fn late(earlier: Option<&Finding>, now: Timestamp, patient_at: Timestamp) -> Finding {
    match earlier {
        Some(earlier) if has_just_answered(earlier, now) => *earlier,
        _ => Finding { outcome: Outcome::Late, answered_at: earlier.and_then(|it| it.answered_at), patient_at },
    }
}

fn has_just_answered(finding: &Finding, now: Timestamp) -> bool {
    finding.answered_at.is_some_and(|at| at <= now && now.since(at) < PATIENCE)
}

fn verdict(outcome: Outcome, otherwise: Status, detail: &'static str) -> Check {
    match outcome {
        Outcome::Good => Check { status: Status::Healthy, detail: None },
        Outcome::Bad => Check { status: otherwise, detail: Some(detail) },
        Outcome::Late => Check { status: otherwise, detail: Some("does not answer in time") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[tokio::test]
    async fn ops_1_a_probe_that_hangs_is_waited_for_briefly_and_believed_only_when_it_lasts() {
        let kept = Kept::default();
        let good = || -> Probe<'static> { Box::pin(async { Ok(true) }) };
        assert!(find(&kept, OFTEN, at(0), good()).await == Outcome::Good);
        let mut waited = Vec::new();
        for (now, expected) in [(5, Outcome::Good), (10, Outcome::Good), (15, Outcome::Late), (20, Outcome::Late)] {
            let started = tokio::time::Instant::now();
            assert!(find(&kept, OFTEN, at(now), Box::pin(std::future::pending())).await == expected, "at {now}");
            waited.push(started.elapsed() >= COLD);
        }
        assert_eq!(waited, [false, false, true, false], "long once, when nothing was heard for a while");
        assert!(find(&kept, OFTEN, at(25), good()).await == Outcome::Good);
    }

    #[test]
    fn ops_1_one_that_is_late_gets_more_time_once_in_minutes() {
        let late = |patient_at| Finding { outcome: Outcome::Late, answered_at: None, patient_at: at(patient_at) };
        assert_eq!(limit(None, at(0)), COLD);
        assert_eq!((limit(Some(&late(0)), at(299)), limit(Some(&late(0)), at(300))), (WARM, COLD));
    }

    #[tokio::test]
    async fn ops_1_many_who_ask_at_once_cause_one_probe() {
        let (kept, probed) = (Kept::default(), AtomicU32::new(0));
        let ask = |now| {
            let probe = async {
                probed.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(true)
            };
            find(&kept, OFTEN, at(now), Box::pin(probe))
        };
        futures_util::future::join_all((0..50).map(|_| ask(0))).await;
        futures_util::future::join_all((0..50).map(|_| ask(4))).await;
        assert_eq!(probed.load(Ordering::Relaxed), 1);
        ask(5).await;
        assert_eq!(probed.load(Ordering::Relaxed), 2);
    }
}
