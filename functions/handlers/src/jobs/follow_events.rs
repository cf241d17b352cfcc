//! `jobs-follow-events`: the audit trail's stream consumer. Counts each event once and writes the deliveries that follow from it.
//!
//! A record that is no event will not become one by coming again: it is logged and left out. What could not be written is
//! reported back and comes again, until it can be.

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::feed::{self, Entry};
use shared::id;

use super::{Consumer, failure};

pub const CONSUMER: Consumer =
    Consumer { name: "jobs-follow-events", handle: |app, event| Box::pin(handle(app, event)) };

async fn handle(app: &App, event: Event) -> DynamoDbEventResponse {
    let now = app.clock.now();
    let ctx = RequestContext::of_job(now, id::fresh(now));
    let mut response = DynamoDbEventResponse::default();
    let mut entries = Vec::new();
    let mut numbers = Vec::new();
    for record in event.records.into_iter().filter(|record| record.event_name == "INSERT") {
        let number = record.change.sequence_number.clone();
        let entry: Option<Entry> = serde_dynamo::from_item(record.change.new_image).ok();
        match entry.filter(Entry::is_whole) {
            Some(entry) => {
                entries.push(entry);
                numbers.push(number);
            }
            None => tracing::error!(record = number, "a record of the audit trail's stream is no event"),
        }
    }
    let ((report, stopped), _) = trips::counted(&ctx.request_id, feed::take(app, &ctx, &entries)).await;
    if let Some((index, error)) = stopped {
        tracing::warn!(%error, "events could not be taken");
        response.batch_item_failures.push(failure(numbers.get(index).cloned().flatten()));
    }
    tracing::info!(?report, "events taken");
    response
}
