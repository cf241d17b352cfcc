//! The Runtime API, version 2018-06-01: four paths by which a process asks for events and answers them. Source: AWS Lambda,
//! "Using the Lambda runtime API for custom runtimes".

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::mpsc;

use crate::failure::Fault;

/// The largest answer that Lambda takes from a function: 6 MB, and a little for what surrounds it.
const MAX_ANSWER: usize = 6_291_556;

/// An event on its way to the process.
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    pub(crate) deadline_ms: i64,
    pub(crate) trace_id: String,
    pub(crate) arn: String,
}

/// What the process has said.
#[derive(Debug)]
pub(crate) enum Said {
    /// It asks for an event.
    Ready(Instant),
    CannotStart(Fault),
    Answered {
        answer: Bytes,
        took: Duration,
    },
    FailedEvent(Fault),
    AnsweredTooMuch,
}

/// One process's side of the API.
pub(crate) struct Api {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Delivery>>,
    said: mpsc::UnboundedSender<Said>,
    /// The event that the process has in its hands, and since when.
    current: Mutex<Option<(String, Instant)>>,
}

impl Api {
    pub(crate) fn new(events: mpsc::UnboundedReceiver<Delivery>, said: mpsc::UnboundedSender<Said>) -> Self {
        Self { events: tokio::sync::Mutex::new(events), said, current: Mutex::default() }
    }

    /// Nobody listens any more when the instance is being dropped; there is nothing to tell then.
    fn say(&self, said: Said) {
        let _ = self.said.send(said);
    }

    fn hand_over(&self, request_id: &str) {
        let current = Some((request_id.to_owned(), Instant::now()));
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// Takes the event back from the process; how long it had it. `None` if it has another, or none.
    fn take_back(&self, request_id: &str) -> Option<Duration> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, since) = current.take_if(|(id, _)| id == request_id)?;
        Some(since.elapsed())
    }
}

pub(crate) fn router(api: Arc<Api>) -> Router {
    let paths = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request_id}/response", post(response))
        .route("/invocation/{request_id}/error", post(error))
        .route("/init/error", post(init_error))
        // Read whole even if it is too much: a process that is cut off while it sends would not learn why.
        .layer(DefaultBodyLimit::disable())
        .with_state(api);
    Router::new().nest("/2018-06-01/runtime", paths)
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.say(Said::Ready(Instant::now()));
    let Some(delivery) = api.events.lock().await.recv().await else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "ShuttingDown", "this instance is being stopped");
    };
    api.hand_over(&delivery.request_id);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", delivery.request_id),
        ("lambda-runtime-deadline-ms", delivery.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", delivery.arn),
        ("lambda-runtime-trace-id", delivery.trace_id),
    ];
    (headers, delivery.event).into_response()
}

async fn response(State(api): State<Arc<Api>>, Path(request_id): Path<String>, answer: Bytes) -> Response {
    let Some(took) = api.take_back(&request_id) else { return unknown(&request_id) };
    if answer.len() <= MAX_ANSWER {
        api.say(Said::Answered { answer, took });
        return accepted();
    }
    api.say(Said::AnsweredTooMuch);
    refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the answer is larger than Lambda takes")
}

async fn error(State(api): State<Arc<Api>>, Path(request_id): Path<String>, fault: Bytes) -> Response {
    if api.take_back(&request_id).is_none() {
        return unknown(&request_id);
    }
    api.say(Said::FailedEvent(fault_of(&fault)));
    accepted()
}

async fn init_error(State(api): State<Arc<Api>>, fault: Bytes) -> Response {
    api.say(Said::CannotStart(fault_of(&fault)));
    accepted()
}

/// Lambda takes any body; one that is no error object is shown as it is.
fn fault_of(body: &[u8]) -> Fault {
    serde_json::from_slice(body).unwrap_or_else(|_| Fault {
        error_type: "Unhandled".to_owned(),
        error_message: String::from_utf8_lossy(body).into_owned(),
    })
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" }))).into_response()
}

fn unknown(request_id: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, "InvalidRequestID", &format!("{request_id} is not the event of this moment"))
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "errorType": kind, "errorMessage": message }))).into_response()
}
