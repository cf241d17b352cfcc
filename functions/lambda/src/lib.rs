//! The shell around every function: one process, one cold start, then event after event.
//!
//! Nothing of the product lives here. Each file of `src/bin` is one deployed function in three lines.

use handlers::auth::authorizer;
use handlers::deploy::check::{self, Versions};
use handlers::jobs::{self, Consumer, Job};
use handlers::pages;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::{Error, Request, service_fn};
use serde_json::Value;
use shared::app::App;
use shared::clock::Clock;
use shared::environment::Environment;
use shared::http::{Endpoint, respond};

/// What a binary's `main` returns: an error only where the function cannot start at all.
pub type Served = Result<(), Error>;

/// Serves an HTTP endpoint.
///
/// # Errors
/// When the configuration has faults: all of them are named, and nothing is served.
pub fn serve(endpoint: &'static Endpoint) -> Served {
    start(|app| {
        lambda_http::run(service_fn(move |request: Request| async move {
            Ok::<_, Error>(respond(endpoint, app, request, pages::tell).await)
        }))
    })
}

/// Serves a scheduled job.
///
/// # Errors
/// As [`serve`].
pub fn serve_job(job: &'static Job) -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
            jobs::run(job, app, event.payload).await.map_err(Error::from)
        }))
    })
}

/// Serves a consumer of a stream.
///
/// # Errors
/// As [`serve`].
pub fn serve_stream(consumer: &'static Consumer) -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<_>| async move {
            Ok::<_, Error>((consumer.handle)(app, event.payload).await)
        }))
    })
}

/// Serves the Lambda authorizer.
///
/// # Errors
/// As [`serve`].
pub fn serve_authorizer() -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<authorizer::Request>| async move {
            authorizer::handle(app, &event.payload).await.map_err(Error::from)
        }))
    })
}

/// Serves the check of deployments.
///
/// # Errors
/// As [`serve`].
pub fn serve_deploy_check() -> Served {
    let versions = Versions::read(&Environment::of_process())?;
    let versions: &'static Versions = Box::leak(Box::new(versions));
    start(move |app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<check::Order>| async move {
            check::handle(app, versions, &event.payload).await.map_err(Error::from)
        }))
    })
}

/// A cold start: read the environment, build what all requests share, hand over to the runtime's loop.
fn start<F: Future<Output = Served>>(run: impl FnOnce(&'static App) -> F) -> Served {
    let environment = Environment::of_process();
    shared::log::start(&environment);
    // Lives as long as the process does; leaking it once saves a reference count on every request.
    let app: &'static App = Box::leak(Box::new(App::new(&environment, Clock::system())?));
    // One request at a time: one thread is enough. Hashing has its own.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(app))
}
