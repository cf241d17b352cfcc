//! The security checklist (OPS-9): locked accounts, addresses that nobody confirmed, sessions from unusual places, suspicious
//! patterns. What cannot be known is said to be unknown, and is no zero.

use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Row, standing, tell};
use crate::app::App;
use crate::attempts::Counter;
use crate::audit::{self, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::tally::Tally;

/// So many locks are looked at, and so many people named.
const MOST_LOCKS: usize = 500;
const MOST_PEOPLE: usize = 50;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SecurityCheck")]
#[serde(rename_all = "snake_case")]
pub enum Check {
    LockedAccounts,
    UnconfirmedAddresses,
    UnusualPlaces,
    NoSecondFactor,
    OpenAlerts,
    FailingChecks,
    /// These three are of the last 24 hours.
    RefreshReplays,
    SuspiciousActivity,
    DeniedAccess,
}

impl Check {
    /// In a few words, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::LockedAccounts => "Accounts locked now",
            Self::UnconfirmedAddresses => "Addresses unconfirmed a week",
            Self::UnusualPlaces => "Sessions in unusual countries",
            Self::NoSecondFactor => "Accounts without second factor",
            Self::OpenAlerts => "Alerts open",
            Self::FailingChecks => "Checks of the service failing",
            Self::RefreshReplays => "Refresh tokens replayed, 24 h",
            Self::SuspiciousActivity => "Suspicious sign-ins, 24 h",
            Self::DeniedAccess => "Administration refused, 24 h",
        }
    }

    /// Whether it is about how things stand, and not about what happened in a day: that is in the day's figures already.
    const fn is_standing(self) -> bool {
        !matches!(self, Self::RefreshReplays | Self::SuspiciousActivity | Self::DeniedAccess)
    }
}

/// The whole list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecurityChecklist")]
#[serde(rename_all = "camelCase")]
pub struct Checklist {
    pub made_at: String,
    pub items: Vec<Item>,
}

/// One line of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecurityChecklistItem")]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub check: Check,
    pub title: &'static str,
    pub state: State,
    /// Absent where it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub count: Option<u64>,
    /// The count is the least that it can be.
    pub is_least: bool,
    /// When it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub counted_at: Option<String>,
    /// Why it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub why: Option<&'static str>,
    /// Some of what was found.
    pub found: Vec<Finding>,
}

/// What follows from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SecurityChecklistState")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing was found.
    Clear,
    /// Somebody should look.
    Look,
    /// It cannot be known.
    NotAvailable,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SecurityFinding")]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub since: Option<String>,
}

/// A line as the daily report's mail has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub check: Check,
    /// `None` where it cannot be known.
    pub count: Option<u64>,
    pub is_least: bool,
}

impl Item {
    fn found(check: Check, count: u64, now: Timestamp, found: Vec<Finding>) -> Self {
        let state = if count == 0 { State::Clear } else { State::Look };
        let counted_at = Some(now.to_string());
        Self { check, title: check.title(), state, count: Some(count), is_least: false, counted_at, why: None, found }
    }

    fn unknown(check: Check, why: &'static str) -> Self {
        let (state, found) = (State::NotAvailable, Vec::new());
        Self {
            check,
            title: check.title(),
            state,
            count: None,
            is_least: false,
            counted_at: None,
            why: Some(why),
            found,
        }
    }

    fn at_least(self, is_least: bool) -> Self {
        Self { is_least, ..self }
    }
}

impl Finding {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), user_id: None, session_id: None, since: None }
    }
}

/// The list, for an administrator.
pub async fn checklist(app: &App, ctx: &RequestContext, admin: UserId) -> Result<Checklist> {
    tell(app, ctx, admin, "security checklist").await?;
    Ok(Checklist { made_at: ctx.now.to_string(), items: items(app, ctx.now).await? })
}

/// How things stand, for the mail.
pub(super) async fn lines(app: &App, now: Timestamp) -> Result<Vec<Line>> {
    let items = items(app, now).await?.into_iter().filter(|item| item.check.is_standing());
    Ok(items.map(|Item { check, count, is_least, .. }| Line { check, count, is_least }).collect())
}

async fn items(app: &App, now: Timestamp) -> Result<Vec<Item>> {
    let (locked, unconfirmed, places, alerts, checks, day) = tokio::try_join!(
        locked(app, now),
        unconfirmed(app),
        places(app),
        alerts(app, now),
        checks(app, now),
        last_day(app, now),
    )?;
    let factors = Item::unknown(Check::NoSecondFactor, "there are no second factors yet");
    let of_day = |check, kind| Item::found(check, day.sum(&[kind]), now, Vec::new());
    Ok(vec![
        locked,
        unconfirmed,
        places,
        factors,
        alerts,
        checks,
        of_day(Check::RefreshReplays, "RefreshTokenReplayed"),
        of_day(Check::SuspiciousActivity, "SuspiciousActivityDetected"),
        of_day(Check::DeniedAccess, "AccessDenied"),
    ])
}

/// The trail tells whom a lock was for as long as locks last; the counters tell which still hold.
async fn locked(app: &App, now: Timestamp) -> Result<Item> {
    let rules = &app.settings.attempts;
    let since = now - rules.account_locks().cap;
    let (events, has_more) = audit::newest(app, now, Kind::UserAccountLocked, since, MOST_LOCKS).await?;
    let mut people: Vec<UserId> = Vec::new();
    for user in events.iter().filter_map(|event| event.actor.strip_prefix("user#")?.parse().ok()) {
        if !people.contains(&user) {
            people.push(user);
        }
    }
    let more_people = people.len() > MOST_PEOPLE;
    people.truncate(MOST_PEOPLE);
    let people = app.store.users(&people).await?;
    let locks = people.values().map(async |user| {
        let tally = app.store.glance(&Counter::strangers(rules, &user.email)).await?;
        Ok::<_, Error>((user.user_id, tally.lock.map(|lock| lock.until).filter(|until| *until > now)))
    });
    let mut found = Vec::new();
    for (user, until) in try_join_all(locks).await? {
        if let Some(until) = until {
            let what = format!("locked until {until}");
            found.push(Finding { user_id: Some(user.to_string()), ..Finding::new(what) });
        }
    }
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    Ok(Item::found(Check::LockedAccounts, count, now, found).at_least(has_more || more_people))
}

async fn unconfirmed(app: &App) -> Result<Item> {
    let check = Check::UnconfirmedAddresses;
    Ok(match app.store.account_figures().await? {
        Some(it) => Item::found(check, it.unconfirmed, it.counted_at, Vec::new()).at_least(!it.is_complete),
        None => Item::unknown(check, "the daily report has not counted yet"),
    })
}

async fn places(app: &App) -> Result<Item> {
    let check = Check::UnusualPlaces;
    let Some(figures) = app.store.session_figures().await? else {
        return Ok(Item::unknown(check, "sessions have not been counted yet"));
    };
    let Some(unusual) = figures.unusual else {
        return Ok(Item::unknown(
            check,
            "nothing in front of the service says where callers are; see the setting Edge",
        ));
    };
    let found = unusual.newest.into_iter().map(|session| Finding {
        user_id: Some(session.user_id.to_string()),
        session_id: Some(session.session_id.to_string()),
        since: Some(session.session_id.made_at().to_string()),
        ..Finding::new(format!("in {}, others in {}", session.country, session.usual))
    });
    Ok(Item::found(check, unusual.count, figures.counted_at, found.collect()))
}

async fn alerts(app: &App, now: Timestamp) -> Result<Item> {
    let open = app.store.alerts().await?.into_iter().filter(|alert| alert.is_open);
    let found: Vec<Finding> =
        open.map(|it| Finding { since: Some(it.since.to_string()), ..Finding::new(it.alert) }).collect();
    Ok(Item::found(Check::OpenAlerts, u64::try_from(found.len()).unwrap_or(u64::MAX), now, found))
}

async fn checks(app: &App, now: Timestamp) -> Result<Item> {
    let failing = standing::checks(app).await?.into_iter().filter(|it| it.trouble.is_some());
    let found: Vec<Finding> = failing
        .map(|it| {
            let what = format!("{}: {}", it.check, it.trouble.unwrap_or_default());
            Finding { since: it.since, ..Finding::new(what) }
        })
        .collect();
    Ok(Item::found(Check::FailingChecks, u64::try_from(found.len()).unwrap_or(u64::MAX), now, found))
}

/// The events of this hour and the 23 before it.
async fn last_day(app: &App, now: Timestamp) -> Result<Tally> {
    let hour = now.seconds().div_euclid(3600);
    let mut day = Tally::default();
    app.store.counted_in_hours(hour - 23, hour).await?.values().for_each(|hour| day.merge(hour));
    Ok(day)
}

impl Checklist {
    /// The same as lines of a table.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::new("report", "made", "").at(&self.made_at)];
        for item in &self.items {
            let count = item.count.map_or("not available".to_owned(), |count| count.to_string());
            let detail = if item.is_least { "at least" } else { item.why.unwrap_or_default() };
            let at = item.counted_at.as_deref().unwrap_or_default();
            rows.push(Row::new("checklist", item.title, count).at(at).with(detail));
            for found in &item.found {
                let about: Vec<&str> =
                    [&found.user_id, &found.session_id].into_iter().flatten().map(String::as_str).collect();
                let row = Row::new("found", item.title, &found.what);
                rows.push(row.at(found.since.as_deref().unwrap_or_default()).with(about.join(" ")));
            }
        }
        rows
    }
}
