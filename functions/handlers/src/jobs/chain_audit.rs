//! `jobs-chain-audit`: adds what the audit trail's stream tells to the chain that the trail is held against.
//!
//! Nothing that is in a record can make it fail: it takes what is there. Only a chain that does not answer makes a batch
//! come again, as often as it must.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use shared::app::App;
use shared::audit::chain::{self, Change};
use shared::aws::trips;
use shared::clock::Timestamp;
use shared::id;
use shared::store::fingerprint;

use super::Consumer;

pub const CONSUMER: Consumer = Consumer { name: "jobs-chain-audit", handle: |app, event| Box::pin(handle(app, event)) };

async fn handle(app: &App, event: Event) -> DynamoDbEventResponse {
    let changes: Vec<Change> = event.records.iter().map(change).collect();
    let now = app.clock.now();
    let (followed, _) = trips::counted(&id::fresh(now), chain::follow(app, now, &changes)).await;
    let mut response = DynamoDbEventResponse::default();
    if let Err(error) = followed {
        tracing::warn!(%error, records = changes.len(), "the audit chain could not be followed");
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = event.records.first().and_then(|record| record.change.sequence_number.clone());
        response.batch_item_failures.push(failure);
    }
    response
}

fn change(record: &EventRecord) -> Change {
    let at = record.change.keys.get("at").and_then(|at| match at {
        serde_dynamo::AttributeValue::S(at) => Some(at.clone()),
        _ => None,
    });
    let at = at.unwrap_or_default();
    match record.event_name.as_str() {
        "REMOVE" => Change::Removed { at },
        _ => Change::Written {
            at,
            fingerprint: fingerprint(&record.change.new_image),
            written_at: Timestamp::from_millis(record.change.approximate_creation_date_time.timestamp_millis()),
        },
    }
}
