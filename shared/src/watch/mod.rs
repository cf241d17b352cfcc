//! Checks that the service makes of itself: one event when something goes wrong, one when it is well again.
//!
//! Each check is a job that observes; this file decides what is told, and `jwks` and `backups` know what to look at.
//! The state is written only when it changes, in one transaction with its event, so runs at once tell once.

pub mod backups;
pub mod jwks;

use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::WatchRecord;

/// What is wrong, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    /// How long it may last before it is told: some troubles are everyday for as long as caches live.
    pub patience: Duration,
}

/// Where a check stands after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Well,
    /// Something is wrong, but not for long enough to be told.
    Suspicious,
    Failing,
}

/// What a run changes.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    standing: Standing,
    /// The record to be written, if it is another one than before.
    next: Option<WatchRecord>,
    tell: Option<Kind>,
}

/// Pure: what was known, and what is seen now.
fn judge(known: &WatchRecord, seen: Option<&Trouble>, now: Timestamp) -> Verdict {
    match (&known.since, seen) {
        (None, None) => Verdict { standing: Standing::Well, next: None, tell: None },
        (Some(_), None) => Verdict {
            standing: Standing::Well,
            next: Some(WatchRecord { version: known.version + 1, ..WatchRecord::default() }),
            tell: known.told.then_some(Kind::CheckRecovered),
        },
        (since, Some(trouble)) => {
            let since = since.unwrap_or(now);
            let told = known.told || now.since(since) >= trouble.patience;
            let standing = if told { Standing::Failing } else { Standing::Suspicious };
            let is_news = known.since.is_none() || told != known.told;
            let next = WatchRecord {
                version: known.version + 1,
                since: Some(since),
                told,
                trouble: Some(trouble.what.clone()),
            };
            let tell = (told && !known.told).then_some(Kind::CheckFailed);
            Verdict { standing, next: is_news.then_some(next), tell }
        }
    }
}

/// Notes what a check has seen, and tells the trail when that is news.
async fn note(app: &App, ctx: &RequestContext, check: &'static str, seen: Option<&Trouble>) -> Result<Standing> {
    let known = app.store.watch(check).await?;
    let Verdict { standing, next, tell } = judge(&known, seen, ctx.now);
    if let Some(trouble) = seen {
        tracing::warn!(check, ?standing, what = trouble.what, "a check found something wrong");
    }
    let Some(next) = next else { return Ok(standing) };
    let mut change = app.store.transaction().advance_watch(check, &known, &next);
    if let Some(kind) = tell {
        let event = Event::new(kind, Actor::System(check)).on_check(check);
        let event = match seen {
            Some(trouble) => event.failed(&trouble.what),
            None => event.with("since", known.since.map(|at| at.to_string()).unwrap_or_default()),
        };
        change = change.event(&ctx.at(app.clock.now()), event)?;
    }
    // Refused when another run was faster: it has told, or the next one will.
    change.commit().await?;
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn trouble(patience: u64) -> Trouble {
        Trouble { what: "it burns".to_owned(), patience: Duration::from_secs(patience) }
    }

    /// What a row of runs tells, each with what it sees.
    fn told(runs: &[(i64, Option<u64>)]) -> Vec<(i64, Kind)> {
        let (mut known, mut told) = (WatchRecord::default(), Vec::new());
        for &(now, seen) in runs {
            let seen = seen.map(trouble);
            let verdict = judge(&known, seen.as_ref(), at(now));
            told.extend(verdict.tell.map(|kind| (now, kind)));
            known = verdict.next.unwrap_or(known);
        }
        told
    }

    #[test]
    fn ops_6_trouble_is_told_once_and_so_is_its_end() {
        let runs = [(0, None), (1, Some(0)), (2, Some(0)), (3, None), (4, None), (5, Some(0))];
        assert_eq!(told(&runs), [(1, Kind::CheckFailed), (3, Kind::CheckRecovered), (5, Kind::CheckFailed)]);
    }

    #[test]
    fn ops_6_what_caches_explain_is_told_only_when_it_lasts() {
        assert_eq!(told(&[(0, Some(600)), (300, Some(600)), (599, Some(600)), (600, Some(600))]).len(), 1);
        assert_eq!(told(&[(0, Some(600)), (300, Some(600)), (599, None), (600, Some(600))]), []);
        assert_eq!(told(&[(0, Some(600)), (300, Some(0))]), [(300, Kind::CheckFailed)], "worse trouble does not wait");
    }

    #[test]
    fn ops_6_a_check_that_stays_as_it_is_writes_nothing() {
        assert_eq!(judge(&WatchRecord::default(), None, at(0)).next, None);
        let failing = judge(&WatchRecord::default(), Some(&trouble(0)), at(0)).next.unwrap();
        assert_eq!(judge(&failing, Some(&trouble(0)), at(9)).next, None);
    }
}
