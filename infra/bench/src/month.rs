//! The bill of a month: what people do, what follows from it, what is kept, and what costs while nobody is there.

use std::collections::BTreeMap;

use embedded_aws::prices;
use template::Template;

use crate::Fault;
use crate::cost::{Dollars, of_call};
use crate::figures::{Figures, Row};

/// What one person does in a month, on average.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// New accounts, for each person who is there.
    pub sign_ups: f64,
    pub sign_ins: f64,
    /// Loads of hosted pages, style and script counted apart.
    pub pages: f64,
    pub refreshes: f64,
    /// Asks whether a session is alive, by `verify-token` or the authorizer.
    pub checks: f64,
    pub sign_outs: f64,
}

/// Twenty days on which somebody is there for a while: three refreshes and five checked requests a day, a sign-in a week.
pub const ASSUMED: Behaviour =
    Behaviour { sign_ups: 0.1, sign_ins: 4.0, pages: 5.0, refreshes: 60.0, checks: 100.0, sign_outs: 1.0 };

/// A month, in seconds and in days.
const SECONDS: f64 = 30.0 * 86_400.0;
const DAYS: f64 = 30.0;

/// The trail is kept for so many months (`AuditRetentionDays`), and each event stands in the table and its five indexes.
const EVENTS_KEPT_MONTHS: f64 = 3.0;
const COPIES_OF_EVENTS: f64 = 6.0;

/// How long it is known that an event was counted, in days (`store/counters.rs`).
const SEEN_DAYS: f64 = 3.0;

/// How often in a month all sessions are read: by `jobs-expire-sessions` every hour, by `jobs-count-sessions` every six.
const EXPIRY_SCANS: f64 = 24.0 * DAYS;
const COUNTING_SCANS: f64 = 4.0 * DAYS;

/// The batching windows of the two consumers of the trail's stream, in seconds (`template.yaml`).
const FOLLOW_WINDOW: f64 = 2.0;
const CHAIN_WINDOW: f64 = 5.0;

/// What goes out with an answer, headers and TLS included, in bytes: an estimate.
const ANSWER_BYTES: f64 = 2_000.0;

/// Metrics of our own that have values in every hour of a busy service: kinds of events, codes of answers, durations. By the
/// lists in docs/metrics.md.
const METRICS_IN_USE: f64 = 60.0;

const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// A month's bill, in dollars.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bill {
    pub calls: Dollars,
    /// Sessions that end by themselves, events that are purged, and the jobs that look for both.
    pub cleaning: f64,
    /// What is kept in tables, with its backups.
    pub kept: f64,
    /// What is kept of logs.
    pub logs_kept: f64,
    pub data_out: f64,
    /// What would be paid without anybody there, see [`idle`].
    pub idle: f64,
    /// Metrics that only a busy service has.
    pub metrics: f64,
}

impl Bill {
    pub fn sum(&self) -> f64 {
        self.calls.sum() + self.cleaning + self.kept + self.logs_kept + self.data_out + self.idle + self.metrics
    }
}

/// What one event of the trail costs after it was written, in batches of so many: it is counted, and chained.
///
/// # Errors
/// When the figures lack a row.
pub fn following(figures: &Figures, follow_batch: f64, chain_batch: f64) -> Result<Dollars, Fault> {
    let per_event = |one: &str, many: &str, most: f64, batch: f64| -> Result<Dollars, Fault> {
        let (one, many) = (of_call(figures.row(one)?), of_call(figures.row(many)?));
        // A batch costs something, and each event in it: two points make the line.
        let batch = batch.clamp(1.0, most);
        let each = many.plus(&one.times(-1.0)).times(1.0 / (most - 1.0));
        Ok(one.plus(&each.times(batch - 1.0)).times(1.0 / batch))
    };
    let counted = per_event("jobs-follow-events 1", "jobs-follow-events 80", 80.0, follow_batch)?;
    let chained = per_event("jobs-chain-audit 1", "jobs-chain-audit 100", 100.0, chain_batch)?;
    Ok(counted.plus(&chained))
}

/// A call, and what follows from it: its events by `event`, its mails.
///
/// # Errors
/// When the figures lack a row.
pub fn with_following(figures: &Figures, row: &Row, event: &Dollars) -> Result<Dollars, Fault> {
    let mail = of_call(figures.row("jobs-send-mail")?);
    let followed = of_call(row).plus(&event.times(row.counted.events.into()));
    Ok(followed.plus(&mail.times(row.counted.messages.into())))
}

/// What is done in a month by one person, by the rows' names.
pub fn done(behaviour: &Behaviour) -> Vec<(&'static str, f64)> {
    vec![
        ("auth-signup", behaviour.sign_ups),
        ("auth-verify-email", behaviour.sign_ups),
        ("pages", behaviour.pages),
        ("pages-assets", behaviour.pages),
        ("auth-csrf", behaviour.sign_ins),
        ("auth-login", behaviour.sign_ins),
        ("auth-refresh", behaviour.refreshes),
        ("auth-verify-token", behaviour.checks),
        ("auth-logout", behaviour.sign_outs),
    ]
}

/// Sessions that nobody ends: a job does, with the events of a sign-out in one transaction.
fn expiries(behaviour: &Behaviour) -> f64 {
    (behaviour.sign_ins - behaviour.sign_outs).max(0.0)
}

/// Events of the trail that follow from what one person does in a month.
///
/// # Errors
/// When the figures lack a row.
fn events_of(figures: &Figures, behaviour: &Behaviour) -> Result<f64, Fault> {
    let mut events = f64::from(figures.row("auth-logout")?.counted.events) * expiries(behaviour);
    for (name, times) in done(behaviour) {
        events += f64::from(figures.row(name)?.counted.events) * times;
    }
    Ok(events)
}

/// The bill of a month for so many people.
///
/// # Errors
/// When the figures lack a row.
pub fn bill(figures: &Figures, template: &Template, people: f64, behaviour: &Behaviour) -> Result<Bill, Fault> {
    let done = done(behaviour);
    let calls: f64 = done.iter().map(|(_, times)| times * people).sum();
    let events = events_of(figures, behaviour)? * people;
    let sign_out = figures.row("auth-logout")?;
    let expiries = expiries(behaviour) * people;
    let per_second = events / SECONDS;
    let event = following(figures, per_second * FOLLOW_WINDOW, per_second * CHAIN_WINDOW)?;
    let mut spent = Dollars::default();
    for (name, times) in &done {
        spent = spent.plus(&with_following(figures, figures.row(name)?, &event)?.times(times * people));
    }

    let expiry = of_call(sign_out).dynamodb + event.sum() * f64::from(sign_out.counted.events);
    let purge = events * COPIES_OF_EVENTS * prices::WRITE_UNIT;

    let gb = |table: &str, items: f64| figures.item_bytes.get(table).copied().unwrap_or_default() * items / GB;
    let events_kept = gb("audit-events", events * EVENTS_KEPT_MONTHS);
    let accounts = gb("users", people) + gb("logins", people) + gb("organizations", 3.0 * people);
    let sessions = gb("sessions", people * behaviour.sign_ins);
    let seen = gb("metrics", events / DAYS * SEEN_DAYS);
    // Read as they were a moment ago: half a unit for 4 KB. The count looks at everybody, too.
    let scans = (EXPIRY_SCANS + COUNTING_SCANS) * sessions * GB / 8192.0 + COUNTING_SCANS * people / 2.0;
    let in_tables = events_kept * COPIES_OF_EVENTS + accounts + sessions + seen;
    let logs = spent.logs / prices::LOG_GB;
    Ok(Bill {
        calls: spent,
        cleaning: expiry * expiries + purge + scans * prices::READ_UNIT,
        kept: in_tables * prices::TABLE_GB_MONTH + (events_kept + accounts) * prices::BACKUP_GB_MONTH,
        logs_kept: logs * EVENTS_KEPT_MONTHS * COMPRESSED * prices::LOG_GB_MONTH,
        data_out: calls * ANSWER_BYTES / GB * prices::OUT_GB,
        idle: idle(figures, template)?.values().map(|(_, dollars)| dollars).sum(),
        metrics: METRICS_IN_USE * prices::METRIC_MONTH,
    })
}

/// Logs are kept compressed, to about so much.
const COMPRESSED: f64 = 0.15;

/// Signing keys that exist besides the template's: the current one, the next, and the one before for a day after each rotation.
const SIGNING_KEYS: f64 = 2.0;

/// What a month costs while nobody is there: how many of each, and dollars.
///
/// # Errors
/// When the figures lack a job.
pub fn idle(figures: &Figures, template: &Template) -> Result<BTreeMap<&'static str, (f64, f64)>, Fault> {
    let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
    let keys = count(template.keys.len()) + SIGNING_KEYS;
    let alarm_metrics = template.alarms.iter().map(|alarm| count(alarm.metrics.len())).sum::<f64>();
    let dashboards = count(template.dashboards.len());
    let filters = count(template.metric_filters.len());
    let (mut runs, mut jobs) = (0.0, 0.0);
    for function in &template.functions {
        for schedule in function.schedules.iter().filter(|schedule| schedule.enabled) {
            let times = SECONDS / f64::from(u32::try_from(schedule.every_seconds).unwrap_or(u32::MAX));
            runs += times;
            jobs += (of_call(figures.row(&function.binary)?).sum() + prices::SCHEDULED_CALL) * times;
        }
    }
    Ok(BTreeMap::from([
        ("KMS keys", (keys, keys * prices::KMS_KEY_MONTH)),
        ("metrics that alarms watch", (alarm_metrics, alarm_metrics * prices::ALARM_METRIC_MONTH)),
        ("dashboards", (dashboards, dashboards * prices::DASHBOARD_MONTH)),
        ("metrics counted in logs", (filters, filters * prices::METRIC_MONTH)),
        ("runs of scheduled jobs", (runs, jobs)),
    ]))
}
