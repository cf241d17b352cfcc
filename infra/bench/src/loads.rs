//! How much there is to do: the tables of docs/scaling.md and of the runbook about quotas.

use crate::Fault;
use crate::cost::warm_ms;
use crate::figures::Figures;
use crate::month::{CHAIN_BATCH, FOLLOW_BATCH};
use crate::page::thousands;
use crate::people::{ASSUMED, SECONDS};

const SIZES: [f64; 2] = [1e6, 1e7];

/// The busiest minute, in means.
const BUSIEST: f64 = 5.0;

/// What so many people do in a second.
///
/// # Errors
/// When the figures lack a row.
pub fn seconds(figures: &Figures) -> Result<String, Fault> {
    let mut lines = vec![
        "| a second | 1 M people, mean | busiest | 10 M people, mean | busiest |".to_owned(),
        "|---|---:|---:|---:|---:|".to_owned(),
    ];
    let of_one = [
        ("requests", ASSUMED.requests()),
        ("checks of a session", ASSUMED.checks),
        ("refreshes", ASSUMED.refreshes),
        ("sign-ins", ASSUMED.all_sign_ins()),
        ("signatures by KMS", ASSUMED.asks(figures, |counted| counted.kms_calls)?),
        ("mails", ASSUMED.asks(figures, |counted| counted.messages)?),
        ("events of the trail", ASSUMED.events(figures)?),
    ];
    for (what, times) in of_one {
        let rates = SIZES.map(|people| times * people / SECONDS).map(|rate| [rate, rate * BUSIEST]);
        let cells: Vec<String> = rates.as_flattened().iter().map(|rate| few(*rate)).collect();
        lines.push(format!("| {what} | {} |", cells.join(" | ")));
    }
    Ok(lines.join("\n") + "\n")
}

/// What a request takes of each quota.
///
/// # Errors
/// When the figures lack a row.
pub fn requests(figures: &Figures) -> Result<String, Fault> {
    let mut lines = vec![
        "| | Lambda, calls and time | KMS, signatures | DynamoDB, units written / read | mails |".to_owned(),
        "|---|---:|---:|---:|---:|".to_owned(),
    ];
    let what: [(&str, &[&str]); 6] = [
        ("sign-up and verification", &["auth-signup", "auth-verify-email"]),
        ("sign-in, known browser", &["auth-login"]),
        ("sign-in, new browser", &["auth-login new"]),
        ("refresh", &["auth-refresh"]),
        ("verify-token", &["auth-verify-token"]),
        ("authorizer", &["authorizer"]),
    ];
    for (what, names) in what {
        let rows = names.iter().map(|name| figures.row(name)).collect::<Result<Vec<_>, _>>()?;
        let sum = |of: fn(&crate::figures::Row) -> f64| rows.iter().map(|row| of(row)).sum::<f64>();
        lines.push(format!(
            "| {what} | {}, {:.0} ms | {} | {} / {} | {} |",
            rows.len(),
            sum(warm_ms),
            sum(|row| row.counted.kms_calls.into()),
            sum(|row| row.counted.write_units),
            sum(|row| row.counted.read_units),
            sum(|row| row.counted.messages.into()),
        ));
    }
    let (follow, chain) = (figures.row("jobs-follow-events 80")?, figures.row("jobs-chain-audit 100")?);
    lines.push(format!(
        "| each event of the trail afterwards, in full batches | two consumers, {:.1} ms | 0 | {:.1} / {:.2} | 0 |",
        warm_ms(follow) / FOLLOW_BATCH + warm_ms(chain) / CHAIN_BATCH,
        follow.counted.write_units / FOLLOW_BATCH + chain.counted.write_units / CHAIN_BATCH,
        follow.counted.read_units / FOLLOW_BATCH + chain.counted.read_units / CHAIN_BATCH,
    ));
    Ok(lines.join("\n") + "\n")
}

/// A rate in two digits at least.
fn few(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { thousands(rate) }
}
