//! The way to AWS that an operator has: profiles, roles and SSO by `aws-config`, where functions have three variables
//! (decision 0040). Endpoints are the SDK's own settings.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::Serialize;
use shared::audit::Actor;
use shared::aws::skew::{ALLOWED_MS, HearSkew};
use shared::clock::{Clock, Timestamp};
use shared::environment::Environment;
use shared::error::Error;

use crate::arguments::Options;
use crate::exit::Failure;

/// What leads the SDK to other servers than AWS's: all of it, or one of the services that are asked here.
const ENDPOINTS: [&str; 6] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_SES",
    "AWS_ENDPOINT_URL_STS",
];

/// The configuration of every client. Operators are farther away than functions, and wait longer.
///
/// # Errors
/// Where no region is known, or a profile is meant and the environment leads elsewhere.
pub(crate) async fn connect(options: &Options) -> Result<SdkConfig, Failure> {
    if let (Some(profile), Some((variable, _))) = (&options.profile, elsewhere()) {
        let why = format!("{variable} leads elsewhere than to where the profile {profile} belongs");
        return Err(Failure::usage(format!("{why}: unset it, or leave --profile out")));
    }
    let http = shared::aws::http_client()?;
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http.clone())
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
    let Some(region) = config.region() else {
        return Err(Failure::usage("no region: give --region, set AWS_REGION, or use a --profile that has one"));
    };
    let Some(profile) = &options.profile else { return Ok(config) };
    // By itself the SDK would prefer keys in the environment, which may be another account's.
    let place = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http);
    let credentials = ProfileFileCredentialsProvider::builder().configure(&place).profile_name(profile).build();
    Ok(config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build())
}

/// The variable that leads elsewhere than to AWS's own servers, and its value.
fn elsewhere() -> Option<(&'static str, String)> {
    let environment = Environment::of_process();
    ENDPOINTS.into_iter().find_map(|name| Some((name, environment.get(name)?.to_owned())))
}

/// Where a command works, and for whom, as AWS knows them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Place {
    pub(crate) stack: String,
    pub(crate) account: String,
    pub(crate) region: String,
    /// Where it is not AWS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    pub(crate) operator: String,
}

impl Place {
    /// Asks AWS, and listens to its clock.
    ///
    /// # Errors
    /// When AWS does not say. Nothing is changed by nobody.
    pub(crate) async fn of(config: &SdkConfig, stack: &str, clock: &AwsClock) -> Result<Self, Failure> {
        let client = aws_sdk_sts::config::Builder::from(config).interceptor(clock.interceptor()).build();
        let identity = aws_sdk_sts::Client::from_conf(client).get_caller_identity().send().await;
        let identity = identity.map_err(|cause| Error::unavailable("STS", &cause))?;
        let (Some(account), Some(operator)) = (identity.account, identity.arn) else {
            return Err(Failure::unavailable("AWS does not say who you are"));
        };
        let endpoint = config.endpoint_url().map(str::to_owned).or_else(|| elsewhere().map(|(_, endpoint)| endpoint));
        Ok(Self {
            stack: stack.to_owned(),
            account,
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            endpoint,
            operator,
        })
    }

    /// For the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Operator(self.operator.clone())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, account, region, operator, .. } = self;
        write!(f, "stack {stack} in account {account}, {region}")?;
        if let Some(endpoint) = &self.endpoint {
            write!(f, " at {endpoint}")?;
        }
        write!(f, ", as {operator}")
    }
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
