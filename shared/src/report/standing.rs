//! Where keys, checks and jobs stand: what should happen by itself, and whether it does.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::jobs::Scheduled;
use crate::keys::ring::RingRules;
use crate::settings::{Settings, Stage};
use crate::store::{JobRecord, KeyRecord, KeyState, SecretRecord, WatchRecord};
use crate::watch::{backups, jwks};

const DAY: Duration = Duration::from_secs(86_400);

/// The job that moves the rings comes every quarter of an hour.
const LATE: Duration = Duration::from_secs(3600);

/// A signing key, or the newest version of the secrets.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyStanding")]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// The signing key's `kid`, or `secrets`.
    pub key: String,
    /// `next`, `current` or `retired`.
    pub state: String,
    /// Since when it is so.
    pub since: String,
    pub age_days: u64,
    /// When it is to be succeeded, or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub due: Option<String>,
    pub is_overdue: bool,
}

/// A check that the service makes of itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CheckStanding")]
pub struct Check {
    pub check: &'static str,
    /// `well`, `failing`, or `not_required` where this stage keeps no backups.
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub trouble: Option<String>,
}

/// A scheduled job.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JobStanding")]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub job: &'static str,
    /// `on_time`, `overdue`, `never_done` or `switched_off`.
    pub state: &'static str,
    pub every_seconds: u64,
    /// The newest time of its schedule that was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub done_for: Option<String>,
    /// Why it was switched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
}

/// Both rings.
pub(super) async fn keys(app: &App, now: Timestamp) -> Result<Vec<Key>> {
    let (ring, secrets) = tokio::try_join!(app.store.signing_ring(), app.store.secrets())?;
    let newest = secrets.iter().max_by_key(|secret| secret.created_at);
    let signing = ring.keys.iter().map(|key| signing_key(key, &app.settings, now));
    Ok(signing.chain(newest.map(|newest| newest_secret(newest, &app.settings, now))).collect())
}

fn signing_key(key: &KeyRecord, settings: &Settings, now: Timestamp) -> Key {
    let rules = RingRules::new(settings.key_rotation, settings.sessions.access_life);
    let (state, due) = match key.state {
        KeyState::Next => ("next", None),
        KeyState::Current => ("current", Some(key.since + rules.period)),
        KeyState::Retired => ("retired", Some(key.since + rules.keep_retired)),
    };
    standing(key.kid.clone(), state, key.since, due, now)
}

fn newest_secret(secret: &SecretRecord, settings: &Settings, now: Timestamp) -> Key {
    let due = secret.created_at + settings.secret_rotation;
    standing("secrets".to_owned(), "current", secret.created_at, Some(due), now)
}

fn standing(key: String, state: &str, since: Timestamp, due: Option<Timestamp>, now: Timestamp) -> Key {
    Key {
        key,
        state: state.to_owned(),
        since: since.to_string(),
        age_days: now.since(since).as_secs() / DAY.as_secs(),
        due: due.map(|due| due.to_string()),
        is_overdue: due.is_some_and(|due| now > due + LATE),
    }
}

/// What the service's checks of itself have found.
pub(super) async fn checks(app: &App) -> Result<Vec<Check>> {
    let (jwks, backups) = tokio::try_join!(app.store.watch(jwks::CHECK), app.store.watch(backups::CHECK))?;
    let has_backups = app.settings.stage == Stage::Production;
    Ok(vec![check(jwks::CHECK, jwks, true), check(backups::CHECK, backups, has_backups)])
}

fn check(check: &'static str, record: WatchRecord, is_required: bool) -> Check {
    let state = match (&record.since, is_required) {
        (Some(_), _) => "failing",
        (None, true) => "well",
        (None, false) => "not_required",
    };
    Check { check, state, since: record.since.map(|at| at.to_string()), trouble: record.trouble }
}

/// Every scheduled job: whether its schedule is kept.
pub(super) async fn jobs(app: &App, scheduled: &[Scheduled], now: Timestamp) -> Result<Vec<Job>> {
    let records = app.store.jobs().await?;
    let record = |name: &str| records.iter().find(|record| record.name == name).cloned().unwrap_or_default();
    Ok(scheduled.iter().map(|job| keeping(job, record(job.name), now)).collect())
}

fn keeping(job: &Scheduled, record: JobRecord, now: Timestamp) -> Job {
    // Twice its period: one call that is missed is no news, and neither is a run that takes long.
    let state = match record.done_for {
        _ if record.disabled => "switched_off",
        None => "never_done",
        Some(at) if now.since(at) > job.every * 2 + LATE => "overdue",
        Some(_) => "on_time",
    };
    Job {
        job: job.name,
        state,
        every_seconds: job.every.as_secs(),
        done_for: record.done_for.map(|at| at.to_string()),
        reason: record.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read_with;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn audit_5_a_job_is_overdue_when_it_has_missed_two_calls() {
        let job = Scheduled { name: "jobs-x", every: DAY };
        let state = |record: JobRecord, seconds| keeping(&job, record, at(seconds)).state;
        let done = JobRecord { done_for: Some(at(0)), ..JobRecord::default() };
        assert_eq!(state(JobRecord::default(), 0), "never_done");
        assert_eq!(state(done.clone(), 2 * 86_400 + 3_600), "on_time");
        assert_eq!(state(done.clone(), 2 * 86_400 + 3_601), "overdue");
        assert_eq!(state(JobRecord { disabled: true, ..done }, 9 * 86_400), "switched_off");
    }

    #[test]
    fn audit_5_keys_are_due_by_the_rules_that_move_them() {
        let settings = read_with(&[("ROTATION_DAYS", "30"), ("SECRET_ROTATION_DAYS", "90")]).unwrap();
        let secret = SecretRecord { version: 3, wrapped: Vec::new(), created_at: at(0) };
        let key = newest_secret(&secret, &settings, at(90 * 86_400 + 3_600));
        assert_eq!((key.age_days, key.is_overdue), (90, false));
        assert_eq!(key.due, Some(at(90 * 86_400).to_string()));
        assert!(newest_secret(&secret, &settings, at(90 * 86_400 + 3_601)).is_overdue);
    }

    #[test]
    fn ops_7_missing_backups_are_no_trouble_where_none_are_kept() {
        let failing = WatchRecord { since: Some(at(0)), trouble: Some("off".to_owned()), ..WatchRecord::default() };
        assert_eq!(check("backups", WatchRecord::default(), false).state, "not_required");
        assert_eq!(check("backups", WatchRecord::default(), true).state, "well");
        assert_eq!(check("backups", failing, true).state, "failing");
    }
}
