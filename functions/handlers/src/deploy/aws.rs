//! The two services that only a deployment's check needs: Lambda, to call the new versions of functions, and CodeDeploy,
//! to be told. Beside their one function, not in `shared`: nothing else links these clients.

use std::time::Duration;

use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use serde_json::Value;
use shared::aws::trips::CountTrips;
use shared::error::{Error, Result};

use super::check::Order;

const LAMBDA: &str = "Lambda";
const CODEDEPLOY: &str = "CodeDeploy";

/// A version that has never run starts cold, and on AWS's side as well.
const ATTEMPT: Duration = Duration::from_secs(12);
const ALL_ATTEMPTS: Duration = Duration::from_secs(20);

/// Calls functions by their versions.
pub(super) struct Lambda(aws_sdk_lambda::Client);

/// What a function did with an event.
pub(super) enum Invoked {
    Answered(Value),
    /// It failed without an answer: its error's type.
    Failed(String),
}

impl Lambda {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        let config = aws_sdk_lambda::config::Builder::from(sdk)
            .interceptor(CountTrips)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(ATTEMPT)
                    .operation_timeout(ALL_ATTEMPTS)
                    .build(),
            )
            // Several checks run at once, and a young account may run only ten functions at a time. What is called here
            // may be called twice.
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(5)
                    .with_initial_backoff(Duration::from_millis(200))
                    .with_max_backoff(Duration::from_secs(3)),
            )
            .build();
        Self(aws_sdk_lambda::Client::from_conf(config))
    }

    /// Sends an event to a version of a function, by its ARN, and waits for the answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when Lambda itself does not answer.
    pub(super) async fn invoke(&self, version: &str, event: &Value) -> Result<Invoked> {
        let payload = Blob::new(event.to_string());
        let output = self.0.invoke().function_name(version).payload(payload).send().await;
        let output = output.map_err(|cause| Error::unavailable(LAMBDA, &cause))?;
        let body = output.payload.map(Blob::into_inner).unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Ok(match output.function_error {
            None => Invoked::Answered(body),
            Some(_) => Invoked::Failed(body["errorType"].as_str().unwrap_or("no type").to_owned()),
        })
    }
}

/// Tells CodeDeploy how a check went.
///
/// # Errors
/// [`Error::Unavailable`]: CodeDeploy does not know, and takes the check for failed when its time is over.
pub(super) async fn tell(sdk: &SdkConfig, order: &Order, has_passed: bool) -> Result<()> {
    let config = aws_sdk_codedeploy::config::Builder::from(sdk).interceptor(CountTrips).build();
    let client = aws_sdk_codedeploy::Client::from_conf(config);
    let status = if has_passed { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
    let request = client
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(&order.deployment_id)
        .lifecycle_event_hook_execution_id(&order.execution_id)
        .status(status);
    match request.send().await {
        Ok(_) => Ok(()),
        // An answer of ours that was lost on its way back, or a call that Lambda delivered twice: the first word counts.
        Err(cause)
            if cause.as_service_error().is_some_and(|error| error.is_lifecycle_event_already_completed_exception()) =>
        {
            Ok(())
        }
        Err(cause) => Err(Error::unavailable(CODEDEPLOY, &cause)),
    }
}
