//! Logs: JSON lines on standard output, one for each request and each thing that went wrong (OPS-5).

use std::fmt::Debug;
use std::io::Write;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::environment::Environment;
use crate::metrics::emf;

/// Starts logging, at `LOG_LEVEL`. Lambda stamps the time.
pub fn start(environment: &Environment) {
    let level = environment.get("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .without_time()
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(levels(level)))
        .with(MetricLines.with_filter(Targets::new().with_target(emf::TARGET, LevelFilter::INFO)))
        .init();
}

/// Writes lines of the embedded metric format as they are, past the form and the level of log lines: CloudWatch reads
/// them. One that cannot be written is lost (F31).
struct MetricLines;

impl<S: Subscriber> Layer<S> for MetricLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(None);
        event.record(&mut line);
        if let Line(Some(line)) = line {
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    }
}

/// The field that is the line.
struct Line(Option<String>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == emf::FIELD {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

/// The level is for our own code. Of everything beneath us only warnings are let through, whatever the level: the
/// runtime traces whole events and the SDK whole requests, passwords and tokens in them. And of the SDK only errors: it
/// warns of every refused condition, an everyday outcome here.
pub fn levels(level: LevelFilter) -> Targets {
    let ours = ["shared", "handlers", "local", "postern_local"].map(|target| (target, level));
    let sdk = ["aws_smithy_runtime", "aws_smithy_runtime_api"].map(|target| (target, LevelFilter::ERROR.min(level)));
    let metrics = (emf::TARGET, LevelFilter::OFF);
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(ours)
        .with_targets(sdk)
        .with_targets([metrics])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn case_270_no_level_lets_the_runtime_or_the_sdk_print_requests() {
        for level in [LevelFilter::INFO, LevelFilter::DEBUG, LevelFilter::TRACE] {
            let levels = levels(level);
            for target in [
                "lambda_runtime::layers::api_response",
                "aws_sigv4::http_request::sign",
                "hyper",
                "aws_smithy_runtime::client",
            ] {
                assert!(!levels.would_enable(target, &Level::INFO), "{target} at {level}");
            }
            assert!(levels.would_enable("shared::http::endpoint", &Level::INFO));
        }
        assert!(!levels(LevelFilter::OFF).would_enable("aws_sigv4", &Level::ERROR));
    }
}
