//! Answers as the services give them: success and error shapes of the JSON protocol, of the query protocol and of REST.
//!
//! Which error is given, and when, is the business of each service.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::request::Service;

/// The namespace of a service that speaks the query protocol.
const fn namespace(service: Service) -> &'static str {
    match service {
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://ses.amazonaws.com/doc/2010-12-01/",
    }
}

/// A whole answer, and what the call log says of it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// The error's code, such as `ConditionalCheckFailedException`.
    pub(crate) error: Option<String>,
    /// What else stands in the head.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// A success in the JSON protocol of `service`.
    pub(crate) fn json(service: Service, body: &Value) -> Self {
        Self::new(StatusCode::OK, json_type(service), body.to_string(), None)
    }

    /// A success that has nothing to say.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, "application/json", Bytes::new(), None)
    }

    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>, error: Option<String>) -> Self {
        Self { status, content_type, body: body.into(), error, headers: Vec::new() }
    }

    /// The same with another header.
    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// An error in the protocol of `service`.
    pub(crate) fn error(service: Service, status: StatusCode, code: &str, message: &str) -> Self {
        match service {
            Service::Dynamodb => Self::json_error(service, status, code, json!({"message": message})),
            Service::Kms | Service::Codedeploy => Self::json_error(service, status, code, json!({"message": message})),
            Service::Lambda => {
                let whose = if status.is_server_error() { "Service" } else { "User" };
                let body = json!({"Type": whose, "Message": message}).to_string();
                Self::new(status, json_type(service), body, Some(code.to_owned()))
                    .with_header("x-amzn-errortype", code.to_owned())
            }
            Service::Ses | Service::Sts => {
                let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
                let message = escape(message);
                let body = format!(
                    "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
                    namespace(service),
                    uuid::Uuid::new_v4()
                );
                Self::new(status, "text/xml", body, Some(code.to_owned()))
            }
        }
    }

    /// An error in a JSON protocol whose shape has members of its own.
    pub(crate) fn json_error(service: Service, status: StatusCode, code: &str, mut members: Value) -> Self {
        members["__type"] = match service {
            Service::Dynamodb => format!("com.amazonaws.dynamodb.v20120810#{code}").into(),
            Service::Kms | Service::Ses | Service::Sts | Service::Lambda | Service::Codedeploy => code.into(),
        };
        Self::new(status, json_type(service), members.to_string(), Some(code.to_owned()))
    }

    /// The answer of an engine in the JSON protocol of `service`, as it came.
    pub(crate) fn forwarded(service: Service, status: StatusCode, body: Bytes) -> Self {
        let answer: Value =
            if status.is_success() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
        let error = answer["__type"].as_str().map(|kind| kind.rsplit('#').next().unwrap_or(kind).to_owned());
        Self::new(status, json_type(service), body, error)
    }

    /// A success in the query protocol; `result` is XML.
    pub(crate) fn xml(service: Service, action: &str, result: &str) -> Self {
        let body = format!(
            "<{action}Response xmlns=\"{}\"><{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
            namespace(service),
            uuid::Uuid::new_v4()
        );
        Self::new(StatusCode::OK, "text/xml", body, None)
    }

    /// A refusal of something that is no AWS request at all.
    pub(crate) fn text(status: StatusCode, text: String) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text, None)
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
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
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
        Service::Kms | Service::Ses | Service::Sts | Service::Codedeploy => "application/x-amz-json-1.1",
        Service::Lambda => "application/json",
    }
}
