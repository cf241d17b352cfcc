//! Lines of CloudWatch's embedded metric format, among the lines of the log.

use std::fmt::Debug;
use std::io::Write;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::metrics::emf;

/// Writes lines of the embedded metric format as they are, past the form and the level of log lines: CloudWatch reads
/// them. One that cannot be written is lost (F31).
pub(super) struct MetricLines;

impl MetricLines {
    pub(super) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>() -> impl Layer<S> {
        Self.with_filter(Targets::new().with_target(emf::TARGET, LevelFilter::INFO))
    }
}

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
