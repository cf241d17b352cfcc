//! The bill of a month: what people do, what follows from it, and what is kept.

use embedded_aws::prices;
use template::Template;

use crate::Fault;
use crate::cost::{Dollars, of_call};
use crate::figures::{Figures, Row};
use crate::idle::idle;
use crate::people::{Behaviour, DAYS, SECONDS};

/// The trail is kept for so many months (`AuditRetentionDays`), and each event stands in the table and its five indexes.
const EVENTS_KEPT_MONTHS: f64 = 3.0;
const COPIES_OF_EVENTS: f64 = 6.0;

/// What an event adds to the chain, in bytes: a hundred of them make a link of 12 KB.
const CHAIN_BYTES: f64 = 120.0;

/// How long it is known that an event was counted, in days (`store/counters.rs`).
const SEEN_DAYS: f64 = 3.0;

/// How often in a month all sessions are read: by `jobs-expire-sessions` every hour, by `jobs-count-sessions` every six.
const EXPIRY_SCANS: f64 = 24.0 * DAYS;
const COUNTING_SCANS: f64 = 4.0 * DAYS;

/// The largest batches and the batching windows, in seconds, of the two consumers of the trail's stream (`template.yaml`).
pub const FOLLOW_BATCH: f64 = 80.0;
pub const CHAIN_BATCH: f64 = 100.0;
const FOLLOW_WINDOW: f64 = 2.0;
const CHAIN_WINDOW: f64 = 5.0;

/// A stream has a shard for each partition of its table, and batches are of one shard. A new table on demand has four partitions,
/// and a partition holds 10 GB. Source: Amazon DynamoDB, "Partitions and data distribution".
const PARTITIONS: f64 = 4.0;
const PARTITION_GB: f64 = 10.0;

/// What goes out with an answer, headers and TLS included, in bytes: an estimate.
const ANSWER_BYTES: f64 = 2_000.0;

/// Metrics of our own that have values in every hour of a busy service: kinds of events, codes of answers, durations. By the
/// lists in docs/metrics.md.
const METRICS_IN_USE: f64 = 60.0;

/// Logs are kept compressed, to about so much.
const COMPRESSED: f64 = 0.15;

const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// A month's bill, in dollars.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bill {
    pub calls: Dollars,
    /// Sessions that end by themselves, events that are purged, and the jobs that look for both.
    pub cleaning: f64,
    /// What is kept in tables, with its point-in-time recovery.
    pub kept: f64,
    /// Full copies in the vault of AWS Backup.
    pub backups: f64,
    /// What is kept of logs.
    pub logs_kept: f64,
    pub data_out: f64,
    /// What would be paid without anybody there, see [`crate::idle`].
    pub idle: f64,
    /// Metrics that only a busy service has.
    pub metrics: f64,
}

impl Bill {
    pub fn sum(&self) -> f64 {
        self.calls.sum()
            + self.cleaning
            + self.kept
            + self.backups
            + self.logs_kept
            + self.data_out
            + self.idle
            + self.metrics
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
    let counted = per_event("jobs-follow-events 1", "jobs-follow-events 80", FOLLOW_BATCH, follow_batch)?;
    let chained = per_event("jobs-chain-audit 1", "jobs-chain-audit 100", CHAIN_BATCH, chain_batch)?;
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

/// What stands in the tables once they are full, in GB, indexes apart.
struct Kept {
    accounts: f64,
    events: f64,
    chain: f64,
    sessions: f64,
    /// Which events were counted.
    seen: f64,
}

impl Kept {
    fn of(figures: &Figures, people: f64, behaviour: &Behaviour, events: f64) -> Self {
        let gb = |table: &str, items: f64| figures.item_bytes.get(table).copied().unwrap_or_default() * items / GB;
        Self {
            accounts: gb("users", people) + gb("logins", people) + gb("organizations", 3.0 * people),
            events: gb("audit-events", events * EVENTS_KEPT_MONTHS),
            chain: CHAIN_BYTES * events * EVENTS_KEPT_MONTHS / GB,
            sessions: gb("sessions", people * behaviour.all_sign_ins()),
            seen: gb("metrics", events / DAYS * SEEN_DAYS),
        }
    }

    /// A month of it, with the recovery of what outlives its stack.
    fn dollars(&self) -> f64 {
        let Self { accounts, events, chain, sessions, seen } = self;
        (events * COPIES_OF_EVENTS + accounts + chain + sessions + seen) * prices::TABLE_GB_MONTH
            + (events + accounts + chain) * prices::RECOVERY_GB_MONTH
    }

    /// Daily copies of accounts and weekly ones of the trail, each for so many days (`infra/backup.yaml`).
    fn backups(&self, days: f64) -> f64 {
        (self.accounts * days + (self.events + self.chain) * (days / 7.0)) * prices::BACKUP_GB_MONTH
    }
}

/// The bill of a month for so many people.
///
/// # Errors
/// When the figures lack a row.
pub fn bill(figures: &Figures, template: &Template, people: f64, behaviour: &Behaviour) -> Result<Bill, Fault> {
    let events = behaviour.events(figures)? * people;
    let sign_out = figures.row("auth-logout")?;
    let kept = Kept::of(figures, people, behaviour, events);
    let per_shard = events / SECONDS / (kept.events / PARTITION_GB).ceil().max(PARTITIONS);
    let event = following(figures, per_shard * FOLLOW_WINDOW, per_shard * CHAIN_WINDOW)?;
    let mut spent = Dollars::default();
    for (name, times) in behaviour.done() {
        spent = spent.plus(&with_following(figures, figures.row(name)?, &event)?.times(times * people));
    }

    let expiry = of_call(sign_out).dynamodb + event.sum() * f64::from(sign_out.counted.events);
    let purge = events * COPIES_OF_EVENTS * prices::WRITE_UNIT;
    // Read as they were a moment ago: half a unit for 4 KB. The count looks at everybody, too.
    let scans = (EXPIRY_SCANS + COUNTING_SCANS) * kept.sessions * GB / 8192.0 + COUNTING_SCANS * people / 2.0;
    let logs = spent.logs / prices::LOG_GB;
    let backup_days = template.parameters.get("BackupDays").and_then(|days| days.parse().ok());
    Ok(Bill {
        calls: spent,
        cleaning: expiry * behaviour.expiries() * people + purge + scans * prices::READ_UNIT,
        kept: kept.dollars(),
        backups: kept.backups(backup_days.ok_or_else(|| Fault::Figures("there are no BackupDays".to_owned()))?),
        logs_kept: logs * EVENTS_KEPT_MONTHS * COMPRESSED * prices::LOG_GB_MONTH,
        data_out: behaviour.requests() * people * ANSWER_BYTES / GB * prices::OUT_GB,
        idle: idle(figures, template)?.values().map(|(_, dollars)| dollars).sum(),
        metrics: METRICS_IN_USE * prices::METRIC_MONTH,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::figures::{Counted, Hash, Machine, Measured};

    fn row(name: &str, counted: Counted) -> Row {
        Row {
            name: name.to_owned(),
            about: String::new(),
            answer: "200".to_owned(),
            memory_mb: 1024,
            is_behind_gateway: name.starts_with("auth-"),
            beat_ms: 0.0,
            counted,
            first: counted,
            measured: Measured::default(),
        }
    }

    fn writing(name: &str, write_units: f64) -> Row {
        row(name, Counted { write_units, ..Counted::default() })
    }

    /// A refresh writes eight units and an event and asks KMS once. A batch of events costs nine units and each in it one, those of
    /// a tenth as much for the chain. Nothing takes any time.
    fn figures(refreshes: &str) -> Figures {
        let mut rows = vec![
            writing("jobs-follow-events 1", 10.0),
            writing("jobs-follow-events 80", 9.0 + 80.0),
            writing("jobs-chain-audit 1", 1.0),
            writing("jobs-chain-audit 100", 0.9 + 10.0),
            writing("jobs-send-mail", 0.0),
        ];
        let refresh = Counted { write_units: 8.0, kms_calls: 1, events: 1, ..Counted::default() };
        rows.extend(nothing().done().into_iter().map(|(name, _)| match name == refreshes {
            true => row(name, refresh),
            false => writing(name, 0.0),
        }));
        let item_bytes = BTreeMap::from([("audit-events".to_owned(), 500.0)]);
        Figures { machine: Machine::default(), hash: Hash::default(), floors: Vec::new(), rows, item_bytes }
    }

    fn nothing() -> Behaviour {
        Behaviour {
            sign_ups: 0.0,
            sign_ins: 0.0,
            new_browsers: 0.0,
            pages: 0.0,
            refreshes: 0.0,
            checks: 0.0,
            sign_outs: 0.0,
        }
    }

    fn is_near(what: &str, value: f64, wanted: f64) {
        assert!((value - wanted).abs() < wanted * 1e-3, "{what}: {value}, not {wanted}");
    }

    /// A million people, ten refreshes each, worked out with pencil and paper.
    #[test]
    fn a_bill_is_the_sum_of_what_is_done_what_follows_and_what_is_kept() {
        let text = "Parameters: {BackupDays: {Type: Number, Default: 35}}\nResources: {}\n";
        let template = Template::read(text, &BTreeMap::new(), &|_, _| None).unwrap();
        let behaviour = Behaviour { refreshes: 10.0, ..nothing() };
        let bill = bill(&figures("auth-refresh"), &template, 1e6, &behaviour).unwrap();

        // 3.858 events a second, 0.9645 in each of four shards: 1.929 in the two seconds of one consumer, 4.823 in the five of the other.
        is_near("gateway", bill.calls.gateway, 10.0);
        is_near("KMS", bill.calls.kms, 30.0);
        // 80 M units by the refreshes; an event is 1 + 9 / 1.929 units counted and 0.1 + 0.9 / 4.823 chained.
        is_near("DynamoDB", bill.calls.dynamodb, 50.0 + 10.0 * 0.625 * (5.6656 + 0.2866));
        // 20 cents a million calls: ten million refreshes, a 1.929th and a 4.823rd of it for the consumers.
        is_near("Lambda", bill.calls.lambda, 2.0 * (1.0 + 0.5184 + 0.2074));
        // 820 bytes a refresh, 560 a consumer's call, at 50 cents a GB.
        is_near("logs", bill.calls.logs, 5.7108);
        // 30 M events of 500 bytes are 13.97 GB, six times over, and 3.353 GB of chain; recovery of either once.
        is_near("kept", bill.kept, (13.97 * 6.0 + 3.353) * 0.25 + (13.97 + 3.353) * 0.20);
        is_near("backups", bill.backups, (13.97 + 3.353) * 5.0 * 0.10);
        // Six writes to remove an event; everybody looked at 120 times a month, for half a unit.
        is_near("cleaning", bill.cleaning, 37.5 + 7.5);
        is_near("data out", bill.data_out, 1.6764);
        is_near("logs kept", bill.logs_kept, 0.1542);
        // Two signing keys, the backups' key, and sixty metrics.
        is_near("idle and metrics", bill.idle + bill.metrics, 3.0 + 18.0);
        is_near("sum", bill.sum(), 10.0 + 30.0 + 87.20 + 3.452 + 5.711 + 25.26 + 8.662 + 45.0 + 1.676 + 0.154 + 21.0);
    }

    #[test]
    fn accounts_are_copied_every_day_and_the_trail_every_week() {
        let kept = Kept { accounts: 1.0, events: 9.0, chain: 1.0, sessions: 100.0, seen: 100.0 };
        is_near("five weeks", kept.backups(35.0), (35.0 + 50.0) * 0.10);
    }

    #[test]
    fn a_sign_in_that_nobody_ends_is_ended_by_a_job() {
        let behaviour = Behaviour { sign_ins: 3.0, new_browsers: 1.0, sign_outs: 1.5, ..nothing() };
        assert_eq!((behaviour.expiries(), behaviour.requests()), (2.5, 4.0 + 4.0 + 1.5));
        // A sign-out has one event in these figures, and so has its substitute.
        assert_eq!(behaviour.events(&figures("auth-logout")).unwrap(), 1.5 + 2.5);
    }
}
