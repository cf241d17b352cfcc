//! A cold start that fails: tells Lambda the reason, so that whoever calls the function reads it. By its exit alone they would
//! read "exit status 1".

use http::{Method, Request};
use lambda_http::Error;
use lambda_runtime_api_client::{Client, body::Body, build_request};
use serde_json::json;
use shared::environment::Environment;

/// Lambda takes any name of this form.
const KIND: &str = "Runtime.InitError";

/// Source: AWS Lambda, "Using the Lambda runtime API for custom runtimes", initialization error.
///
/// # Errors
/// When Lambda does not take it; the exit of the process says the rest.
pub(crate) async fn report(environment: &Environment, why: &shared::error::Error) -> Result<(), Error> {
    let api = environment.get("AWS_LAMBDA_RUNTIME_API").ok_or("AWS_LAMBDA_RUNTIME_API is not set")?;
    let client = Client::builder().with_endpoint(format!("http://{api}").parse()?).build()?;
    client.call(request(why)?).await?;
    Ok(())
}

fn request(why: &shared::error::Error) -> Result<Request<Body>, Error> {
    let fault = json!({ "errorType": KIND, "errorMessage": why.to_string(), "stackTrace": [] });
    let request = build_request().method(Method::POST).uri("/2018-06-01/runtime/init/error");
    Ok(request.header("lambda-runtime-function-error-type", KIND).body(Body::from(fault.to_string()))?)
}
