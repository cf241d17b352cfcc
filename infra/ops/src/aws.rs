//! The way to AWS that an operator has: profiles, roles and SSO by `aws-config`, where functions have three variables
//! (decision 0040). Endpoints are the SDK's own settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use shared::audit::Actor;
use shared::aws::skew::{ALLOWED_MS, HearSkew};
use shared::clock::{Clock, Timestamp};
use shared::error::Error;

use crate::arguments::Options;
use crate::exit::Failure;

/// The configuration of every client. Operators are farther away than functions, and wait longer.
///
/// # Errors
/// Where no region is known.
pub(crate) async fn connect(options: &Options) -> Result<SdkConfig, Failure> {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(shared::aws::http_client()?)
        .retry_config(RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(Duration::from_secs(15))
                .build(),
        );
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Failure::usage("no region: give --region, set AWS_REGION, or use a --profile that has one"));
    }
    Ok(config)
}

/// Who calls, as AWS knows them: for the audit trail.
///
/// # Errors
/// When AWS does not say. Nothing is changed by nobody.
pub(crate) async fn operator(config: &SdkConfig) -> Result<Actor, Failure> {
    let identity = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
    let identity = identity.map_err(|cause| Error::unavailable("STS", &cause))?;
    identity.arn.map(Actor::Operator).ok_or_else(|| Failure::unavailable("AWS does not say who you are"))
}

/// AWS's clock, by what its answers say: this machine's may be wrong, and what is due is judged by the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct AwsClock {
    /// By how many milliseconds AWS is ahead of this machine.
    ahead: Arc<AtomicI64>,
}

impl AwsClock {
    pub(crate) fn clock(&self) -> Clock {
        let (ahead, machine) = (self.ahead.clone(), Clock::system());
        Clock::new(move || Timestamp::from_millis(machine.now().millis() + ahead.load(Ordering::Relaxed)))
    }

    /// What listens to a client's answers.
    pub(crate) fn interceptor(&self) -> impl Intercept + use<> {
        let ahead = self.ahead.clone();
        HearSkew::new(Clock::system(), move |_, skew| {
            ahead.store(if skew.abs() > ALLOWED_MS { -skew } else { 0 }, Ordering::Relaxed);
        })
    }

    /// By how much this machine's clock is off.
    pub(crate) fn skew(&self) -> Duration {
        Duration::from_millis(self.ahead.load(Ordering::Relaxed).unsigned_abs())
    }
}
