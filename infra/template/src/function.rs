//! `AWS::Serverless::Function`, merged with `Globals.Function`: which binary it is, its settings and limits, and what makes it
//! run. Only what this project deploys is supported: one Rust binary, built by cargo-lambda.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::deployment::{self, Deployment};
use crate::evaluate::Evaluator;
use crate::event::{self, Events};
use crate::object::{Object, text_of};
use crate::policy::{self, Statement};
use crate::resource::{Resource, Resources};
use crate::route::Route;
use crate::schedule::Schedule;
use crate::stream::StreamSource;

/// API Gateway waits no longer for an answer.
const LONGEST_REQUEST_SECONDS: u32 = 30;

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name inside the template.
    pub logical_id: String,
    /// The binary that cargo-lambda builds for it.
    pub binary: String,
    /// All its environment variables.
    pub environment: BTreeMap<String, String>,
    /// When Lambda stops it.
    pub timeout_seconds: u32,
    /// Its memory, which also buys its share of the processor: 1769 MB are one core.
    pub memory_mb: u32,
    /// How often Lambda tries an asynchronous call again.
    pub asynchronous_retries: u32,
    /// What its callers call; without it they call whatever is newest.
    pub alias: Option<String>,
    /// How a new version takes over from the one before; without it, at once.
    pub deployment: Option<Deployment>,
    /// The requests that it answers.
    pub routes: Vec<Route>,
    /// The times at which it runs.
    pub schedules: Vec<Schedule>,
    /// The streams that it consumes.
    pub streams: Vec<StreamSource>,
    /// What it may do.
    pub policies: Vec<Statement>,
    /// What it may not do, whatever else allows it.
    pub denials: Vec<Statement>,
}

/// Reads a function. `globals` is `Globals.Function` as it is written.
pub(crate) fn read(
    resource: &Resource,
    globals: &Value,
    evaluator: Evaluator,
    resources: &Resources,
) -> Option<Function> {
    let place = format!("{}.Properties", resource.place);
    let mut written = merge(globals, &resource.properties);
    let policies = take(&mut written, "Policies");
    let policies = policy::read(policies.as_ref(), &format!("{place}.Policies"), evaluator, resources);
    let events = take(&mut written, "Events");
    let events = event::read(events, resource, evaluator, resources);

    let binary = binary(resource, evaluator);
    let mut function = Object::new(evaluator.value(&written, &place)?, place, evaluator.report)?;
    for (key, only) in [("Runtime", "provided.al2023"), ("Handler", "bootstrap"), ("CodeUri", ".")] {
        function.require(key);
        function.choice(key, &[only]);
    }
    function.ignore(&["Architectures", "Description", "LoggingConfig", "Tags", "Tracing"]);
    let timeout_seconds = function.number("Timeout", 1..=900).unwrap_or(3);
    let memory_mb = function.number("MemorySize", 128..=10_240).unwrap_or(128);
    let environment = function.object("Environment").map(environment).unwrap_or_default();
    let asynchronous_retries = function.object("EventInvokeConfig").and_then(|mut config| {
        let retries = config.number("MaximumRetryAttempts", 0..=2);
        config.finish();
        retries
    });
    let alias = function.text("AutoPublishAlias");
    let deployment = function.object("DeploymentPreference").and_then(deployment::read);
    let Events { routes, schedules, streams } = events;
    if !routes.is_empty() && timeout_seconds > LONGEST_REQUEST_SECONDS {
        function.fault("Timeout", format!("API Gateway gives up after {LONGEST_REQUEST_SECONDS} seconds"));
    }
    function.finish();
    Some(Function {
        logical_id: resource.id.clone(),
        binary: binary?,
        environment,
        timeout_seconds,
        memory_mb,
        asynchronous_retries: asynchronous_retries.unwrap_or(2),
        alias,
        deployment,
        routes,
        schedules,
        streams,
        policies: policies.allowed,
        denials: policies.denied,
    })
}

/// `Metadata` tells `sam build` which binary a function is.
fn binary(resource: &Resource, evaluator: Evaluator) -> Option<String> {
    let place = format!("{}.Metadata", resource.place);
    let Some(metadata) = &resource.metadata else {
        evaluator.report.fault(place, "is missing: it names the Binary");
        return None;
    };
    let mut metadata = Object::new(evaluator.value(metadata, &place)?, place, evaluator.report)?;
    metadata.require("BuildMethod");
    metadata.choice("BuildMethod", &["rust-cargolambda"]);
    metadata.require("BuildProperties");
    let binary = metadata.object("BuildProperties").and_then(|mut build| {
        let binary = build.required_text("Binary");
        build.finish();
        binary
    });
    metadata.finish();
    binary
}

/// `Environment.Variables` of an evaluated `Environment`.
pub(crate) fn environment(mut environment: Object) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let variables = environment.object("Variables").map(Object::rest).unwrap_or_default();
    for (place, name, value) in variables {
        match text_of(&value) {
            Some(text) => {
                texts.insert(name, text);
            }
            None => environment.report().fault(place, "must be text"),
        }
    }
    environment.finish();
    texts
}

/// SAM's rule: mappings merge, lists add up, and of everything else the function's own value holds. A CloudFormation function
/// is a value, although it is written as a mapping.
fn merge(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (Value::Object(global), Value::Object(own)) if !is_call(global) && !is_call(own) => {
            let keys: BTreeSet<&String> = global.keys().chain(own.keys()).collect();
            let merged = keys.into_iter().filter_map(|key| match (global.get(key), own.get(key)) {
                (Some(global), Some(own)) => Some((key.clone(), merge(global, own))),
                (one, other) => Some((key.clone(), one.or(other)?.clone())),
            });
            Value::Object(merged.collect())
        }
        (Value::Array(global), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (_, own) => own.clone(),
    }
}

fn is_call(entries: &serde_json::Map<String, Value>) -> bool {
    entries.len() == 1 && entries.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn take(object: &mut Value, key: &str) -> Option<Value> {
    object.as_object_mut().and_then(|entries| entries.remove(key))
}

/// Two functions must not be the same binary, and no two routes may catch the same request.
pub(crate) fn check_distinct(functions: &[Function], evaluator: Evaluator) {
    let mut binaries = BTreeMap::new();
    let mut routes = BTreeMap::new();
    for function in functions {
        let place = format!("Resources.{}", function.logical_id);
        if let Some(other) = binaries.insert(&function.binary, &function.logical_id) {
            let message = format!("`{}` is already the binary of {other}", function.binary);
            evaluator.report.fault(format!("{place}.Metadata.BuildProperties.Binary"), message);
        }
        for route in &function.routes {
            if let Some(other) = routes.insert(route.shape(), &function.logical_id) {
                let place = format!("{place}.Events.{}", route.event);
                evaluator
                    .report
                    .fault(place, format!("`{} {}` is already a route of {other}", route.method, route.path));
            }
        }
    }
}
