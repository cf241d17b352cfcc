//! What a call asked of AWS, read from the embedded AWS's call log and from the tables. Nothing else may be under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use embedded_aws::{Call, Service};
use serde_json::Value;
use shared::app::App;

use crate::Fault;
use crate::cases::{self, Case};
use crate::figures::Counted;
use crate::world::World;

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
        counted.events = world.count("audit-events").await? - self.events;
        counted.messages = world.count("outbox").await? - self.messages;
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
        counted.kms_calls += u32::from(call.service == Service::Kms);
        counted.mails += u32::from(call.operation == "SendEmail");
    }
    Counted { round_trips: trips.values().sum(), ..counted }
}

/// Whether this is the answer that a case wants, and what to call it.
///
/// # Errors
/// When it is another one.
pub fn judged(case: &Case, answer: &Value) -> Result<String, Fault> {
    let status = answer["statusCode"].as_u64();
    let is_good = match case.status {
        Some(wanted) => status == Some(wanted),
        None => answer["isAuthorized"] != false && answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty),
    };
    if !is_good {
        return Err(Fault::Case(case.name.to_owned(), answer.to_string()));
    }
    Ok(status.map_or_else(|| "ok".to_owned(), |status| status.to_string()))
}

/// Counts a case in this process: an instance's first call, and a later one.
///
/// # Errors
/// When it does not answer as it must.
pub async fn in_process(world: &World, case: &Case) -> Result<(Counted, Counted), Fault> {
    let events = cases::events(world, case, 3).await?;
    if cases::is_late(case) {
        world.app().advance(61);
    }
    let instance: Arc<App> = Arc::new(world.app().stack.cold_app());
    let mut counted = Vec::new();
    for event in events {
        let meter = Meter::start(world).await?;
        let answered = world.app().stack.invoke_on(instance.clone(), case.function, event).await;
        let answer = answered.map_err(|failed| Fault::Case(case.name.to_owned(), failed))?;
        judged(case, &answer)?;
        counted.push(meter.read(world).await?);
    }
    match counted.as_slice() {
        [first, .., warm] => Ok((*first, *warm)),
        _ => Err(Fault::Case(case.name.to_owned(), "too few events".to_owned())),
    }
}
