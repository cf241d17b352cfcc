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
use crate::webhooks::destination::{Destination, PublicOnly};

/// More than any answer we ask for can have.
const LONGEST_ANSWER: usize = 64 * 1024;

/// So much is read of an answer that is only logged.
const BEGINNING: usize = 4 * 1024;

/// The clients of a process. They cost nothing before their first call.
#[derive(Default)]
pub struct Outbound {
    /// Goes wherever the settings say.
    open: OnceLock<Connector>,
    /// Goes to public addresses only: for whatever an administrator may type (case 262).
    public: OnceLock<Connector>,
}

/// What a service answered.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// How long it asks to be left alone, where it says so in seconds.
    pub retry_after: Option<Duration>,
}

/// A JSON body for a vetted address.
pub struct Message {
    url: String,
    is_listed: bool,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Message {
    pub fn to(destination: &Destination, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self { url: destination.url().to_owned(), is_listed: destination.is_listed(), headers, body }
    }
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
        let request = post(url, "application/x-www-form-urlencoded", form.into()).map_err(|error| broken(&*error))?;
        let connector = self.open.get_or_init(|| connector(false));
        let sending = send(connector, request, whole);
        tokio::time::timeout(patience, sending).await.unwrap_or(Err(Failed::TimedOut(patience)))
    }

    /// Gets what is public, and waits for the whole answer.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn get(&self, url: &str, patience: Duration) -> Result<Answer, Failed> {
        let request = get(url).map_err(|error| broken(&*error))?;
        let connector = self.open.get_or_init(|| connector(false));
        let sending = send(connector, request, whole);
        tokio::time::timeout(patience, sending).await.unwrap_or(Err(Failed::TimedOut(patience)))
    }

    /// Posts a message, and reads the beginning of the answer: what counts is the status.
    ///
    /// # Errors
    /// [`Failed`]. Whether the service has seen the message is unknown then.
    pub async fn post(&self, message: &Message, patience: Duration) -> Result<Answer, Failed> {
        let Message { url, is_listed, headers, body } = message;
        let mut request =
            post(url, "application/json", SdkBody::from(body.as_slice())).map_err(|error| broken(&*error))?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.clone());
        }
        let connector = if *is_listed {
            self.open.get_or_init(|| connector(false))
        } else {
            self.public.get_or_init(|| connector(true))
        };
        let sending = send(connector, request, beginning);
        tokio::time::timeout(patience, sending).await.unwrap_or(Err(Failed::TimedOut(patience)))
    }
}

async fn send<R: Future<Output = Result<Vec<u8>, Failed>>>(
    connector: &Connector,
    request: HttpRequest,
    read: impl FnOnce(SdkBody) -> R,
) -> Result<Answer, Failed> {
    let response = connector.call(request).await.map_err(|error| broken(&error))?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
    let body = read(response.into_body()).await?;
    Ok(Answer { status, body, retry_after: retry_after.map(Duration::from_secs) })
}

async fn whole(body: SdkBody) -> Result<Vec<u8>, Failed> {
    let body = Limited::new(body, LONGEST_ANSWER).collect().await;
    let body = body.map_err(|error| if error.is::<LengthLimitError>() { Failed::TooLong } else { broken(&*error) })?;
    Ok(body.to_bytes().to_vec())
}

async fn beginning(mut body: SdkBody) -> Result<Vec<u8>, Failed> {
    let mut read = Vec::new();
    while read.len() < BEGINNING {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame.map_err(|error| broken(&*error))?.into_data() {
            read.extend_from_slice(&data);
        }
    }
    read.truncate(BEGINNING);
    Ok(read)
}

/// With the system's roots: anybody's authority may have signed a third party's certificate. Reading them takes some
/// milliseconds, so it waits for the first call.
///
/// No connection is kept: calls are rare, and one that died while the sandbox was frozen would fail the next call.
fn connector(is_vetted: bool) -> Connector {
    let builder = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::default())
        .sleep_impl(TokioSleep::new())
        .pool_max_idle_per_host(0);
    if is_vetted { builder.build_with_resolver(PublicOnly) } else { builder.build() }
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

fn post(url: &str, content_type: &'static str, body: SdkBody) -> Result<HttpRequest, Box<dyn StdError>> {
    let mut request = HttpRequest::new(body);
    request.set_method("POST")?;
    request.set_uri(url)?;
    let headers = request.headers_mut();
    headers.insert("content-type", content_type);
    headers.insert("accept", "application/json");
    headers.insert("user-agent", "postern");
    Ok(request)
}

fn broken(cause: &(dyn StdError + 'static)) -> Failed {
    Failed::Broken(Chain(cause).to_string())
}
