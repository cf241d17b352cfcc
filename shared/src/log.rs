//! Logs: JSON lines on standard output, one for each request and each thing that went wrong (OPS-5).

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::environment::Environment;

/// Starts logging, at `LOG_LEVEL`. Lambda stamps the time.
pub fn start(environment: &Environment) {
    let level = environment.get("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .without_time()
        .with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(quiet_sdk(level))).init();
}

/// The SDK warns of every refused condition, and those are everyday outcomes here. What really fails we log ourselves.
pub fn quiet_sdk(level: LevelFilter) -> Targets {
    let sdk = ["aws_smithy_runtime", "aws_smithy_runtime_api", "aws_sdk_dynamodb", "aws_sdk_kms", "aws_sdk_ses"];
    let quiet = sdk.map(|target| (target, LevelFilter::ERROR.min(level)));
    Targets::new().with_default(level).with_targets(quiet)
}
