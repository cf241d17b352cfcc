//! The receiver of a laptop: takes what webhooks and alert channels are sent, shows it, and answers as it is told.
//!
//! It verifies nothing: that is for whoever looks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::MovableClock;
use crate::gateway::{json_response, refused};

/// More is forgotten, oldest first.
const MOST: usize = 1000;

/// A message as it came.
#[derive(Clone, Serialize)]
pub(crate) struct Received {
    /// The path below `/_local/webhooks/to/`.
    to: String,
    at: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What it answers. Whatever is left out is as a good receiver has it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Reply {
    status: Option<u16>,
    body: String,
    location: Option<String>,
    retry_after: Option<u64>,
    delay_ms: u64,
    /// How many messages it is for; until told otherwise if absent.
    times: Option<u32>,
}

pub(crate) struct Receiver {
    clock: MovableClock,
    received: Mutex<VecDeque<Received>>,
    reply: Mutex<Reply>,
}

impl Receiver {
    pub(crate) fn new(clock: MovableClock) -> Self {
        Self { clock, received: Mutex::default(), reply: Mutex::default() }
    }

    /// Nothing came, and everything is well again.
    pub(crate) fn reset(&self) {
        self.received().clear();
        *self.reply() = Reply::default();
    }

    fn received(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self) -> MutexGuard<'_, Reply> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_reply(&self) -> Reply {
        let mut reply = self.reply();
        let taken = reply.clone();
        if let Some(times) = &mut reply.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                *reply = Reply::default();
            }
        }
        taken
    }
}

pub(crate) fn router<S>(receiver: Arc<Receiver>) -> Router<S> {
    Router::new()
        .route("/_local/webhooks", get(list).delete(clear))
        .route("/_local/webhooks/answer", post(set_reply))
        .route("/_local/webhooks/to/{*to}", post(receive).get(receive))
        .with_state(receiver)
}

async fn list(State(receiver): State<Arc<Receiver>>) -> Response<Body> {
    let received: Vec<Received> = receiver.received().iter().cloned().collect();
    json_response(StatusCode::OK, &json!({ "received": received }))
}

async fn clear(State(receiver): State<Arc<Receiver>>) -> Response<Body> {
    receiver.reset();
    json_response(StatusCode::OK, &json!({ "status": "cleared" }))
}

async fn set_reply(State(receiver): State<Arc<Receiver>>, body: Bytes) -> Response<Body> {
    match serde_json::from_slice::<Reply>(&body) {
        Ok(reply) if reply.status.is_some_and(|status| !(200..600).contains(&status)) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", "status is 200 to 599")
        }
        Ok(reply) => {
            *receiver.reply() = reply;
            json_response(StatusCode::OK, &json!({ "status": "set" }))
        }
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", &error.to_string()),
    }
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Path(to): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let at = receiver.clock.now().to_string();
    {
        let mut received = receiver.received();
        received.push_back(Received { to, at, headers, body: String::from_utf8_lossy(&body).into_owned() });
        if received.len() > MOST {
            received.pop_front();
        }
    }
    let reply = receiver.take_reply();
    tokio::time::sleep(Duration::from_millis(reply.delay_ms)).await;
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        reply.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let location = reply.location.as_deref().and_then(|location| HeaderValue::from_str(location).ok());
    response.headers_mut().extend(location.map(|location| (header::LOCATION, location)));
    response.headers_mut().extend(reply.retry_after.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
    response
}
