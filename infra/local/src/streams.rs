//! Event source mappings: takes a table's stream to the function that consumes it, with Lambda's rules for batches,
//! repetition and giving up.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use template::StreamSource;

use crate::functions;
use crate::stack::Inner;

/// Lambda waits between tries; a laptop need not wait as long.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a consumer sleeps without being woken.
const IDLE: Duration = Duration::from_secs(2);

/// Feeds one function from one stream, until the stack stops.
pub(crate) async fn consume(stack: Arc<Inner>, function: String, source: StreamSource, table: String) {
    let mut changes = stack.aws.changes();
    let mut position: Option<String> = None;
    loop {
        let batch_size = usize::try_from(source.batch_size).unwrap_or(1);
        match stack.aws.stream_records(&table, position.as_deref(), batch_size).await {
            Ok(records) if records.is_empty() => {
                // Woken or not, the next round looks: a wake-up may have been for another table.
                let _ = tokio::time::timeout(IDLE, changes.changed()).await;
            }
            Ok(records) => {
                position = records.last().and_then(sequence_number).or(position);
                deliver(&stack, &function, &source, records).await;
            }
            Err(error) => {
                tracing::error!(table, %error, "a stream cannot be read");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// Hands a batch over until every record is done or given up.
async fn deliver(stack: &Inner, function: &str, source: &StreamSource, records: Vec<Value>) {
    let is_wanted = |record: &Value| {
        source.changes.is_empty() || source.changes.iter().any(|change| record["eventName"] == **change)
    };
    let mut left: Vec<Value> = records.into_iter().filter(is_wanted).collect();
    let mut attempts = 0;
    while !left.is_empty() {
        let answer = functions::invoke(stack.app(), &stack.template, function, json!({ "Records": left })).await;
        let Some(first_failed) = first_failure(&left, answer, source) else { return };
        let done = first_failed;
        left.drain(..done);
        attempts = if done > 0 { 1 } else { attempts + 1 };
        if source.maximum_retry_attempts.is_some_and(|most| attempts > most) {
            // Only the first is known to be bad: give it up, and the others their own tries (bisecting comes to the same).
            let given_up = left.remove(0);
            tracing::error!(function, record = %given_up["dynamodb"]["Keys"], "a record was given up and dead-lettered");
            stack.dead_letter(function, given_up);
            attempts = 0;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The index of the first record that must come again; `None` when all are done.
fn first_failure(records: &[Value], answer: Result<Value, functions::Failed>, source: &StreamSource) -> Option<usize> {
    let Ok(answer) = answer else { return Some(0) };
    if !source.report_batch_item_failures {
        return None;
    }
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    let failed = |record: &Value| {
        failures.iter().any(|failure| failure["itemIdentifier"] == record["dynamodb"]["SequenceNumber"])
    };
    // A failure that names no record of the batch makes Lambda repeat all of it.
    if failures.is_empty() { None } else { Some(records.iter().position(failed).unwrap_or(0)) }
}

fn sequence_number(record: &Value) -> Option<String> {
    record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned)
}
