//! DynamoDB: hands requests to an engine and reads back what they consumed.
//!
//! The engine is `dynoxide`, reached through its own HTTP server on a port of its own, because the function that
//! validates and words errors as DynamoDB does is private to that server; or another emulator.

mod backups;
mod capacity;
mod engine;
mod streams;

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::front::Served;
use crate::prices;
use crate::reply::Reply;
use crate::request::{Identified, Service};

use self::backups::Backups;
pub(crate) use engine::{Database, open, spawn};
pub use streams::{Changes, StreamError};
pub(crate) use streams::{records, records_elsewhere};

/// DynamoDB, whoever plays it.
pub(crate) struct Dynamodb {
    engine: Arc<Engine>,
    writes: watch::Sender<u64>,
    /// What the engine of this process does not do by itself.
    backups: Option<Backups>,
}

impl Dynamodb {
    /// By the engine of this process.
    pub(crate) fn new(engine: Engine, clock: Clock) -> Self {
        Self { backups: Some(Backups::new(clock)), ..Self::elsewhere(Arc::new(engine)) }
    }

    /// By another emulator, which is asked everything.
    pub(crate) fn elsewhere(engine: Arc<Engine>) -> Self {
        Self { engine, writes: watch::Sender::new(0), backups: None }
    }

    /// A watch on writes.
    pub(crate) fn changes(&self) -> Changes {
        Changes::new(self.writes.subscribe())
    }

    /// Does one operation.
    pub(crate) async fn serve(&self, headers: &HeaderMap, body: Bytes, call: &Identified, input: &Value) -> Served {
        if let Some(backups) = self.backups.as_ref().filter(|_| backups::is_about(&call.operation)) {
            let table = call.tables.first().map(String::as_str).unwrap_or_default();
            let exists = self.has_table(headers, table).await;
            return Served::free(backups.serve(&call.operation, table, exists, input));
        }
        // Asking for the units is ours: a client that did not ask must not see the answer, or code that
        // needs it would work here and fail in AWS.
        let is_asking = capacity::is_reported_by(&call.operation) && input["ReturnConsumedCapacity"].is_null();
        let body = if is_asking { capacity::ask(&body) } else { body };
        let (status, body) = match self.engine.forward(headers, body).await {
            Ok(answer) => answer,
            Err(reason) => {
                let reply =
                    Reply::error(Service::Dynamodb, StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &reason);
                return Served { reply, read_units: 0.0, write_units: 0.0, price_usd: 0.0 };
            }
        };
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let is_corrected = self.backups.is_some() && forget_the_key_of_a_new_item(call, input, &mut answer);
        let error = answer["__type"].as_str().map(|kind| kind.rsplit('#').next().unwrap_or(kind).to_owned());
        let units = match &error {
            None => capacity::consumed(call, input, &answer),
            Some(code) => capacity::consumed_by_refusal(call, code),
        };
        if status.is_success() && capacity::is_write(&call.operation, input) {
            self.writes.send_modify(|count| *count += 1);
        }
        let body =
            match answer.as_object_mut().filter(|_| is_asking).and_then(|members| members.remove("ConsumedCapacity")) {
                None if !is_corrected => body,
                _ => Bytes::from(answer.to_string()),
            };
        Served {
            reply: Reply { status, content_type: "application/x-amz-json-1.0", body, error, headers: Vec::new() },
            read_units: units.read,
            write_units: units.write,
            price_usd: prices::dynamodb(units.read, units.write),
        }
    }

    /// Whether the engine has a table of that name.
    async fn has_table(&self, headers: &HeaderMap, table: &str) -> bool {
        let mut headers = headers.clone();
        headers.insert("x-amz-target", HeaderValue::from_static("DynamoDB_20120810.DescribeTable"));
        let body = json!({ "TableName": table }).to_string();
        self.engine.forward(&headers, body.into()).await.is_ok_and(|(status, _)| status.is_success())
    }
}

/// An update that makes an item has no old one, but dynoxide 3.2.0 gives its key as the old item's attributes. Whether it
/// did so is told. An old item that was nothing but its key looks the same, and is not told of either: no table here has
/// one.
fn forget_the_key_of_a_new_item(call: &Identified, input: &Value, answer: &mut Value) -> bool {
    let is_asked = call.operation == "UpdateItem" && input["ReturnValues"] == "ALL_OLD";
    let is_only_the_key = is_asked && answer["Attributes"] == input["Key"];
    is_only_the_key && answer.as_object_mut().is_some_and(|members| members.remove("Attributes").is_some())
}
