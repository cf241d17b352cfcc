//! What was deployed: functions, settings, tables, the sender of mails, and the clock that all of it is judged by.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::environment::Environment;
use shared::settings::Settings;
use shared::store::TableStanding;

use super::{Finding, demanded};
use crate::exit::Failure;
use crate::origin::binaries;
use crate::stack::{Differing, Functions, Stack};

pub(super) const SETTINGS: &str = "settings";

/// Whether all functions are there, with the same settings, and whether those are valid.
pub(super) async fn functions(functions: &Functions) -> Result<Vec<Finding>, Failure> {
    let missing: Vec<&str> = binaries().filter(|name| !functions.has(name)).collect();
    let mut findings = vec![match missing[..] {
        [] => Finding::ok("functions", format!("{} functions are deployed", functions.all.len())),
        _ => Finding::problem(
            "functions",
            format!("not deployed: {}", missing.join(", ")),
            "deploy again; this command line may also be newer than the deployment",
        ),
    }];
    match Settings::read(&functions.settings.clone().into_iter().collect::<Environment>()) {
        Ok(_) => findings.push(Finding::ok(SETTINGS, "are valid")),
        Err(faults) => findings.push(Finding::problem(
            SETTINGS,
            faults.to_string(),
            "mend the template's parameters and deploy again; until then every function answers 503",
        )),
    }
    let (own, strange): (Vec<Differing>, Vec<Differing>) =
        functions.differing().await?.into_iter().partition(|it| it.is_own);
    if !own.is_empty() {
        let names: BTreeSet<&str> = own.iter().flat_map(|it| it.variables.iter().copied()).collect();
        findings.push(Finding::warning(
            SETTINGS,
            format!("are not the same in all functions: {}", names.into_iter().collect::<Vec<_>>().join(", ")),
            "deploy again, so that what was changed by hand is as in the template",
        ));
    }
    if !strange.is_empty() {
        let names: Vec<&str> = strange.iter().map(|it| it.name).collect();
        findings.push(Finding::warning(
            SETTINGS,
            format!("are told otherwise by what is not of this stack and has its STACK_NAME: {}", names.join(", ")),
            "find out whose they are; nothing here goes by them",
        ));
    }
    Ok(findings)
}

/// Whether this machine's clock agrees with AWS's. Every other finding is by AWS's.
pub(super) fn clock(functions: &Functions) -> Finding {
    match functions.clock.skew() {
        Duration::ZERO => Finding::ok("clock", "this machine's agrees with AWS's"),
        skew => Finding::warning(
            "clock",
            format!("this machine's is off by {} s", skew.as_secs()),
            "set it: AWS refuses requests that are five minutes off",
        ),
    }
}

/// Whether every table is there, is kept, can be restored, and is cleaned up.
pub(super) async fn tables(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let standings = stack.app.store.standings().await?;
    let names = |is_meant: &dyn Fn(&TableStanding) -> bool| -> Vec<&str> {
        standings.iter().filter(|it| is_meant(it)).map(|it| it.table.as_str()).collect()
    };
    let mut findings = Vec::new();
    let absent = names(&|it| !it.is_active);
    if !absent.is_empty() {
        let todo = "deploy again, or restore them: docs/runbooks";
        findings.push(Finding::problem("tables", format!("not there, or not active: {}", absent.join(", ")), todo));
    }
    let unprotected = names(&|it| it.is_active && it.is_lasting && !it.is_protected);
    if !unprotected.is_empty() {
        let what = format!("can be deleted by anybody's mistake: {}", unprotected.join(", "));
        findings.push(demanded(stack, "tables", what, "switch deletion protection on, as template.yaml has it"));
    }
    let lost = names(&|it| it.is_active && it.is_lasting && it.restorable_until.is_none());
    if !lost.is_empty() {
        let what = format!("could not be restored: {}", lost.join(", "));
        findings.push(demanded(stack, "tables", what, "switch point-in-time recovery on, as template.yaml has it"));
    }
    let full = names(&|it| it.is_active && it.has_ends && !it.is_cleaned_up);
    if !full.is_empty() {
        let what = format!("keep what has expired, and are paid for it: {}", full.join(", "));
        findings.push(Finding::problem("tables", what, "switch time to live on, attribute `ttl`"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "tables",
            format!("{} tables are protected, restorable and cleaned up", standings.len()),
        ));
    }
    Ok(findings)
}

/// The limit of SES's sandbox, which has no other mark in this API.
const SANDBOX_LIMIT: f64 = 200.0;

/// Whether mail can leave.
pub(super) async fn sender(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let standing = stack.app.ses().standing().await?;
    let from = &stack.app.settings.mail_from;
    let mut findings = vec![match &standing.identity {
        Some(identity) => Finding::ok("mail", format!("{identity} vouches for {from}")),
        None => Finding::problem(
            "mail",
            format!("SES knows no verified identity for {from}: every mail is refused"),
            "verify its domain in SES, in this region and account",
        ),
    }];
    let (limit, sent) = (standing.daily_limit, standing.sent_today);
    if (0.0..=SANDBOX_LIMIT).contains(&limit) {
        findings.push(Finding::problem(
            "mail",
            format!(
                "SES allows {limit} mails a day: it seems to be in its sandbox, where only verified addresses get any"
            ),
            "ask for production access in the SES console",
        ));
    } else if limit > 0.0 && sent > limit * 0.8 {
        findings.push(Finding::warning(
            "mail",
            format!("{sent} of {limit} mails of the last 24 hours' limit are sent"),
            "ask for a higher limit (Service Quotas, SES)",
        ));
    }
    Ok(findings)
}
