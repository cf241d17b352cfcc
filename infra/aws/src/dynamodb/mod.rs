//! DynamoDB: hands requests to the `dynoxide` engine and reads back what they consumed.
//!
//! The engine is reached through its own HTTP server on a port of its own, because the function that
//! validates and words errors as DynamoDB does is private to that server. Nobody else is told the port.

mod backups;
mod capacity;
mod engine;
mod streams;

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::front::Served;
use crate::prices;
use crate::reply::Reply;
use crate::request::{Identified, Service};

use self::backups::Backups;
pub(crate) use engine::{Database, open, spawn};
pub(crate) use streams::records;
pub use streams::{Changes, StreamError};

/// The headers that the engine looks at.
const FORWARDED: [&str; 4] = ["x-amz-target", "x-amz-date", "content-type", "authorization"];

/// The way to the engine.
pub(crate) struct Dynamodb {
    engine: String,
    client: Client<HttpConnector, Full<Bytes>>,
    writes: watch::Sender<u64>,
    backups: Backups,
}

impl Dynamodb {
    /// For an engine that listens at this address.
    pub(crate) fn new(engine: SocketAddr, clock: Clock) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            engine: format!("http://{engine}/"),
            client: Client::builder(TokioExecutor::new()).build(connector),
            writes: watch::Sender::new(0),
            backups: Backups::new(clock),
        }
    }

    /// A watch on writes.
    pub(crate) fn changes(&self) -> Changes {
        Changes::new(self.writes.subscribe())
    }

    /// Does one operation.
    pub(crate) async fn serve(&self, headers: &HeaderMap, body: Bytes, call: &Identified, input: &Value) -> Served {
        if backups::is_about(&call.operation) {
            let table = call.tables.first().map(String::as_str).unwrap_or_default();
            let exists = self.has_table(headers, table).await;
            return Served::free(self.backups.serve(&call.operation, table, exists, input));
        }
        // Asking for the units is ours: a client that did not ask must not see the answer, or code that
        // needs it would work here and fail in AWS.
        let is_asking = capacity::is_reported_by(&call.operation) && input["ReturnConsumedCapacity"].is_null();
        let body = if is_asking { capacity::ask(&body) } else { body };
        let (status, body) = match self.forward(headers, body).await {
            Ok(answer) => answer,
            Err(reason) => {
                let reply =
                    Reply::error(Service::Dynamodb, StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &reason);
                return Served { reply, read_units: 0.0, write_units: 0.0, price_usd: 0.0 };
            }
        };
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
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
                Some(_) => Bytes::from(answer.to_string()),
                None => body,
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
        let body = serde_json::json!({ "TableName": table }).to_string();
        self.forward(&headers, body.into()).await.is_ok_and(|(status, _)| status.is_success())
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.engine.parse().map_err(|error| format!("{error}"))?;
        for name in FORWARDED {
            if let Some(value) = headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }
}
