//! The shell around every function: one process, one cold start, then event after event.
//!
//! Nothing of the product lives here. Each file of `src/bin` is one deployed function in three lines.

mod init;

use std::future::Future;
use std::process::ExitCode;

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

/// What a binary's `main` returns: a failure where the function cannot start at all. The reason is in the log by then, and
/// Lambda has been told.
pub type Served = ExitCode;

/// Serves an HTTP endpoint. When the configuration has faults, all of them are named and nothing is served.
pub fn serve(endpoint: &'static Endpoint) -> Served {
    start(|app| {
        lambda_http::run(service_fn(move |request: Request| async move {
            Ok::<_, Error>(respond(endpoint, app, request, pages::tell).await)
        }))
    })
}

/// Serves a scheduled job.
pub fn serve_job(job: &'static Job) -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
            jobs::run(job, app, event.payload).await.map_err(Error::from)
        }))
    })
}

/// Serves a consumer of a stream.
pub fn serve_stream(consumer: &'static Consumer) -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<_>| async move {
            Ok::<_, Error>((consumer.handle)(app, event.payload).await)
        }))
    })
}

/// Serves the Lambda authorizer.
pub fn serve_authorizer() -> Served {
    start(|app| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<authorizer::Request>| async move {
            authorizer::handle(app, &event.payload).await.map_err(Error::from)
        }))
    })
}

/// Serves the check of deployments.
pub fn serve_deploy_check() -> Served {
    start(|app| async move {
        let versions: &'static Versions = Box::leak(Box::new(Versions::read(&Environment::of_process())?));
        let serve = service_fn(move |event: LambdaEvent<check::Order>| async move {
            check::handle(app, versions, &event.payload).await.map_err(Error::from)
        });
        lambda_runtime::run(serve).await
    })
}

/// A cold start: read the environment, build what all requests share, hand over to the runtime's loop.
fn start<F: Future<Output = Result<(), Error>>>(run: impl FnOnce(&'static App) -> F) -> Served {
    let environment = Environment::of_process();
    shared::log::start(&environment);
    // One request at a time: one thread is enough. Hashing has its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(live(&environment, run))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function ends");
            ExitCode::FAILURE
        }
    }
}

async fn live<F: Future<Output = Result<(), Error>>>(
    environment: &Environment,
    run: impl FnOnce(&'static App) -> F,
) -> Result<(), Error> {
    match App::new(environment, Clock::system()) {
        // Lives as long as the process does; leaking it once saves a reference count on every request.
        Ok(app) => run(Box::leak(Box::new(app))).await,
        Err(why) => {
            init::report(environment, &why).await?;
            Err(why.into())
        }
    }
}
