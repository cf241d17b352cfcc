//! `jobs-send-webhooks`: the stream consumer of deliveries. Makes each new one; what fails is tried again by
//! `jobs-retry-webhooks`.
//!
//! A record may come twice or late: only who claims the delivery first makes it, and what has been tried is not tried again
//! before its time. Those of a batch are under way together, so that one slow receiver costs the others ten seconds at most.

use std::collections::HashMap;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use futures_util::future::join_all;
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::store::Turn;
use shared::webhooks::delivery;
use shared::{id, metrics};

use super::{Consumer, failure};

pub const CONSUMER: Consumer =
    Consumer { name: "jobs-send-webhooks", handle: |app, event| Box::pin(handle(app, event)) };

async fn handle(app: &App, event: Event) -> DynamoDbEventResponse {
    let now = app.clock.now();
    let ctx = RequestContext::of_job(now, id::fresh(now));
    let work = async {
        let made = join_all(event.records.iter().filter_map(new_delivery).map(|(destination, delivery, number)| {
            let ctx = &ctx;
            async move { (delivery::deliver(app, ctx, (&destination, &delivery), Turn::First).await, number) }
        }));
        let made = made.await;
        metrics::write_now(app, app.clock.now()).await;
        made
    };
    let (made, _) = trips::counted(&ctx.request_id, work).await;
    let mut response = DynamoDbEventResponse::default();
    for (outcome, number) in made {
        match outcome {
            Ok(outcome) => tracing::info!(?outcome, "delivery handled"),
            Err(error) => {
                tracing::warn!(%error, "a delivery could not be handled");
                response.batch_item_failures.push(failure(number));
            }
        }
    }
    response
}

/// The delivery a record tells of, if the record is a new delivery's.
fn new_delivery(record: &EventRecord) -> Option<(String, String, Option<String>)> {
    if record.event_name != "INSERT" {
        return None;
    }
    let mut keys: HashMap<String, String> = serde_dynamo::from_item(record.change.keys.clone()).ok()?;
    Some((keys.remove("destination")?, keys.remove("delivery")?, record.change.sequence_number.clone()))
}
