//! The compliance report (AUDIT-5): what the trail holds and since when, whether it is signed, who looked into it, copied,
//! purged or erased, and whether keys, backups and jobs are as they should be.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::standing::{self, Check, Job, Key};
use super::{Row, daily, tell};
use crate::app::App;
use crate::audit::chain::{self, Standing};
use crate::audit::{self, Kind, Shown};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::jobs::Scheduled;
use crate::store::{EventCounts, ReportRecord};

const DAY: Duration = Duration::from_secs(86_400);

/// Reports are kept for so many days.
pub const LONGEST: u32 = 90;

/// So many events of each kind are shown whole; the others are counted, and stand in the trail.
const SHOWN: usize = 20;

/// The purge comes once a day, and waits for a signature.
const PURGE_LATE: Duration = Duration::from_secs(2 * 86_400);

/// What an auditor asks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ComplianceReport")]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    pub made_at: String,
    /// The first day that is told of.
    pub from: String,
    pub retention: Retention,
    pub chain: Standing,
    pub events: Events,
    /// Who did what with the trail itself.
    pub trail: Vec<Told>,
    pub keys: Vec<Key>,
    pub checks: Vec<Check>,
    pub jobs: Vec<Job>,
}

/// How long events are kept, and whether they are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// The setting.
    pub days: u64,
    pub kept_since: String,
    /// When the oldest event happened that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub oldest_event: Option<String>,
    /// False when there are events that should have been purged days ago.
    pub is_kept_to: bool,
}

/// Events by kind, as the daily reports counted them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventsByKind")]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// Of all these days together, without today.
    pub total: BTreeMap<String, u64>,
    pub days: Vec<Day>,
    /// Today so far, by the counters.
    pub today: BTreeMap<String, u64>,
    /// Days after the first report that nobody has reported: yesterday, until its report is made; others are a fault.
    pub missing: Vec<String>,
}

/// A day's events.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventsOfDay")]
#[serde(rename_all = "camelCase")]
pub struct Day {
    pub day: String,
    /// False when there were more than a run counts: the figures are the least it can have been.
    pub is_complete: bool,
    pub by_kind: BTreeMap<String, u64>,
}

/// Events of one kind about the trail.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventsOfTrail")]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub action: String,
    /// The newest, with who, why and how.
    pub newest: Vec<Shown>,
    /// There are more in these days.
    pub has_more: bool,
}

/// Reads and copies, removals of people, and purges.
const ABOUT_THE_TRAIL: [Kind; 3] = [Kind::AuditRead, Kind::AuditErased, Kind::AuditPurged];

/// The report of the last `days`, at most [`LONGEST`].
pub async fn compliance(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    days: u32,
    scheduled: &[Scheduled],
) -> Result<Compliance> {
    tell(app, ctx, admin, "compliance report").await?;
    let first = ctx.now.day() - i64::from(days.min(LONGEST));
    let (retention, chain, events, trail, keys, checks, jobs) = tokio::try_join!(
        retention(app, ctx.now),
        chain::standing(app, ctx.now),
        events(app, ctx.now, first),
        trail(app, ctx.now, daily::start(first)),
        standing::keys(app, ctx.now),
        standing::checks(app),
        standing::jobs(app, scheduled, ctx.now),
    )?;
    let (made_at, from) = (ctx.now.to_string(), daily::date(first));
    Ok(Compliance { made_at, from, retention, chain, events, trail, keys, checks, jobs })
}

async fn retention(app: &App, now: Timestamp) -> Result<Retention> {
    let oldest = audit::oldest(app, now).await?;
    let kept_since = app.settings.kept_since(now);
    Ok(Retention {
        days: app.settings.audit_kept.as_secs() / DAY.as_secs(),
        kept_since: kept_since.to_string(),
        oldest_event: oldest.map(|at| at.to_string()),
        is_kept_to: oldest.is_none_or(|at| at + PURGE_LATE > kept_since),
    })
}

async fn events(app: &App, now: Timestamp, first: i64) -> Result<Events> {
    let hour = now.seconds().div_euclid(3600);
    let midnight = daily::start(now.day()).seconds().div_euclid(3600);
    let from = daily::date(first);
    let (reports, hours) = tokio::try_join!(app.store.reports(&from), app.store.counted_in_hours(midnight, hour))?;
    let mut today: BTreeMap<String, u64> = BTreeMap::new();
    for (name, n) in hours.values().flat_map(|hour| hour.each()) {
        if let Some(kind) = name.first() {
            *today.entry((*kind).to_owned()).or_default() += n;
        }
    }
    Ok(by_day(reports, today, now.day()))
}

/// Pure: the reports of days before `now`'s, and which are missing among them.
fn by_day(reports: Vec<ReportRecord>, today: BTreeMap<String, u64>, now: i64) -> Events {
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, n) in reports.iter().flat_map(|report| &report.events.by_kind) {
        *total.entry(kind.clone()).or_default() += n;
    }
    let first = reports.first().and_then(|report| Timestamp::parse(&format!("{}T00:00:00Z", report.day)));
    let expected = first.map_or(now, Timestamp::day)..now;
    let missing = expected.map(daily::date).filter(|day| reports.iter().all(|report| report.day != *day)).collect();
    let day = |ReportRecord { day, events: EventCounts { by_kind, is_complete } }| Day { day, is_complete, by_kind };
    Events { total, days: reports.into_iter().map(day).collect(), today, missing }
}

async fn trail(app: &App, now: Timestamp, since: Timestamp) -> Result<Vec<Told>> {
    let [reads, erasures, purges] = ABOUT_THE_TRAIL;
    let of = async |kind: Kind| {
        let (events, has_more) = audit::newest(app, now, kind, since, SHOWN).await?;
        Ok::<_, Error>(Told {
            action: format!("{kind:?}"),
            newest: events.into_iter().map(Shown::from).collect(),
            has_more,
        })
    };
    let (reads, erasures, purges) = tokio::try_join!(of(reads), of(erasures), of(purges))?;
    Ok(vec![reads, erasures, purges])
}

impl Compliance {
    /// The same as lines of a table.
    pub fn rows(&self) -> Vec<Row> {
        let Self { retention, chain, events, .. } = self;
        let mut rows = vec![
            Row::new("report", "made", "").at(&self.made_at),
            Row::new("retention", "days", retention.days),
            Row::new("retention", "kept since", "").at(&retention.kept_since),
            Row::new("retention", "oldest event", if retention.is_kept_to { "in time" } else { "should be purged" })
                .at(retention.oldest_event.as_deref().unwrap_or_default()),
            Row::new("chain", "state", format!("{:?}", chain.state).to_lowercase()),
            Row::new("chain", "links", chain.links).at(chain.newest_link_at.as_deref().unwrap_or_default()),
            Row::new("chain", "signed links", chain.signed_links).at(chain.signed_at.as_deref().unwrap_or_default()),
        ];
        for Day { day, is_complete, by_kind } in &events.days {
            let least = if *is_complete { "" } else { "at least" };
            rows.extend(by_kind.iter().map(|(kind, n)| Row::new("events", kind, n).at(day).with(least)));
        }
        rows.extend(events.today.iter().map(|(kind, n)| Row::new("events", kind, n).at("today")));
        rows.extend(events.missing.iter().map(|day| Row::new("events", "not reported", "").at(day)));
        for event in self.trail.iter().flat_map(|told| &told.newest) {
            let actor = [&event.actor.user_id, &event.actor.email, &event.actor.system];
            let actor = actor.into_iter().flatten().next().cloned().unwrap_or_default();
            let detail: Vec<String> = event.detail.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            rows.push(Row::new("trail", &event.action, actor).at(&event.at).with(detail.join("; ")));
        }
        for told in self.trail.iter().filter(|told| told.has_more) {
            rows.push(Row::new("trail", &told.action, "there are more"));
        }
        for key in &self.keys {
            let due = key.due.as_deref().unwrap_or_default();
            let state = if key.is_overdue { format!("{}, overdue", key.state) } else { key.state.clone() };
            rows.push(Row::new("keys", &key.key, state).at(&key.since).with(due));
        }
        for check in &self.checks {
            let (since, trouble) = (check.since.as_deref(), check.trouble.as_deref());
            let row = Row::new("checks", check.check, check.state);
            rows.push(row.at(since.unwrap_or_default()).with(trouble.unwrap_or_default()));
        }
        for job in &self.jobs {
            let (at, reason) = (job.done_for.as_deref(), job.reason.as_deref());
            rows.push(Row::new("jobs", job.job, job.state).at(at.unwrap_or_default()).with(reason.unwrap_or_default()));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_5_a_day_that_nobody_reported_is_missing_and_those_before_the_first_are_not() {
        let report = |day: &str, n| ReportRecord {
            day: day.to_owned(),
            events: EventCounts { by_kind: BTreeMap::from([("UserLoggedIn".to_owned(), n)]), is_complete: true },
        };
        let now = Timestamp::parse("2026-11-21T09:00:00Z").unwrap().day();
        let events = by_day(vec![report("2026-11-17", 3), report("2026-11-19", 4)], BTreeMap::new(), now);
        assert_eq!(events.missing, ["2026-11-18", "2026-11-20"]);
        assert_eq!(events.total["UserLoggedIn"], 7);
        assert_eq!(by_day(Vec::new(), BTreeMap::new(), now).missing, [""; 0]);
    }
}
