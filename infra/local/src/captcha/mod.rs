//! The CAPTCHA provider of a laptop: hands out solved tokens, and verifies them in the words of whichever provider is set.
//!
//! It knows the secret, the site, the action, the age and the single use of its tokens, and fails on demand. It judges
//! nothing of what it tells: that is the product's.

mod faults;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Form, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::captcha::Provider;
use shared::clock::Timestamp;
use tokio::net::TcpListener;

use self::faults::{CaptchaFault, CaptchaFaultKind};
use crate::clock::MovableClock;
use crate::gateway::{json_response, refused};
use crate::provision::{Fault, Provisioner};

const VERIFY: &str = "/_local/captcha/siteverify";
/// The widget of a laptop: a box to tick, for whichever provider is played.
const SCRIPT: &str = "/_local/captcha/widget.js";

/// What the widget would have told the provider, and since when.
#[derive(Clone)]
struct Solved {
    provider: Provider,
    action: String,
    hostname: String,
    score: f64,
    at: Timestamp,
    is_used: bool,
}

/// The provider.
pub(crate) struct Captcha {
    clock: MovableClock,
    secret: String,
    /// Which one it plays; unset where the product asks somebody else, or nobody.
    played: OnceLock<Provider>,
    solved: Mutex<HashMap<String, Solved>>,
    faults: Mutex<Vec<CaptchaFault>>,
}

impl Captcha {
    pub(crate) fn new(clock: MovableClock) -> Self {
        Self {
            clock,
            secret: format!("local-captcha-secret-{}", random()),
            played: OnceLock::new(),
            solved: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// Plays the provider that the parameters name: completes them with its secret, wrapped by the stack's key, and its
    /// address. Whoever gives a secret of their own means the real one, and has it.
    pub(crate) async fn configure(
        &self,
        parameters: &mut BTreeMap<String, String>,
        listener: &TcpListener,
        provisioner: &Provisioner,
        keys: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        let given = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
        let Some(provider) = given("CaptchaProvider").and_then(|name| name.parse().ok()) else { return Ok(()) };
        if given("CaptchaSecret").is_some() {
            return Ok(());
        }
        let key = keys.get("SecretsKey").ok_or("the template has no SecretsKey")?;
        let stack = given("AWS::StackName").ok_or("the stack has no name")?;
        let context = [("stack", stack.as_str()), ("purpose", "captcha")];
        let wrapped = provisioner.encrypt(key, &context, &self.secret).await?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        for (name, path) in [("CaptchaVerifyUrl", VERIFY), ("CaptchaScriptUrl", SCRIPT)] {
            if parameters.get(name).is_none_or(String::is_empty) {
                parameters.insert(name.to_owned(), format!("http://{address}{path}"));
            }
        }
        parameters.insert("CaptchaSecret".to_owned(), wrapped);
        let _ = self.played.set(provider);
        Ok(())
    }

    pub(crate) fn is_played(&self) -> bool {
        self.played.get().is_some()
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// A token for a request of the stack's own.
    pub(crate) fn solve(&self, action: &str) -> String {
        self.issue(Order { action: Some(action.to_owned()), ..Order::default() })
    }

    fn issue(&self, order: Order) -> String {
        let token = random();
        let solved = Solved {
            provider: order.provider.and_then(|name| name.parse().ok()).unwrap_or_else(|| self.provider()),
            action: order.action.unwrap_or_else(|| "signup".to_owned()),
            hostname: order.hostname.unwrap_or_else(|| "localhost".to_owned()),
            score: order.score.unwrap_or(0.9),
            at: self.clock.now(),
            is_used: false,
        };
        self.solved().insert(token.clone(), solved);
        token
    }

    fn provider(&self) -> Provider {
        self.played.get().copied().unwrap_or(Provider::Turnstile)
    }

    /// Nothing was ever solved, and nothing fails.
    pub(crate) fn reset(&self) {
        self.solved().clear();
        self.clear_faults();
    }

    pub(crate) fn clear_faults(&self) {
        self.faults().clear();
    }

    fn verdict(&self, form: &Presented) -> Value {
        let mut solved = self.solved();
        let found = solved.get_mut(&form.response);
        let provider = found.as_ref().map_or_else(|| self.provider(), |solved| solved.provider);
        let refuse = |code: &str| json!({ "success": false, "error-codes": [code] });
        if form.secret.is_empty() {
            return refuse("missing-input-secret");
        }
        if form.secret != self.secret {
            return refuse("invalid-input-secret");
        }
        if form.response.is_empty() {
            return refuse("missing-input-response");
        }
        let Some(solved) = found else { return refuse("invalid-input-response") };
        let words = Words::of(provider);
        if solved.is_used {
            return refuse(words.seen);
        }
        if self.clock.now().since(solved.at) > words.life {
            return refuse(words.expired);
        }
        solved.is_used = true;
        success(solved)
    }

    fn solved(&self) -> MutexGuard<'_, HashMap<String, Solved>> {
        self.solved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<CaptchaFault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the providers' answers differ.
struct Words {
    life: Duration,
    expired: &'static str,
    seen: &'static str,
}

impl Words {
    const fn of(provider: Provider) -> Self {
        const TWO_MINUTES: Duration = Duration::from_secs(120);
        match provider {
            Provider::Turnstile => {
                Self { life: Duration::from_secs(300), expired: "timeout-or-duplicate", seen: "timeout-or-duplicate" }
            }
            Provider::Hcaptcha => {
                Self { life: TWO_MINUTES, expired: "expired-input-response", seen: "already-seen-response" }
            }
            Provider::Recaptcha => {
                Self { life: TWO_MINUTES, expired: "timeout-or-duplicate", seen: "timeout-or-duplicate" }
            }
        }
    }
}

fn success(solved: &Solved) -> Value {
    let (at, hostname, action) = (solved.at.to_string(), &solved.hostname, &solved.action);
    match solved.provider {
        Provider::Turnstile => json!({ "success": true, "challenge_ts": at, "hostname": hostname, "error-codes": [],
            "action": action, "cdata": "" }),
        Provider::Hcaptcha => json!({ "success": true, "challenge_ts": at, "hostname": hostname, "credit": false }),
        Provider::Recaptcha => json!({ "success": true, "challenge_ts": at, "hostname": hostname, "action": action,
            "score": solved.score }),
    }
}

fn random() -> String {
    shared::secret::PlainToken::generate().expose().to_owned()
}

/// The form that the product sends.
#[derive(Deserialize)]
struct Presented {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    response: String,
}

/// What a token is asked for with. Whatever is left out is as the product would have it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    action: Option<String>,
    hostname: Option<String>,
    score: Option<f64>,
    provider: Option<String>,
}

/// Its routes.
pub(crate) fn router<S>(captcha: Arc<Captcha>) -> Router<S> {
    Router::new()
        .route(VERIFY, post(siteverify))
        .route(SCRIPT, get(script))
        .route("/_local/captcha/tokens", post(tokens))
        .with_state(captcha)
}

async fn script() -> Response<Body> {
    let mut response = Response::new(Body::from(include_str!("widget.js")));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    response
}

/// The provider at an address of its own, as in life: the stack asks it before its gateway is open.
pub(crate) async fn serve(listener: TcpListener, captcha: Arc<Captcha>) {
    if let Err(error) = axum::serve(listener, router::<()>(captcha)).await {
        tracing::error!(%error, "the CAPTCHA provider stopped");
    }
}

async fn siteverify(State(captcha): State<Arc<Captcha>>, Form(form): Form<Presented>) -> Response<Body> {
    let fault = captcha.take_fault();
    if let Some(delay) = fault.as_ref().and_then(|fault| fault.delay_ms) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    match fault.map(|fault| fault.kind) {
        Some(CaptchaFaultKind::Error) => json_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "success": false, "error-codes": ["internal-error"] }),
        ),
        Some(CaptchaFaultKind::Delay) | None => json_response(StatusCode::OK, &captcha.verdict(&form)),
    }
}

async fn tokens(State(captcha): State<Arc<Captcha>>, body: Bytes) -> Response<Body> {
    let order = if body.is_empty() { Ok(Order::default()) } else { serde_json::from_slice::<Order>(&body) };
    match order {
        Ok(order) if order.provider.as_deref().is_some_and(|name| name.parse::<Provider>().is_err()) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", "provider is turnstile, hcaptcha or recaptcha")
        }
        Ok(order) => json_response(StatusCode::OK, &json!({ "token": captcha.issue(order) })),
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, "validation", &error.to_string()),
    }
}
