//! `DynamoDB` events: a function that consumes the stream of a table of this template. Of filters, only those by kind of
//! change; no parallel shards, no tumbling windows.

use serde_json::Value;

use crate::object::Object;
use crate::resource::Resources;

const CHANGES: [&str; 3] = ["INSERT", "MODIFY", "REMOVE"];

/// A stream that a function consumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSource {
    /// Logical id of the table.
    pub table: String,
    /// How many records a call gets at most.
    pub batch_size: u32,
    /// How long Lambda gathers records before it calls.
    pub batching_window_seconds: u32,
    /// How often a failing batch is tried again; none means until its records expire.
    pub maximum_retry_attempts: Option<u32>,
    /// Whether a failing batch is split in two.
    pub bisect: bool,
    /// Whether the function says which records failed.
    pub report_batch_item_failures: bool,
    /// Whether it begins with the oldest record there is, and not with the next.
    pub from_the_beginning: bool,
    /// Kinds of change that the function gets: some of `INSERT`, `MODIFY`, `REMOVE`.
    pub changes: Vec<String>,
    /// ARN of the queue that learns of records given up on.
    pub on_failure: Option<String>,
}

/// Reads the evaluated properties of an event.
pub(crate) fn read(mut properties: Object, resources: &Resources) -> Option<StreamSource> {
    let arn = properties.required_text("Stream")?;
    let table = resources.table_of_stream(&arn);
    if table.is_none() {
        properties.fault("Stream", "must be `!GetAtt Table.StreamArn` of a table of this template");
    }
    properties.require("StartingPosition");
    let start = properties.choice("StartingPosition", &["TRIM_HORIZON", "LATEST"]);
    let batch_size = properties.number("BatchSize", 1..=10_000).unwrap_or(100);
    let batching_window_seconds = properties.number("MaximumBatchingWindowInSeconds", 0..=300).unwrap_or(0);
    let maximum_retry_attempts = properties.number("MaximumRetryAttempts", 0..=10_000);
    let bisect = properties.flag("BisectBatchOnFunctionError").unwrap_or(false);
    let mut report_batch_item_failures = false;
    for (_, kind) in properties.list("FunctionResponseTypes") {
        if kind == "ReportBatchItemFailures" {
            report_batch_item_failures = true;
        } else {
            properties.fault("FunctionResponseTypes", format!("{kind} is not supported"));
        }
    }
    let changes = properties.object("FilterCriteria").map_or_else(|| CHANGES.map(str::to_owned).to_vec(), changes);
    let on_failure = properties.object("DestinationConfig").and_then(destination);
    properties.finish();
    Some(StreamSource {
        table: table?.to_owned(),
        batch_size,
        batching_window_seconds,
        maximum_retry_attempts,
        bisect,
        report_batch_item_failures,
        from_the_beginning: start? == "TRIM_HORIZON",
        changes,
        on_failure,
    })
}

/// Filters are alternatives; the only pattern understood is `{"eventName": ["INSERT", …]}`.
fn changes(mut criteria: Object) -> Vec<String> {
    let mut changes = Vec::new();
    let filters = criteria.objects("Filters");
    if filters.is_empty() {
        criteria.fault("Filters", "must have a filter");
    }
    for mut filter in filters {
        let pattern = filter.required_text("Pattern").unwrap_or_default();
        filter.finish();
        let pattern: Value = serde_json::from_str(&pattern).unwrap_or_default();
        let names = match pattern.as_object() {
            Some(entries) if entries.len() == 1 => entries.get("eventName").and_then(Value::as_array),
            _ => None,
        };
        let names = names.map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>()).unwrap_or_default();
        if names.is_empty() || names.iter().any(|name| !CHANGES.contains(name)) {
            criteria.fault("Filters", "the only supported pattern is {\"eventName\": [\"INSERT\", …]}");
        }
        changes.extend(names.into_iter().map(str::to_owned));
    }
    criteria.finish();
    changes
}

fn destination(mut config: Object) -> Option<String> {
    let on_failure = config.object("OnFailure").and_then(|mut target| {
        target.choice("Type", &["SQS"]);
        let arn = target.required_text("Destination");
        target.finish();
        arn
    });
    config.finish();
    on_failure
}
