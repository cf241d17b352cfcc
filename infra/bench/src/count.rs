//! What a call asked of AWS, read from the embedded AWS's call log and from the tables. Nothing else may be under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use embedded_aws::{Call, Service, prices};
use serde_json::Value;
use shared::app::App;

use crate::cases::{CASES, Case, JOBS, OTHERS, Wanted};
use crate::deployed::Deployed;
use crate::figures::{Counted, Figures};
use crate::world::World;
use crate::{Fault, inputs, page, sizes};

/// How things stood before a call.
pub struct Meter {
    calls: u64,
    events: u32,
    messages: u32,
}

impl Meter {
    /// # Errors
    /// When the tables cannot be read.
    pub async fn start(world: &World) -> Result<Self, Fault> {
        let events = world.count("audit-events").await?;
        let messages = world.count("outbox").await?;
        // Last: the readings above are calls, too.
        Ok(Self { calls: world.app().stack.aws().calls().begun(), events, messages })
    }

    /// What has been asked for since.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn read(self, world: &World) -> Result<Counted, Fault> {
        let calls: Vec<Call> =
            world.app().stack.aws().calls().list(None).into_iter().filter(|call| call.id > self.calls).collect();
        let mut counted = of(&calls);
        // An erasure removes more than the event that it writes.
        counted.events = world.count("audit-events").await?.saturating_sub(self.events);
        counted.messages = world.count("outbox").await?.saturating_sub(self.messages);
        Ok(counted)
    }
}

/// The calls' sums. Each request of the product numbers its own round trips; whatever does not is one after the other.
fn of(calls: &[Call]) -> Counted {
    let mut trips: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    let mut counted = Counted::default();
    for call in calls {
        let of_request = trips.entry(call.request_id.as_deref()).or_default();
        *of_request = call.wave.map_or(*of_request + 1, |wave| wave.max(*of_request));
        counted.calls += 1;
        counted.read_units += call.read_units;
        counted.write_units += call.write_units;
        let is_kms = call.service == Service::Kms;
        counted.kms_calls += u32::from(is_kms);
        counted.kms_curve_calls += u32::from(is_kms && call.price_usd > prices::KMS_CALL);
        counted.mails += u32::from(call.operation == "SendEmail");
    }
    Counted { round_trips: trips.values().sum(), ..counted }
}

/// Whether this is the answer that a case wants, and what to call it.
///
/// # Errors
/// When it is another one.
pub fn judged(case: &Case, answer: &Value) -> Result<String, Fault> {
    let (is_good, name) = match case.wanted {
        Wanted::Status(wanted) => (answer["statusCode"] == wanted, wanted.to_string()),
        Wanted::Authorized => (answer["isAuthorized"] == true, "ok".to_owned()),
        Wanted::Done => (answer["outcome"] == "done" && answer["report"]["trouble"].is_null(), "done".to_owned()),
        Wanted::Taken => (answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty), "ok".to_owned()),
        Wanted::Passed => (answer["hasPassed"] == true, "ok".to_owned()),
    };
    if is_good { Ok(name) } else { Err(Fault::Case(case.name.to_owned(), answer.to_string())) }
}

/// Counts a case in this process: an instance's first call, and a later one.
///
/// # Errors
/// When it does not answer as it must.
pub async fn in_process(world: &World, case: &Case) -> Result<(Counted, Counted), Fault> {
    let mut events = inputs::events(world, case, 4).await?.into_iter();
    if case.is_late() {
        world.app().advance(61);
    }
    // What only the very first call of all finds to do, a report or a signature that is due, is no instance's ordinary first.
    if let Some(event) = events.next() {
        ask(world, case, world.helper(), event).await?;
    }
    let instance: Arc<App> = Arc::new(world.app().stack.cold_app());
    let mut counted = Vec::new();
    for event in events {
        let meter = Meter::start(world).await?;
        ask(world, case, instance.clone(), event).await?;
        counted.push(meter.read(world).await?);
    }
    match counted.as_slice() {
        [first, .., warm] => Ok((*first, *warm)),
        _ => Err(Fault::Case(case.name.to_owned(), "too few events".to_owned())),
    }
}

async fn ask(world: &World, case: &Case, instance: Arc<App>, event: Value) -> Result<(), Fault> {
    let answered = world.app().stack.invoke_on(instance, case.function, event).await;
    let answer = answered.map_err(|failed| Fault::Case(case.name.to_owned(), failed))?;
    judged(case, &answer).map(drop)
}

/// The figures with everything counted anew that the pages are made from, with what the template gives the functions now, and with
/// what was measured as it was.
///
/// # Errors
/// When a case does not answer as it must.
pub async fn again(mut figures: Figures) -> Result<Figures, Fault> {
    let world = World::start().await;
    renew(&mut figures, &world, &CASES).await?;
    figures.item_bytes = sizes::of_items(&world).await?;
    renew(&mut figures, &World::empty().await, &JOBS).await?;
    Ok(figures)
}

/// The figures with everything else counted anew, too.
///
/// # Errors
/// As [`again`].
pub async fn again_with_others(figures: Figures) -> Result<Figures, Fault> {
    let mut figures = again(figures).await?;
    renew(&mut figures, &World::start().await, &OTHERS).await?;
    Ok(figures)
}

async fn renew(figures: &mut Figures, world: &World, cases: &[Case]) -> Result<(), Fault> {
    let template = page::template()?;
    for case in cases {
        let Deployed { memory_mb, is_behind_gateway, .. } = Deployed::of(&template, case.function);
        let (first, warm) = in_process(world, case).await?;
        if let Some(row) = figures.rows.iter_mut().find(|row| row.name == case.name) {
            (row.first, row.counted) = (first, warm);
            (row.memory_mb, row.is_behind_gateway) = (memory_mb, is_behind_gateway);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_success_is_an_answer() {
        let case = |name: &str| *CASES.iter().chain(&JOBS).find(|case| case.name == name).unwrap();
        let is_good = |name: &str, answer: Value| judged(&case(name), &answer).is_ok();
        assert!(is_good("auth-refresh", json!({ "statusCode": 200 })));
        for status in [202, 401, 500] {
            assert!(!is_good("auth-refresh", json!({ "statusCode": status })), "{status}");
        }
        assert!(is_good("authorizer", json!({ "isAuthorized": true })) && !is_good("authorizer", json!({})));
        let run = |outcome: &str, report: Value| json!({ "outcome": outcome, "report": report });
        assert!(is_good("jobs-monitor-jwks", run("done", json!({ "keys": 2 }))));
        assert!(!is_good("jobs-monitor-jwks", run("done", json!({ "trouble": "no answer" }))));
        assert!(!is_good("jobs-monitor-jwks", run("already_done", Value::Null)));
        assert!(is_good("jobs-send-mail", json!({ "batchItemFailures": [] })));
        assert!(!is_good("jobs-send-mail", json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })));
    }
}
