//! Runs a function by its name, as Lambda would: the event in, the answer out, a panic no more than a failed call.

use std::sync::Arc;

use handlers::auth::authorizer;
use handlers::deploy::check::{self, Versions};
use handlers::jobs::{self, Consumer, Job, Run};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Request, Service, service_fn};
use serde_json::Value;
use shared::app::App;
use shared::environment::Environment;
use shared::http::Endpoint;
use template::Template;

/// Why a call failed: what Lambda would report, and what API Gateway turns into a 500.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("there is no function `{0}`")]
    NoSuchFunction(String),
    #[error("{0}")]
    Error(String),
    /// The function understood its input and refused it.
    #[error("{0}")]
    Refused(String),
    #[error("the function panicked")]
    Panicked,
}

/// The scheduled functions.
pub(crate) fn job(name: &str) -> Option<&'static Job> {
    handlers::JOBS.iter().find(|job| job.name == name || job.name.strip_prefix("jobs-") == Some(name))
}

fn endpoint(name: &str) -> Option<&'static Endpoint> {
    handlers::ENDPOINTS.iter().find(|endpoint| endpoint.name == name)
}

fn consumer(name: &str) -> Option<&'static Consumer> {
    handlers::CONSUMERS.iter().find(|consumer| consumer.name == name)
}

/// Whether there is code for a function of the template.
fn exists(name: &str) -> bool {
    endpoint(name).is_some()
        || handlers::JOBS.iter().any(|job| job.name == name)
        || consumer(name).is_some()
        || name == handlers::AUTHORIZER
        || name == handlers::DEPLOY_CHECK
}

/// Whether every function of a template has code.
///
/// # Errors
/// In words, with the names of those that have none.
pub(crate) fn check(template: &Template) -> Result<(), String> {
    let names = template.functions.iter().map(|function| function.binary.as_str());
    let missing: Vec<&str> = names.filter(|name| !exists(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("the template has functions without code: {}", missing.join(", ")))
}

/// Calls a function with an event.
pub(crate) async fn invoke(app: Arc<App>, template: &Template, name: &str, event: Value) -> Result<Value, Failed> {
    // In a task of its own, so that a panic ends this call and nothing else.
    let task = match name {
        handlers::DEPLOY_CHECK => {
            let versions = versions(template)?;
            tokio::spawn(async move { check_deployment(app, versions, event).await })
        }
        name => {
            let name = name.to_owned();
            tokio::spawn(async move { call(app, &name, event).await })
        }
    };
    task.await.unwrap_or(Err(Failed::Panicked))
}

/// The one function that has settings of its own.
fn versions(template: &Template) -> Result<Versions, Failed> {
    let function = template.functions.iter().find(|function| function.binary == handlers::DEPLOY_CHECK);
    let variables = function.map(|function| function.environment.clone()).unwrap_or_default();
    let environment: Environment = variables.into_iter().collect();
    Versions::read(&environment).map_err(|error| Failed::Error(error.to_string()))
}

async fn check_deployment(app: Arc<App>, versions: Versions, event: Value) -> Result<Value, Failed> {
    let report = check::handle(&app, &versions, &from_value(event)?).await;
    to_value(&report.map_err(|error| Failed::Error(error.to_string()))?)
}

async fn call(app: Arc<App>, name: &str, event: Value) -> Result<Value, Failed> {
    if let Some(endpoint) = endpoint(name) {
        return answer(app, endpoint, event).await;
    }
    if let Some(job) = job(name) {
        return run(app, job, event).await.and_then(|run| to_value(&run));
    }
    if let Some(consumer) = consumer(name) {
        return to_value(&(consumer.handle)(&app, from_value(event)?).await);
    }
    match name {
        handlers::AUTHORIZER => {
            let response = authorizer::handle(&app, &from_value(event)?)
                .await
                .map_err(|error| Failed::Error(error.to_string()))?;
            to_value(&response)
        }
        _ => Err(Failed::NoSuchFunction(name.to_owned())),
    }
}

/// Through `lambda_http`'s own types, so that what reaches the handler is what reaches it in Lambda.
async fn answer(app: Arc<App>, endpoint: &'static Endpoint, event: Value) -> Result<Value, Failed> {
    let request: LambdaRequest = from_value(event)?;
    let service = service_fn(move |request: Request| {
        let app = app.clone();
        async move {
            Ok::<_, lambda_http::Error>(shared::http::respond(endpoint, &app, request, handlers::pages::tell).await)
        }
    });
    let answer = Adapter::from(service).call(LambdaEvent::new(request, Context::default())).await;
    to_value(&answer.map_err(|error| Failed::Error(error.to_string()))?)
}

pub(crate) async fn run(app: Arc<App>, job: &'static Job, input: Value) -> Result<Run, Failed> {
    jobs::run(job, &app, input).await.map_err(|error| match error {
        shared::error::Error::Refused(_) => Failed::Refused(shared::http::problem::detail(&error)),
        _ => Failed::Error(error.to_string()),
    })
}

fn from_value<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failed> {
    serde_json::from_value(value).map_err(|error| Failed::Error(format!("the event cannot be read: {error}")))
}

fn to_value(value: &impl serde::Serialize) -> Result<Value, Failed> {
    serde_json::to_value(value).map_err(|error| Failed::Error(error.to_string()))
}
