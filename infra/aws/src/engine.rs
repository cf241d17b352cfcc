//! The way to an engine that answers AWS's JSON protocol over HTTP: `dynoxide` on a port that nobody else is told, or
//! another emulator altogether, for a second opinion.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The headers that an engine looks at.
const FORWARDED: [&str; 4] = ["x-amz-target", "x-amz-date", "content-type", "authorization"];

/// Somebody who answers.
pub(crate) struct Engine {
    uri: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// Under which account everything is asked, should the engine serve many.
    account: Option<HeaderValue>,
}

impl Engine {
    /// The one of this process.
    pub(crate) fn of_this_process(address: SocketAddr) -> Self {
        Self::at(address, None)
    }

    /// Another emulator. It serves several stacks at once, so each has an account of its own there: twelve digits as
    /// the access key, which ministack takes for the account's number.
    pub(crate) fn elsewhere(address: SocketAddr) -> Self {
        let account = uuid::Uuid::new_v4().as_u128() % 1_000_000_000_000;
        let credential = format!("{account:012}/20260101/us-east-1/dynamodb/aws4_request");
        let signature = "SignedHeaders=host, Signature=0";
        let header = HeaderValue::from_str(&format!("AWS4-HMAC-SHA256 Credential={credential}, {signature}"));
        Self::at(address, header.ok())
    }

    fn at(address: SocketAddr, account: Option<HeaderValue>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { uri: format!("http://{address}/"), client, account }
    }

    /// Hands a request on as it came.
    ///
    /// # Errors
    /// In words, when there was no answer.
    pub(crate) async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.parse().map_err(|error| format!("{error}"))?;
        for name in FORWARDED {
            if let Some(value) = headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(account) = &self.account {
            request.headers_mut().insert(AUTHORIZATION, account.clone());
        }
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }

    /// Asks on our own behalf.
    ///
    /// # Errors
    /// In words, when there was no answer, or a refusal.
    pub(crate) async fn ask(&self, target: &'static str, input: &Value) -> Result<Value, String> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(target));
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        let (status, body) = self.forward(&headers, Bytes::from(input.to_string())).await?;
        let answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        if status.is_success() { Ok(answer) } else { Err(format!("{target}: {answer}")) }
    }
}
