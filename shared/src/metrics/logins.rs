//! Figures of sign-ins for administrators: the last 24 hours (OPS-8).

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::tally::Tally;

/// So many networks are named.
const TOP: usize = 10;

/// Of each hour so many are looked at. A network that is in no hour's first twenty is in nobody's first ten, but for one that
/// spreads its failures evenly.
const TOP_OF_HOUR: i32 = 20;

/// Sign-ins of 24 hours.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "LoginFigures")]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub from: String,
    pub to: String,
    #[serde(flatten)]
    pub all: Numbers,
    /// Of accounts that were locked among failed sign-ins, 0 to 1.
    pub lockout_rate: f64,
    pub by_hour: Vec<Hour>,
    /// Failures by reason, most first.
    pub reasons: Vec<Count>,
    /// Networks with the most failures.
    pub networks: Vec<Count>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Numbers {
    pub successes: u64,
    pub failures: u64,
    pub lockouts: u64,
}

/// Sign-ins of an hour.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LoginsOfHour")]
pub struct Hour {
    pub hour: String,
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// How often.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NamedCount")]
pub struct Count {
    pub name: String,
    pub count: u64,
}

/// The figures of the current hour and the 23 before it.
///
/// # Errors
/// When the table does not answer.
pub async fn figures(app: &App, now: Timestamp) -> Result<Figures> {
    let last = now.seconds().div_euclid(3600);
    let first = last - 23;
    let networks = try_join_all((first..=last).map(|hour| app.store.top_networks(hour, TOP_OF_HOUR)));
    let (hours, networks) = tokio::try_join!(app.store.counted_in_hours(first, last), networks)?;

    let empty = Tally::default();
    let of_hour = |hour: i64| numbers(hours.get(&hour).unwrap_or(&empty));
    let mut sum = Tally::default();
    hours.values().for_each(|tally| sum.merge(tally));
    let all = numbers(&sum);
    let reasons = sum.each().filter_map(|(parts, n)| match parts.as_slice() {
        ["UserLoginFailed", _, reason] => Some(((*reason).to_owned(), n)),
        _ => None,
    });
    let by_hour = (first..=last).map(|hour| Hour { hour: start(hour).to_string(), numbers: of_hour(hour) });
    Ok(Figures {
        from: start(first).to_string(),
        to: now.to_string(),
        all,
        lockout_rate: if all.failures == 0 { 0.0 } else { all.lockouts as f64 / all.failures as f64 },
        by_hour: by_hour.collect(),
        reasons: most(reasons),
        networks: most(networks.into_iter().flatten()),
    })
}

fn numbers(tally: &Tally) -> Numbers {
    Numbers {
        successes: tally.sum(&["UserLoggedIn"]),
        failures: tally.sum(&["UserLoginFailed"]),
        lockouts: tally.sum(&["UserAccountLocked"]),
    }
}

fn start(hour: i64) -> Timestamp {
    Timestamp::from_seconds(hour * 3600)
}

/// The sums by name, the largest first.
fn most(counts: impl Iterator<Item = (String, u64)>) -> Vec<Count> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (name, n) in counts {
        *sums.entry(name).or_default() += n;
    }
    let mut sums: Vec<Count> = sums.into_iter().map(|(name, count)| Count { name, count }).collect();
    sums.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    sums.truncate(TOP);
    sums
}
