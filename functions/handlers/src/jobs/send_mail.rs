//! `jobs-send-mail`: the outbox's stream consumer. Sends each new message; what fails is tried again by `jobs-retry-mail`.
//!
//! A record may come twice or late: only who claims the message sends it. A record that cannot even be claimed, because
//! the outbox does not answer, is reported back, so that Lambda repeats it and, in the end, dead-letters it.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::id;
use shared::mail::outbox;
use shared::store::Turn;

use super::{Consumer, failure};

pub const CONSUMER: Consumer = Consumer { name: "jobs-send-mail", handle: |app, event| Box::pin(handle(app, event)) };

async fn handle(app: &App, event: Event) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for record in event.records {
        let Some(message_id) = new_message(&record) else { continue };
        let now = app.clock.now();
        let ctx = RequestContext::of_job(now, id::fresh(now));
        let (delivery, _) = trips::counted(&ctx.request_id, outbox::deliver(app, &ctx, &message_id, Turn::First)).await;
        match delivery {
            Ok(delivery) => tracing::info!(message_id, ?delivery, "mail handled"),
            Err(error) => {
                tracing::warn!(message_id, %error, "mail could not be handled");
                response.batch_item_failures.push(failure(record.change.sequence_number.clone()));
                // Lambda repeats everything from the first failed record on, so the rest would only be done twice.
                break;
            }
        }
    }
    response
}

/// The message a record tells of, if the record is a new message's.
fn new_message(record: &EventRecord) -> Option<String> {
    if record.event_name != "INSERT" {
        return None;
    }
    let keys: std::collections::HashMap<String, String> = serde_dynamo::from_item(record.change.keys.clone()).ok()?;
    keys.get("message_id").cloned()
}
