//! `Events` of a function: sorts them by type. Each type has a module of its own; a type without one is a fault.

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::object::Object;
use crate::resource::{Resource, Resources};
use crate::route::{self, Route};
use crate::schedule::{self, Schedule};
use crate::stream::{self, StreamSource};

/// All that makes a function run.
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) routes: Vec<Route>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) streams: Vec<StreamSource>,
}

/// Reads a function's events, as they are written.
pub(crate) fn read(events: Option<Value>, function: &Resource, evaluator: Evaluator, resources: &Resources) -> Events {
    let mut read = Events::default();
    // Places leave out `Properties`, which adds nothing for who looks for an event.
    let place = format!("{}.Events", function.place);
    let events = events.and_then(|events| Object::new(events, place, evaluator.report));
    for (place, name, event) in events.map(Object::rest).unwrap_or_default() {
        let Some(mut event) = Object::new(event, place.clone(), evaluator.report) else {
            continue;
        };
        let kind = event.required_text("Type");
        event.require("Properties");
        let mut properties = event.take("Properties");
        event.finish();
        // The API is known by its logical id, which its value would no longer show.
        let written = properties.as_mut().filter(|_| kind.as_deref() == Some("HttpApi"));
        let api = written.and_then(Value::as_object_mut).and_then(|written| written.remove("ApiId"));
        let api = api.as_ref().and_then(|api| api.get("Ref")).and_then(Value::as_str);
        let Some(properties) = properties.and_then(|properties| evaluator.value(&properties, &place)) else {
            continue;
        };
        let Some(properties) = Object::new(properties, place.clone(), evaluator.report) else {
            continue;
        };
        match kind.as_deref() {
            Some("HttpApi") => read.routes.extend(route::read(name, api, properties, resources)),
            Some("ScheduleV2") => read.schedules.extend(schedule::read(&function.id, &name, properties)),
            Some("DynamoDB") => read.streams.extend(stream::read(properties, resources)),
            Some(other) => {
                let message = format!("events of type {other} are not supported, only HttpApi, ScheduleV2, DynamoDB");
                evaluator.report.fault(format!("{place}.Type"), message);
            }
            None => {}
        }
    }
    read
}
