//! The front: one HTTP/1.1 listener for all services.
//!
//! Each request is told apart (`request.rs`), suffers its faults, is served, and is written into the call
//! log. What an operation does is the business of the services.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::DATE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::calls::{CallLog, Ended};
use crate::clock::{Clock, http_date};
use crate::codedeploy::Codedeploy;
use crate::dynamodb::Dynamodb;
use crate::engine::Engine;
use crate::faults::{FaultKind, Faults, reply as fault_reply};
use crate::kms::Kms;
use crate::lambda::Lambda;
use crate::prices;
use crate::reply::Reply;
use crate::request::{Identified, Input, identify, origin};
use crate::ses::Ses;

/// Everything that one stack is made of.
pub(crate) struct Stack {
    pub(crate) faults: Faults,
    pub(crate) calls: CallLog,
    pub(crate) dynamodb: Dynamodb,
    pub(crate) kms: Arc<Kms>,
    /// Another emulator that is asked instead of `kms`.
    pub(crate) elsewhere: Option<Arc<Engine>>,
    pub(crate) ses: Ses,
    pub(crate) lambda: Lambda,
    pub(crate) codedeploy: Codedeploy,
    pub(crate) clock: Clock,
}

/// An answer, and what was consumed to give it.
pub(crate) struct Served {
    pub(crate) reply: Reply,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) price_usd: f64,
}

impl Served {
    /// An answer that costs nothing.
    pub(crate) fn free(reply: Reply) -> Self {
        Self { reply, read_units: 0.0, write_units: 0.0, price_usd: 0.0 }
    }
}

/// The answer that is never given: as the error of a hyper service it closes the connection.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("an injected fault dropped the answer")]
    Dropped,
    #[error("the client went away")]
    ClientGone(#[from] hyper::Error),
}

/// Accepts connections for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, stack: Arc<Stack>) -> Infallible {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of file descriptors: others will be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Without this the last packet of an answer may wait for an acknowledgement. A socket that
        // refuses the option is merely slower.
        let _ = socket.set_nodelay(true);
        let stack = Arc::clone(&stack);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&stack, request));
            // An error here is a client that went away or an answer that was to be dropped.
            let _ =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(stack: &Stack, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = match identify(&head, &body) {
        Ok(call) => call,
        Err(text) => return Ok(Reply::text(StatusCode::BAD_REQUEST, text).into_response()),
    };

    let begun = stack.calls.begin();
    let injected = stack.faults.take(&call);
    if !injected.delay.is_zero() {
        tokio::time::sleep(injected.delay).await;
    }
    let served = match injected.fault.as_ref().and_then(|fault| fault_reply(fault, &call)) {
        Some(reply) => Served::free(reply),
        None => execute(stack, &head.headers, body, &call).await,
    };
    let ended = Ended {
        service: call.service,
        operation: call.operation,
        tables: call.tables,
        function: call.function,
        origin: origin(&head.headers),
        read_units: served.read_units,
        write_units: served.write_units,
        status: served.reply.status.as_u16(),
        error: served.reply.error.clone(),
        fault: injected.name(),
        price_usd: served.price_usd,
    };
    stack.calls.end(begun, ended);

    match injected.fault {
        Some(fault) if fault.kind == FaultKind::DropAfterCommit => Err(NoAnswer::Dropped),
        _ => {
            let mut response = served.reply.into_response();
            // By the stack's clock: whoever compares it with their own must not see a moved clock as a wrong one.
            if let Ok(date) = http_date((stack.clock)()).parse() {
                response.headers_mut().insert(DATE, date);
            }
            Ok(response)
        }
    }
}

async fn execute(stack: &Stack, headers: &HeaderMap, body: Bytes, call: &Identified) -> Served {
    match (&call.input, call.service, &stack.elsewhere) {
        (Input::Form(_), crate::Service::Sts, _) => Served::free(crate::sts::caller_identity()),
        (Input::Form(form), ..) => {
            let (reply, recipients) = stack.ses.serve(&call.operation, form);
            Served { price_usd: prices::ses(recipients), ..Served::free(reply) }
        }
        (Input::Json(_), crate::Service::Kms, Some(engine)) => {
            let reply = match engine.forward(headers, body).await {
                Ok((status, body)) => Reply::forwarded(crate::Service::Kms, status, body),
                Err(reason) => {
                    let status = StatusCode::INTERNAL_SERVER_ERROR;
                    Reply::error(crate::Service::Kms, status, "KMSInternalException", &reason)
                }
            };
            Served { price_usd: prices::kms(None), ..Served::free(reply) }
        }
        (Input::Json(input), crate::Service::Kms, None) => {
            let (reply, key_spec) = Kms::serve(&stack.kms, &call.operation, input.clone()).await;
            Served { price_usd: prices::kms(key_spec.as_deref()), ..Served::free(reply) }
        }
        (Input::Rest(asked), ..) => {
            let reply = stack.lambda.serve(asked, &body).await;
            Served { price_usd: prices::lambda(&call.operation), ..Served::free(reply) }
        }
        (Input::Json(input), crate::Service::Codedeploy, _) => {
            Served::free(stack.codedeploy.serve(&call.operation, input))
        }
        (Input::Json(input), ..) => stack.dynamodb.serve(headers, body, call, input).await,
    }
}
