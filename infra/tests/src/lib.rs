//! What the integration tests share: a whole stack on a free port, and people who use it over HTTP.
//!
//! Helpers go through the public surface. What they look at below it (tables, calls, mails) they only look at.

mod answer;
mod person;
mod tables;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

pub use answer::Answer;
use local::{Options, Stack};
pub use person::{Browser, Native};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Fits every password policy, and nobody's list.
pub const PASSWORD: &str = "Seven green doors, 1 brass key";

/// A running stack and a client for it.
pub struct TestApp {
    pub stack: Stack,
    http: reqwest::Client,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With other parameters than the laptop's.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        let template = include_str!("../../../template.yaml").to_owned();
        let parameters: BTreeMap<_, _> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = Options { template, parameters, port: 0, data_dir: None, schedules: false, samples: false };
        let stack = Stack::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self { stack, http: http.unwrap_or_else(|error| panic!("{error}")) }
    }

    /// The stack's address, by number: no name to look up.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stack.url().replace("localhost", "127.0.0.1"))
    }

    /// A request, to be completed and sent by the test.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or_else(|_| panic!("{method}"));
        self.http.request(method, self.url(path)).header("user-agent", "test")
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request("POST", path).json(&body)).await
    }

    /// Signs up and reads the mail; the address is not verified yet. Returns the link's token.
    pub async fn sign_up(&self, email: &str) -> String {
        let answer =
            self.post("/auth/signup", json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })).await;
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

    pub fn advance(&self, seconds: u64) {
        self.stack.clock().advance(Duration::from_secs(seconds));
    }

    pub async fn fault(&self, fault: Value) {
        self.post("/_local/faults", fault).await.expect(200);
    }

    pub fn no_faults(&self) {
        self.stack.aws().faults().clear();
    }

    pub async fn job(&self, name: &str, input: Value) -> Value {
        self.post(&format!("/_local/jobs/{name}"), input).await.expect(200).body
    }

    /// What a request asked of AWS, as `/_local/calls` tells it.
    pub async fn calls_of(&self, answer: &Answer) -> Value {
        self.get(&format!("/_local/calls?requestId={}", answer.header("x-request-id"))).await.expect(200).body
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
