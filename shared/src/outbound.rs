//! Calls to what is not AWS: sent once, with a bounded answer within a bounded time.
//!
//! It deliberately follows no redirect and tries nothing twice: what it sends holds a secret and may be good only once.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::error::Chain;

/// More than any answer we ask for can have.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The client of a process. Costs nothing before its first call.
#[derive(Default)]
pub struct Outbound(OnceLock<Connector>);

/// What a service answered.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Why there is no answer. Never says what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("more than {LONGEST_ANSWER} bytes were answered")]
    TooLong,
    #[error("{0}")]
    Broken(String),
}

impl Outbound {
    /// Posts a form, and waits for the whole answer.
    ///
    /// # Errors
    /// [`Failed`]. Whether the service has seen the form is unknown then.
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)], patience: Duration) -> Result<Answer, Failed> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = post(url, form).map_err(|error| broken(&*error))?;
        tokio::time::timeout(patience, self.send(request)).await.unwrap_or(Err(Failed::TimedOut(patience)))
    }

    /// Gets what is public, and waits for the whole answer.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn get(&self, url: &str, patience: Duration) -> Result<Answer, Failed> {
        let request = get(url).map_err(|error| broken(&*error))?;
        tokio::time::timeout(patience, self.send(request)).await.unwrap_or(Err(Failed::TimedOut(patience)))
    }

    async fn send(&self, request: HttpRequest) -> Result<Answer, Failed> {
        let response = self.0.get_or_init(connector).call(request).await.map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body =
            body.map_err(|error| if error.is::<LengthLimitError>() { Failed::TooLong } else { broken(&*error) })?;
        Ok(Answer { status, body: body.to_bytes().to_vec() })
    }
}

/// With the system's roots: anybody's authority may have signed a third party's certificate. Reading them takes some
/// milliseconds, so it waits for the first call.
///
/// No connection is kept: calls are rare, and one that died while the sandbox was frozen would fail the next call.
fn connector() -> Connector {
    Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::default())
        .sleep_impl(TokioSleep::new())
        .pool_max_idle_per_host(0)
        .build()
}

fn get(url: &str) -> Result<HttpRequest, Box<dyn StdError>> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method("GET")?;
    request.set_uri(url)?;
    let headers = request.headers_mut();
    headers.insert("accept", "application/json");
    headers.insert("user-agent", "postern");
    Ok(request)
}

fn post(url: &str, form: String) -> Result<HttpRequest, Box<dyn StdError>> {
    let mut request = HttpRequest::new(SdkBody::from(form));
    request.set_method("POST")?;
    request.set_uri(url)?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-www-form-urlencoded");
    headers.insert("accept", "application/json");
    headers.insert("user-agent", "postern");
    Ok(request)
}

fn broken(cause: &(dyn StdError + 'static)) -> Failed {
    Failed::Broken(Chain(cause).to_string())
}
