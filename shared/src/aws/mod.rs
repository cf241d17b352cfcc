//! The AWS side: one configuration for all clients, and thin clients for KMS and SES. DynamoDB lives in [`crate::store`].
//!
//! The configuration is made by hand, not by `aws-config`: a cold start should not pay for profile files, instance
//! metadata or the system's certificate store that no Lambda function needs.

pub mod kms;
pub mod ses;
pub mod skew;
pub mod trips;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::environment::Environment;
use crate::error::{Error, Result};

/// The five roots that AWS's endpoints chain to. Loading the system's 145 instead triples a cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// What all clients share: one connection pool, region, credentials, endpoints and patience.
///
/// Honours `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` as every SDK does.
///
/// # Errors
/// When the region or the credentials are missing.
pub fn sdk_config(environment: &Environment) -> Result<SdkConfig> {
    let variable = |name: &str| {
        environment.get(name).map(str::to_owned).ok_or_else(|| Error::internal(format!("{name} is not set")))
    };
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        environment.get("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http_client()?)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_millis(250)),
        )
        // A client gives a refresh 5 s: all attempts together must have failed well before that, to answer 503 in time (F10).
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_millis(1200))
                .operation_timeout(Duration::from_millis(3000))
                .build(),
        )
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Endpoints(environment.clone()))
        .build())
}

/// The way to AWS: one connection pool, which trusts Amazon's roots and nobody else.
///
/// # Errors
/// When the roots cannot be read.
pub fn http_client() -> Result<SharedHttpClient> {
    let tls = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS))
        .build()
        .map_err(Error::internal)?;
    let client = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    Ok(client.tls_context(tls).build_https())
}

/// Looks up per-service settings the way the SDK names them: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`.
#[derive(Debug)]
struct Endpoints(Environment);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).or_else(|| self.0.get(key.env())).map(str::to_owned)
    }
}
