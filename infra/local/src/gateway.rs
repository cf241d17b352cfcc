//! API Gateway: limits, routes, and the way through a function and back.
//!
//! What API Gateway would refuse by itself is refused here as problem+json, so that a client sees one kind of error
//! everywhere; in AWS the edge's error pages do the same.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::http::cors::dress;

use crate::event;
use crate::functions;
use crate::requests::Answered;
use crate::stack::Inner;

/// What Lambda takes in one event. API Gateway's own limit, 10 MB, lies above it.
const MAX_BODY: usize = 6 * 1024 * 1024;
/// Request line and headers together.
const MAX_HEAD: usize = 10_240;

pub(crate) async fn handle(
    State(stack): State<Arc<Inner>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    if size_of(&head) > MAX_HEAD {
        return refuse(
            &stack,
            &head,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "too_large",
            "Request line and headers are too large",
        );
    }
    match read(body).await {
        Ok(Some(body)) => answer(&stack, &head, &body, peer.ip()).await,
        Ok(None) => refuse(&stack, &head, StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The request is too large"),
        Err(_) => refuse(&stack, &head, StatusCode::BAD_REQUEST, "malformed", "The request's body did not arrive"),
    }
}

/// The body; `None` if it is larger than an event can be. What is too much is read to its end all the same, up to a
/// bound: a client that is still sending would otherwise miss the answer.
async fn read(mut body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await.transpose()? {
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else if size > 4 * MAX_BODY {
            break;
        }
    }
    Ok((size <= MAX_BODY).then_some(bytes))
}

/// Takes a request through its function.
pub(crate) async fn answer(stack: &Inner, head: &Parts, body: &[u8], peer: IpAddr) -> Response<Body> {
    let started = Instant::now();
    let path = head.uri.path();
    let Some(found) = stack.routes.find(head.method.as_str(), path) else {
        return refuse(stack, head, StatusCode::NOT_FOUND, "not_found", "There is nothing here");
    };
    let Some(mut event) = event::of_request(head, body, &found, peer, stack.clock.now()) else {
        return refuse(stack, head, StatusCode::BAD_REQUEST, "malformed", "The path cannot be read");
    };
    if let Some(secret) = &stack.edge_secret {
        event::through_edge(&mut event, secret);
    }
    let answered = functions::invoke(stack.app(), &stack.template, &found.route.function, event).await;
    let response = match &answered {
        Ok(answer) => event::to_response(answer),
        Err(failed) => {
            tracing::error!(function = found.route.function, %failed, "a function failed");
            None
        }
    };
    let response = response
        .unwrap_or_else(|| refuse(stack, head, StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal Server Error"));
    stack.requests.add(Answered {
        request_id: response
            .headers()
            .get("x-request-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
        method: head.method.to_string(),
        path: path.to_owned(),
        status: response.status().as_u16(),
        duration_ms: started.elapsed().as_secs_f64() * 1000.0,
    });
    response
}

/// A call of the stack's own, through the same gateway as everybody's.
pub(crate) async fn post(stack: &Inner, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(path).header("content-type", "application/json").header("host", "localhost");
    let Ok(request) = request.header("user-agent", "postern-local").body(()) else {
        return (StatusCode::BAD_REQUEST, Value::Null);
    };
    let (head, ()) = request.into_parts();
    let response = answer(stack, &head, body.to_string().as_bytes(), Ipv4Addr::LOCALHOST.into()).await;
    let status = response.status();
    let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn size_of(head: &Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.to_string().len() + "  HTTP/1.1\r\n".len();
    line + head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum::<usize>()
}

/// A refusal of the gateway's: with the headers of every answer.
fn refuse(stack: &Inner, head: &Parts, status: StatusCode, code: &str, title: &str) -> Response<Body> {
    let request_id = shared::id::fresh(stack.clock.now());
    let mut response = problem(status, code, title, &request_id);
    let origin = head.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    dress(&stack.app().settings, &request_id, origin, response.headers_mut());
    response
}

/// A refusal of a local route.
pub(crate) fn refused(status: StatusCode, code: &str, title: &str) -> Response<Body> {
    problem(status, code, title, &shared::id::fresh(shared::clock::Clock::system().now()))
}

fn problem(status: StatusCode, code: &str, title: &str, request_id: &str) -> Response<Body> {
    let problem = json!({
        "type": format!("urn:postern:problem:{code}"),
        "title": title,
        "status": status.as_u16(),
        "detail": format!("{title}."),
        "code": code,
        "requestId": request_id,
        "message": title,
    });
    let mut response = json_response(status, &problem);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
