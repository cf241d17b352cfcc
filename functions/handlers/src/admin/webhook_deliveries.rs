//! `GET /admin/webhooks/{id}/deliveries` and `POST /admin/webhooks/{id}/deliveries/{delivery}/redeliver`: what was sent, what
//! was answered, and once more.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::error::Result;
use shared::http::{Call, Endpoint, Reply, credentials};
use shared::store::{DeliveryRecord, Try};
use shared::webhooks;

use crate::openapi::{Operation, Tag, values};
use crate::reply::Status;

pub const ENDPOINT: Endpoint = Endpoint {
    name: "admin-webhook-deliveries",
    routes: &["GET /admin/webhooks/{id}/deliveries", "POST /admin/webhooks/{id}/deliveries/{delivery}/redeliver"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

const PAGE: i32 = 50;

/// A page of deliveries.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Deliveries")]
#[serde(rename_all = "camelCase")]
struct Page {
    deliveries: Vec<Delivery>,
    /// The `before` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next: Option<String>,
}

/// An event on its way, and what became of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    id: String,
    event: String,
    /// `waiting`, `delivered` or `dead`.
    state: &'static str,
    created_at: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    delivered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    dead_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    dead_reason: Option<String>,
    tries: Vec<Made>,
}

/// One try.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeliveryTry")]
struct Made {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u16")]
    status: Option<u16>,
    millis: u64,
    answer: String,
}

impl From<Try> for Made {
    fn from(Try { at, status, millis, answer }: Try) -> Self {
        Self { at: at.to_string(), status, millis, answer }
    }
}

impl From<DeliveryRecord> for Delivery {
    fn from(delivery: DeliveryRecord) -> Self {
        let state = match (delivery.delivered_at, delivery.dead_at) {
            (Some(_), _) => "delivered",
            (None, Some(_)) => "dead",
            (None, None) => "waiting",
        };
        Self {
            id: delivery.delivery,
            event: delivery.kind,
            state,
            created_at: delivery.created_at.to_string(),
            attempts: delivery.attempts,
            due_at: delivery.due_at.map(|at| at.to_string()),
            delivered_at: delivery.delivered_at.map(|at| at.to_string()),
            dead_at: delivery.dead_at.map(|at| at.to_string()),
            dead_reason: delivery.dead_reason,
            tries: delivery.tries.into_iter().map(Made::from).collect(),
        }
    }
}

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    if call.method() == Method::POST { Box::pin(redeliver(app, call)).await } else { Box::pin(list(app, call)).await }
}

async fn list(app: &App, call: &Call) -> Result<Reply> {
    credentials::admin_reader(app, call).await?;
    let is_id = |text: &str| (text.len() <= 64 && text.is_ascii()).then(|| text.to_owned());
    let before = call.query("before", "must be the `next` of a page", is_id)?;
    let id = call.path_parameter("id")?;
    let (deliveries, has_more) = webhooks::deliveries(app, &id, before.as_deref(), PAGE).await?;
    let next = deliveries.last().filter(|_| has_more).map(|last| last.delivery.clone());
    Reply::ok(&Page { deliveries: deliveries.into_iter().map(Delivery::from).collect(), next })
}

async fn redeliver(app: &App, call: &Call) -> Result<Reply> {
    let admin = credentials::admin(app, call).await?;
    let (id, delivery) = (call.path_parameter("id")?, call.path_parameter("delivery")?);
    webhooks::redeliver(app, &call.ctx, admin.user.user_id, &id, &delivery).await?;
    Reply::accepted(&Status::new("redelivery_requested"))
}

/// For the API reference.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            &ENDPOINT,
            "GET /admin/webhooks/{id}/deliveries",
            "listDeliveries",
            Tag::Administration,
            "See what was sent to a webhook",
        )
        .for_reading_admins()
        .path("id", values::text, "Which webhook")
        .query("before", values::text, "The `next` of the page before")
        .answers::<Page>(200, "Newest first, fifty a page."),
        Operation::new(
            &ENDPOINT,
            "POST /admin/webhooks/{id}/deliveries/{delivery}/redeliver",
            "redeliver",
            Tag::Administration,
            "Send something again",
        )
        .for_admins()
        .path("id", values::text, "Which webhook")
        .path("delivery", values::text, "Which delivery")
        .says(202, "redelivery_requested", "It is sent again within a minute, under the same id."),
    ]
}
