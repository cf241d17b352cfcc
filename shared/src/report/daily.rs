//! The daily report: yesterday in figures and how things stand, mailed to every administrator of `ADMIN_EMAILS` (OPS-6, OPS-9).
//!
//! A day's report and its mails are one transaction, so each administrator gets each day once, however often the job
//! runs. Days that were missed are caught up, a week back at most.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{accounts, checklist};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::mail::{Mail, outbox};
use crate::store::EventCounts;

const DAY: Duration = Duration::from_secs(86_400);

/// How many days are caught up, and for how long a mail about one is worth sending.
const CAUGHT_UP: i64 = 7;
const WORTH: Duration = Duration::from_secs(3 * 86_400);

/// A transaction has room for a hundred items.
const MOST_ADMINS: usize = 50;

/// A day in figures, from its audit events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub sign_ups: u64,
    pub verified: u64,
    pub sign_ins: u64,
    pub failed_sign_ins: u64,
    pub sessions_started: u64,
    pub sessions_expired: u64,
    pub sign_outs: u64,
    pub password_changes: u64,
    pub locked: u64,
    pub unlocked: u64,
    pub suspicious: u64,
    pub replays: u64,
    pub denied: u64,
    pub undeliverable: u64,
    pub checks_failed: u64,
    /// False when there were more events than a run reads: the figures are the least it can have been.
    pub is_complete: bool,
}

impl Figures {
    fn of(counts: &EventCounts) -> Self {
        let of = |kind: &str| counts.by_kind.get(kind).copied().unwrap_or_default();
        Self {
            sign_ups: of("UserCreated"),
            verified: of("EmailVerified"),
            sign_ins: of("UserLoggedIn"),
            failed_sign_ins: of("UserLoginFailed"),
            sessions_started: of("AuthSessionCreated"),
            sessions_expired: of("SessionExpired"),
            sign_outs: of("UserLogout"),
            password_changes: of("PasswordChanged"),
            locked: of("UserAccountLocked"),
            unlocked: of("UserAccountUnlocked"),
            suspicious: of("SuspiciousActivityDetected"),
            replays: of("RefreshTokenReplayed"),
            denied: of("AccessDenied"),
            undeliverable: of("MailUndeliverable"),
            checks_failed: of("CheckFailed"),
            is_complete: counts.is_complete,
        }
    }

    /// In the order in which people read them.
    pub fn rows(&self) -> [(&'static str, u64); 15] {
        [
            ("Sign-ups", self.sign_ups),
            ("Addresses confirmed", self.verified),
            ("Sign-ins", self.sign_ins),
            ("Failed sign-ins", self.failed_sign_ins),
            ("Sessions started", self.sessions_started),
            ("Sessions expired", self.sessions_expired),
            ("Sign-outs", self.sign_outs),
            ("Passwords changed", self.password_changes),
            ("Accounts locked", self.locked),
            ("Accounts unlocked", self.unlocked),
            ("Suspicious activity", self.suspicious),
            ("Refresh tokens replayed", self.replays),
            ("Administration refused", self.denied),
            ("Mails undeliverable", self.undeliverable),
            ("Checks that failed", self.checks_failed),
        ]
    }
}

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The days that it reported.
    pub days: Vec<Reported>,
}

#[derive(Debug, Serialize)]
pub struct Reported {
    pub day: String,
    pub mails: usize,
    pub figures: Figures,
}

/// Reports every day that is over and was not reported yet.
pub async fn run(app: &App, ctx: &RequestContext) -> Result<Report> {
    let mut report = Report::default();
    let today = ctx.now.day();
    let known = app.store.reports(&date(today - CAUGHT_UP)).await?;
    let known: Vec<String> = known.into_iter().map(|report| report.day).collect();
    let days = due(&known, today);
    // How things stand is told with the newest day: of the days before nobody knows.
    let mut checklist = Vec::new();
    if !days.is_empty() {
        accounts::count(app, ctx).await?;
        checklist = checklist::lines(app, ctx.now).await?;
    }
    for day in days {
        let checklist = if day == today - 1 { checklist.as_slice() } else { &[] };
        let counts = app.store.events_of_day(&date(day), &date(day + 1)).await?;
        let figures = Figures::of(&counts);
        let secrets = app.secrets(ctx.now).await?;
        let admins = app.settings.admin_emails.iter().take(MOST_ADMINS);
        let mails = admins.len();
        let mut change = app.store.transaction().create_report(&date(day), &figures, &counts, ctx.now)?;
        for admin in admins {
            let mail = Mail::DailyReport {
                day: start(day).to_string(),
                figures: figures.clone(),
                checklist: checklist.to_vec(),
                app_url: app.settings.app_url.clone(),
            };
            change = outbox::enqueue(change, &secrets, admin, mail, ctx.now, ctx.now + WORTH)?;
        }
        // Refused when another run was faster: then it has told.
        if change.commit().await?.is_done() {
            report.days.push(Reported { day: date(day), mails, figures });
        }
    }
    Ok(report)
}

/// The days to report: yesterday at first, later whatever came after the newest that is known.
fn due(known: &[String], today: i64) -> std::ops::Range<i64> {
    let newest = known.iter().filter_map(|date| Timestamp::parse(&format!("{date}T00:00:00Z"))).map(Timestamp::day);
    let first = newest.max().map_or(today - 1, |day| day + 1);
    first.max(today - CAUGHT_UP)..today
}

pub(super) fn start(day: i64) -> Timestamp {
    Timestamp::from_seconds(day.saturating_mul(DAY.as_secs().cast_signed()))
}

/// `2026-11-21`.
pub(super) fn date(day: i64) -> String {
    start(day).to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_6_a_day_is_reported_once_it_is_over_and_missed_ones_are_caught_up() {
        let today = Timestamp::parse("2026-11-21T00:00:00Z").unwrap().day();
        let due = |known: &[&str]| {
            let known: Vec<String> = known.iter().map(|&day| day.to_owned()).collect();
            due(&known, today).map(date).collect::<Vec<_>>()
        };
        assert_eq!(due(&[]), ["2026-11-20"]);
        assert_eq!(due(&["2026-11-19", "2026-11-20"]), [""; 0]);
        assert_eq!(due(&["2026-11-17"]), ["2026-11-18", "2026-11-19", "2026-11-20"]);
        assert_eq!(due(&["2026-10-01"]).len(), 7);
        // A clock that was set back reports nothing twice.
        assert_eq!(due(&["2026-12-24"]), [""; 0]);
    }
}
