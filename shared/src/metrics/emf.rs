//! CloudWatch's embedded metric format: log lines that become metrics without a call (OPS-3).
//!
//! A line goes through `tracing` as one field of an event of its own target; [`crate::log`] writes that field as it is.
//! Nothing here can fail: a line that cannot be written is lost.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::name;
use crate::clock::Timestamp;
use crate::store::Counts;
use crate::tally::Tally;

/// The target of these lines.
pub const TARGET: &str = "postern::emf";

/// The field that is the line.
pub const FIELD: &str = "line";

const NAMESPACE: &str = "Postern";

/// Lines for what processes gathered.
pub(super) fn of_processes(stack: &str, gathered: &BTreeMap<&'static str, Counts>, now: Timestamp) {
    for (function, Counts { total, .. }) in gathered {
        for (parts, n) in total.each() {
            match parts.as_slice() {
                [name::ANSWERED, code] => {
                    emit(&line(stack, now, ("Requests", "Count"), json!(n), &[("Function", function), ("Code", code)]))
                }
                [name::CSRF, outcome] => {
                    emit(&line(stack, now, ("CsrfChecks", "Count"), json!(n), &[("Outcome", outcome)]))
                }
                [name::DELIVERY, outcome] => {
                    emit(&line(stack, now, ("Deliveries", "Count"), json!(n), &[("Outcome", outcome)]));
                }
                _ => {}
            }
        }
        if let Some(durations) = durations(total) {
            emit(&line(stack, now, ("Duration", "Milliseconds"), durations, &[("Function", function)]));
        }
    }
}

/// Lines for counted events.
pub fn of_events(stack: &str, events: &Tally, now: Timestamp) {
    let mut counted: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (parts, n) in events.each() {
        if let [kind, outcome, ..] = parts.as_slice() {
            *counted.entry((kind, outcome)).or_default() += n;
        }
    }
    for ((kind, outcome), n) in counted {
        emit(&line(stack, now, ("Events", "Count"), json!(n), &[("Kind", kind), ("Outcome", outcome)]));
    }
}

/// Values and how often each was seen. A bucket's value is its upper bound: percentiles come out at bounds, never too low.
fn durations(tally: &Tally) -> Option<Value> {
    let mut counts = Vec::new();
    let mut values = Vec::new();
    for (parts, n) in tally.each() {
        let bound = match parts.as_slice() {
            [name::TOOK, "sum"] => continue,
            [name::TOOK, "more"] => 10_000,
            [name::TOOK, bound] => bound.parse().unwrap_or(0_u64),
            _ => continue,
        };
        values.push(bound);
        counts.push(n);
    }
    (!values.is_empty()).then(|| json!({ "Values": values, "Counts": counts }))
}

/// One metric as a line. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn line(stack: &str, now: Timestamp, (metric, unit): (&str, &str), value: Value, dimensions: &[(&str, &str)]) -> Value {
    let names: Vec<&str> = std::iter::once("Stack").chain(dimensions.iter().map(|(name, _)| *name)).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [names],
                "Metrics": [{ "Name": metric, "Unit": unit }],
            }],
        },
        "Stack": stack,
    });
    line[metric] = value;
    for (name, value) in dimensions {
        line[*name] = json!(value);
    }
    line
}

fn emit(line: &Value) {
    tracing::info!(target: TARGET, line = %line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_a_line_has_its_dimensions_and_its_value_at_the_root() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let line =
            line("mine", now, ("Events", "Count"), json!(3), &[("Kind", "UserLoggedIn"), ("Outcome", "success")]);
        assert_eq!(
            (&line["Events"], &line["Kind"], &line["Stack"]),
            (&json!(3), &json!("UserLoggedIn"), &json!("mine"))
        );
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["Stack", "Kind", "Outcome"]]));
        assert_eq!(directive["Metrics"], json!([{ "Name": "Events", "Unit": "Count" }]));
        assert_eq!(line["_aws"]["Timestamp"], json!(1_800_000_000_000_i64));
    }

    #[test]
    fn ops_3_a_histogram_is_its_values_and_their_counts() {
        let mut tally = Tally::default();
        tally.add(&[name::TOOK, "50"], 4);
        tally.add(&[name::TOOK, "more"], 1);
        tally.add(&[name::TOOK, "sum"], 900);
        assert_eq!(durations(&tally).unwrap(), json!({ "Values": [50, 10_000], "Counts": [4, 1] }));
        assert!(durations(&Tally::default()).is_none());
    }
}
