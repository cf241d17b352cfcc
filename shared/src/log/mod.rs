//! Logs: JSON lines on standard output, one for each request and each thing that went wrong (OPS-5).
//!
//! Of the requests to hot routes that went well, one in so many is logged; whatever was refused or failed always is.

mod clean;
mod metric_lines;

use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicU32, Ordering};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use self::metric_lines::MetricLines;
use crate::environment::Environment;
use crate::metrics::emf;

pub use self::clean::{Clean, masked_ip};

/// Starts logging, at `LOG_LEVEL`. Lambda stamps the time.
pub fn start(environment: &Environment) {
    let level = environment.get("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::registry().with(lines(level, || Clean(io::stdout()))).with(MetricLines::layer()).init();
    panic::set_hook(Box::new(|panicked| {
        tracing::error!(at = panicked.location().map(ToString::to_string), what = words_of(panicked), "panicked");
    }));
}

/// The lines as they are deployed, for any writer.
pub fn lines<S, W>(level: LevelFilter, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .without_time()
        .with_target(false)
        .with_writer(writer)
        .with_filter(levels(level))
}

fn words_of<'a>(panicked: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = panicked.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or_default()
}

/// Lets one in so many through, the first among them. One per process.
#[derive(Debug)]
pub struct Sampler {
    one_in: u32,
    seen: AtomicU32,
}

impl Sampler {
    pub fn new(one_in: u32) -> Self {
        Self { one_in: one_in.max(1), seen: AtomicU32::new(0) }
    }

    /// How many this one stands for; `None` for those that are left out.
    pub fn take(&self) -> Option<u32> {
        self.seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.one_in).then_some(self.one_in)
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
    fn ops_5_one_in_so_many_is_logged_and_the_first_always() {
        let sampler = Sampler::new(3);
        let taken: Vec<_> = (0..7).map(|_| sampler.take()).collect();
        assert_eq!(taken, [Some(3), None, None, Some(3), None, None, Some(3)]);
        assert!((0..5).all(|_| Sampler::new(1).take() == Some(1)));
    }

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
