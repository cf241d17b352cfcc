//! Keeps the versions of the secrets in order: the other half of the job `jobs-rotate-keys` (KEYS-4).
//!
//! Each change is one conditional transaction on one version, so runs at once make one version, and a run that stopped
//! half-way has done whole steps. The new key is wrapped by KMS: the job never sees it.

use super::rotate::Report;
use super::secrets::wrapped_for;
use super::versions::{SecretRules, Step, Version, create_now, next_step};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::SecretRecord;

/// What a run does at most; the next one goes on.
const MAX_STEPS: usize = 6;

/// Takes the steps that are due; `by_hand`, another version even if it is not due.
pub(super) async fn settle(app: &App, ctx: &RequestContext, by_hand: bool, report: &mut Report) -> Result<()> {
    let rules = SecretRules::new(&app.settings);
    for round in 0..MAX_STEPS {
        let records = app.store.secrets().await?;
        let versions: Vec<Version> =
            records.iter().map(|record| Version { number: record.version, created_at: record.created_at }).collect();
        let asked = if by_hand && round == 0 { create_now(&versions, ctx.now) } else { None };
        let Some(step) = asked.or_else(|| next_step(&versions, ctx.now, &rules)) else { break };
        if !take(app, ctx, &records, step, report).await? {
            report.overtaken = true;
            break;
        }
    }
    Ok(())
}

/// Takes one step. False when another run was faster.
async fn take(
    app: &App,
    ctx: &RequestContext,
    records: &[SecretRecord],
    step: Step,
    report: &mut Report,
) -> Result<bool> {
    let change = app.store.transaction();
    let (change, number, step, done) = match step {
        Step::Create { number } => {
            let wrapped = app.kms.new_data_key(&wrapped_for(number)).await?.0;
            let record = SecretRecord { version: number, wrapped, created_at: ctx.now };
            (change.create_secret(&record)?, number, "created", "created")
        }
        Step::Withdraw { number } => {
            let Some(record) = records.iter().find(|record| record.version == number) else { return Ok(false) };
            (change.withdraw_secret(record), number, "withdrawn", "withdrew")
        }
    };
    let name = format!("secrets/{number}");
    let event = Event::new(Kind::KeyRotated, Actor::System("rotate-keys")).on_key(&name).with("step", step);
    let is_done = change.event(&ctx.at(app.clock.now()), event)?.commit().await?.is_done();
    if is_done {
        report.steps.push(format!("{done} {name}"));
    }
    Ok(is_done)
}
