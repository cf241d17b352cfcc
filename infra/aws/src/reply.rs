//! Answers as the services give them: success and error shapes of the JSON and of the query protocol.
//!
//! Which error is given, and when, is the business of each service.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::request::Service;

const SES_NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";

/// A whole answer, and what the call log says of it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// The error's code, such as `ConditionalCheckFailedException`.
    pub(crate) error: Option<String>,
}

impl Reply {
    /// A success in the JSON protocol of `service`.
    pub(crate) fn json(service: Service, body: &Value) -> Self {
        Self { status: StatusCode::OK, content_type: json_type(service), body: body.to_string().into(), error: None }
    }

    /// An error in the protocol of `service`.
    pub(crate) fn error(service: Service, status: StatusCode, code: &str, message: &str) -> Self {
        match service {
            Service::Dynamodb => Self::json_error(service, status, code, json!({"message": message})),
            Service::Kms => Self::json_error(service, status, code, json!({"message": message})),
            Service::Ses => {
                let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
                let message = escape(message);
                let body = format!(
                    "<ErrorResponse xmlns=\"{SES_NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
                    uuid::Uuid::new_v4()
                );
                Self { status, content_type: "text/xml", body: body.into(), error: Some(code.to_owned()) }
            }
        }
    }

    /// An error in a JSON protocol whose shape has members of its own.
    pub(crate) fn json_error(service: Service, status: StatusCode, code: &str, mut members: Value) -> Self {
        members["__type"] = match service {
            Service::Dynamodb => format!("com.amazonaws.dynamodb.v20120810#{code}").into(),
            Service::Kms | Service::Ses => code.into(),
        };
        Self {
            status,
            content_type: json_type(service),
            body: members.to_string().into(),
            error: Some(code.to_owned()),
        }
    }

    /// The answer of an engine in the JSON protocol of `service`, as it came.
    pub(crate) fn forwarded(service: Service, status: StatusCode, body: Bytes) -> Self {
        let answer: Value =
            if status.is_success() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
        let error = answer["__type"].as_str().map(|kind| kind.rsplit('#').next().unwrap_or(kind).to_owned());
        Self { status, content_type: json_type(service), body, error }
    }

    /// A success in the query protocol; `result` is XML.
    pub(crate) fn xml(action: &str, result: &str) -> Self {
        let body = format!(
            "<{action}Response xmlns=\"{SES_NAMESPACE}\"><{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
            uuid::Uuid::new_v4()
        );
        Self { status: StatusCode::OK, content_type: "text/xml", body: body.into(), error: None }
    }

    /// A refusal of something that is no AWS request at all.
    pub(crate) fn text(status: StatusCode, text: String) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: text.into(), error: None }
    }

    /// The answer on the wire.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(self.content_type));
        if let Ok(id) = uuid::Uuid::new_v4().to_string().parse() {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }
}

/// Text as XML character data.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn json_type(service: Service) -> &'static str {
    match service {
        Service::Dynamodb => "application/x-amz-json-1.0",
        Service::Kms | Service::Ses => "application/x-amz-json-1.1",
    }
}
