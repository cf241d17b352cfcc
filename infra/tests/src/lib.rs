//! What the integration tests share: a whole stack on a free port, and people who use it over HTTP.
//!
//! Helpers go through the public surface. What they look at below it (tables, calls, mails) they only look at.

mod answer;
mod elsewhere;
pub mod functions;
pub mod logs;
mod person;
mod sample;
mod streams;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use answer::Answer;
use local::{Options, Stack};
pub use person::{Browser, Native};
pub use sample::Sample;
use serde_json::{Value, json};
use shared::clock::Timestamp;
pub use streams::without_streams;
pub use tables::{Item, changed, with_texts};
use tokio::task::JoinSet;

/// Fits every password policy, and nobody's list.
pub const PASSWORD: &str = "Seven green doors, 1 brass key";

/// What is deployed.
pub const TEMPLATE: &str = include_str!("../../../template.yaml");

/// A running stack and a client for it.
pub struct TestApp {
    pub stack: Stack,
    http: reqwest::Client,
    callers: AtomicU32,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With other parameters than the laptop's.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::of_template(TEMPLATE.to_owned(), parameters).await
    }

    /// With another template.
    pub async fn of_template(template: String, parameters: &[(&str, &str)]) -> Self {
        logs::keep();
        let parameters: BTreeMap<_, _> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let elsewhere = elsewhere::second_opinion();
        let options =
            Options { template, parameters, port: 0, data_dir: None, elsewhere, schedules: false, samples: false };
        let stack = Stack::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self { stack, http: http.unwrap_or_else(|error| panic!("{error}")), callers: AtomicU32::new(0) }
    }

    /// The stack's address, by number: no name to look up.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stack.url().replace("localhost", "127.0.0.1"))
    }

    /// A request, to be completed and sent by the test. Each comes from an address of its own: limits are for the tests
    /// that are about them.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let caller = self.callers.fetch_add(1, Ordering::Relaxed);
        self.request_from(&Ipv4Addr::from(0x0a00_0001 + caller).to_string(), method, path)
    }

    /// A request from an address.
    pub fn request_from(&self, ip: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or_else(|_| panic!("{method}"));
        self.http.request(method, self.url(path)).header("user-agent", "test").header("x-local-source-ip", ip)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request("POST", path).json(&body)).await
    }

    /// Tries a password, from an address.
    pub async fn log_in_from(&self, ip: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        Answer::to(self.request_from(ip, "POST", "/auth/login").json(&body)).await
    }

    /// Tries a password.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({ "email": email, "password": password })).await
    }

    /// Signs up and reads the mail; the address is not verified yet. Returns the link's token.
    pub async fn sign_up(&self, email: &str) -> String {
        let mut body = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
        if self.stack.app().settings.captcha.is_some() {
            body["captchaToken"] = json!(self.solved(json!({})).await);
        }
        let answer = self.post("/auth/signup", body).await;
        answer.expect(202);
        token_in(&self.mail(email, 1).await)
    }

    /// A verified account.
    pub async fn account(&self, email: &str) {
        let token = self.sign_up(email).await;
        self.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    }

    /// A verified account, and a client of it that keeps tokens in its own hands.
    pub async fn native(&self, email: &str) -> Native<'_> {
        self.account(email).await;
        Native::sign_in(self, email).await
    }

    /// A verified account in a browser.
    pub async fn browser(&self, email: &str) -> Browser<'_> {
        self.account(email).await;
        Browser::sign_in(self, email).await
    }

    /// The newest mail to an address, once it has got so many. Sending is asynchronous, so this waits up to five seconds.
    pub async fn mail(&self, to: &str, count: usize) -> String {
        for _ in 0..500 {
            let mails = self.mails(to);
            if mails.len() >= count {
                return mails[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{to} got {} mails, not {count}", self.mails(to).len());
    }

    /// The newest mail to an address whose subject says this, once there is one.
    pub async fn mail_about(&self, to: &str, subject: &str) -> String {
        for _ in 0..500 {
            let is_meant = |mail: &String| mail.lines().next().is_some_and(|first| first.contains(subject));
            if let Some(mail) = self.mails(to).into_iter().find(is_meant) {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{to} got no mail about {subject:?}");
    }

    /// The token of the newest link to a page, once an address has got one.
    pub async fn link(&self, to: &str, page: &str) -> String {
        let start = format!("/{page}?token=");
        for _ in 0..500 {
            if let Some(mail) = self.mails(to).into_iter().find(|mail| mail.contains(&start)) {
                return token_in(&mail);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{to} got no link to {page}");
    }

    /// The texts of an address's mails, newest first.
    pub fn mails(&self, to: &str) -> Vec<String> {
        self.stack
            .aws()
            .mailbox()
            .list(Some(to))
            .into_iter()
            .map(|mail| format!("{}\n{}", mail.subject, mail.text))
            .collect()
    }

    /// Waits until nothing is waiting to be sent.
    pub async fn outbox_is_empty(&self) {
        for _ in 0..500 {
            let waiting = self.table("outbox").await.into_iter().filter(|item| item.get("state").is_some()).count();
            if waiting == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("mails are still waiting");
    }

    /// Waits until no mail is in anybody's hands, and none is new.
    pub async fn mails_rest(&self) {
        let is_taken = |mail: &Value| mail.get("leased_until").is_some() || mail["attempts"] == 0.0;
        let is_under_way = |mail: &Value| mail.get("state").is_some() && is_taken(mail);
        for _ in 0..1000 {
            if !self.table("outbox").await.iter().any(is_under_way) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("mails are still under way");
    }

    /// Waits until every event of the trail has been counted.
    pub async fn followed(&self) {
        let mut left = Vec::new();
        for _ in 0..1000 {
            let mut events = self.table("audit-events").await;
            let counted = self.table("metrics").await;
            let seen: BTreeSet<&str> =
                counted.iter().filter_map(|item| item["series"].as_str()?.strip_prefix("seen#")).collect();
            // What lost a person's name was counted under the id that it had before. And that an event was counted is known of it
            // for three days.
            let oldest = (self.stack.clock().now() - Duration::from_secs(2 * 86_400)).to_string();
            let is_new = |event: &Value| {
                event.get("rewritten_from").is_none() && event["at"].as_str().is_some_and(|at| *at > *oldest)
            };
            events.retain(|event| is_new(event) && !event["id"].as_str().is_some_and(|id| seen.contains(id)));
            if events.is_empty() {
                return;
            }
            left = events;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("events are still not counted: {left:?}");
    }

    /// Waits until no consumer of a stream makes calls of its own.
    pub async fn is_quiet(&self) {
        self.trail_is_chained().await;
        self.followed().await;
        self.mails_rest().await;
        let mut before = 0;
        loop {
            let calls = self.stack.aws().calls().begun();
            if calls == before {
                return;
            }
            before = calls;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What webhooks and channels have sent, oldest first, once there is so much of it.
    pub async fn received(&self, count: usize) -> Vec<Value> {
        for _ in 0..1000 {
            let received = self.get("/_local/webhooks").await.expect(200).body["received"].take();
            if received.as_array().is_some_and(|received| received.len() >= count) {
                return received.as_array().cloned().unwrap_or_default();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {count} messages came, but {}", self.get("/_local/webhooks").await.text);
    }

    /// Waits until no delivery is in anybody's hands, and none is new.
    pub async fn deliveries_rest(&self) {
        for _ in 0..1500 {
            let deliveries = self.table("deliveries").await;
            // A new one is due a minute after it was made; a try, or leaving it alone, changes that.
            let is_new = |it: &Value| it["due_at"].as_f64() == it["created_at"].as_f64().map(|at| at + 60_000.0);
            let is_at_rest = |it: &Value| it.get("leased_until").is_none() && !is_new(it);
            if deliveries.iter().all(is_at_rest) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("deliveries are still under way");
    }

    /// Where the local receiver takes messages.
    pub fn receiver(&self, path: &str) -> String {
        self.url(&format!("/_local/webhooks/to/{path}"))
    }

    pub fn advance(&self, seconds: u64) {
        self.stack.clock().advance(Duration::from_secs(seconds));
    }

    pub async fn fault(&self, fault: Value) {
        self.post("/_local/faults", fault).await.expect(200);
    }

    /// Goes to the middle of an hour of tomorrow: what is told by hours and days is then of the same ones all the time.
    pub fn at_noon(&self) {
        let clock = self.stack.clock();
        clock.set(Timestamp::from_seconds((clock.now().day() + 1) * 86_400 + 12 * 3_600 + 600));
    }

    /// Waits until a fault has hit a call: who is held up by it is.
    pub async fn somebody_is_hit(&self) {
        for _ in 0..500 {
            if self.stack.aws().faults().hits() > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no call is hit");
    }

    pub fn no_faults(&self) {
        self.stack.clear_faults();
    }

    pub async fn job(&self, name: &str, input: Value) -> Value {
        self.post(&format!("/_local/jobs/{name}"), input).await.expect(200).body
    }

    /// The token of a solved CAPTCHA: `{"action": …, "hostname": …, "score": …}`, as the product would have it where left
    /// out.
    pub async fn solved(&self, order: Value) -> String {
        self.post("/_local/captcha/tokens", order).await.expect(200).text_of("token")
    }

    /// What everybody but the audit chain has asked of AWS: that follows the trail whenever it comes to it.
    pub fn calls(&self) -> Vec<embedded_aws::Call> {
        let calls = self.stack.aws().calls().list(None).into_iter();
        calls.filter(|call| !call.tables.iter().any(|table| table.ends_with("-audit-chain"))).collect()
    }

    /// What a request asked of AWS, as `/_local/calls` tells it.
    pub async fn calls_of(&self, answer: &Answer) -> Value {
        self.get(&format!("/_local/calls?requestId={}", answer.header("x-request-id"))).await.expect(200).body
    }
}

/// For how many seconds an answer says to wait.
pub fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap_or_else(|_| panic!("no Retry-After: {}", answer.text))
}

/// A path with a query.
pub fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let url = reqwest::Url::parse_with_params("http://host", query).unwrap_or_else(|error| panic!("{error}"));
    match url.query() {
        Some(query) if path.contains('?') => format!("{path}&{query}"),
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// The token of the link in a mail.
pub fn token_in(mail: &str) -> String {
    let after = mail.split("token=").nth(1).unwrap_or_else(|| panic!("no link in {mail}"));
    after.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Does something `n` times at once.
pub async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    n: usize,
    make: impl Fn(usize) -> F,
) -> Vec<T> {
    let mut running = JoinSet::new();
    (0..n).for_each(|i| {
        running.spawn(make(i));
    });
    running.join_all().await
}
