//! The stack that functions are measured in, and the people in it.
//!
//! Nothing runs by itself there: no schedule, no consumer of a stream. So every call that reaches the embedded AWS is the measured
//! function's, and the mails of an account are sent when [`World::send_mails`] says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use shared::app::App;
use tests::{PASSWORD, Sample, TestApp, without_streams};
use tokio::sync::OnceCell;

use crate::Fault;
use crate::event::{Visitor, from_caller, of_stream, of_visitor, with_body};

const ADMIN: &str = "root@example.com";

/// As a deployment has them, so that cookies and origins are those of the sample events.
const PARAMETERS: [(&str, &str); 5] = [
    ("Stage", "production"),
    ("PublicUrl", "https://auth.example.com"),
    ("AppUrl", "https://app.example.com"),
    ("FrontendOrigins", "https://app.example.com"),
    ("AdminEmails", ADMIN),
];

pub struct World {
    app: TestApp,
    http: reqwest::Client,
    /// What prepares: not an instance that is measured.
    helper: Arc<App>,
    callers: AtomicU32,
    /// Set when the administrator has an account. The mailbox does not tell: it forgets the oldest mails.
    has_admin: OnceCell<()>,
}

impl World {
    pub async fn start() -> Self {
        Self::with(&PARAMETERS).await
    }

    /// One in which nobody is, as a laptop has it: its public keys can be fetched from where it says that they are.
    pub async fn empty() -> Self {
        Self::with(&[("AdminEmails", ADMIN)]).await
    }

    async fn with(parameters: &[(&str, &str)]) -> Self {
        let template = without_streams(&["Outbox", "AuditEvents", "Deliveries"]);
        let app = TestApp::of_template(template, parameters).await;
        let helper = app.stack.app();
        Self { app, http: reqwest::Client::new(), helper, callers: AtomicU32::default(), has_admin: OnceCell::new() }
    }

    pub fn app(&self) -> &TestApp {
        &self.app
    }

    /// The number of a caller that nobody was yet.
    pub fn caller(&self) -> u32 {
        self.callers.fetch_add(1, Ordering::Relaxed)
    }

    /// The sample event of a function, from a caller that nobody was yet.
    pub fn event(&self, function: &str) -> Sample {
        from_caller(Sample::of(function), self.caller())
    }

    /// Has a function done by the helper, which must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ask(&self, function: &str, event: Sample) -> Result<Value, Fault> {
        let answer = self.try_to(function, event).await?;
        match answer["statusCode"].as_u64() {
            Some(400..) => Err(Fault::Case(function.to_owned(), answer.to_string())),
            _ => Ok(answer),
        }
    }

    /// The same, whatever it answers.
    ///
    /// # Errors
    /// When it fails.
    pub async fn try_to(&self, function: &str, event: Sample) -> Result<Value, Fault> {
        let answered = self.app.stack.invoke_on(self.helper.clone(), function, event.event().clone()).await;
        answered.map_err(|failed| Fault::Case(function.to_owned(), failed))
    }

    /// An instance that has done this and that before: what prepares.
    pub fn helper(&self) -> Arc<App> {
        self.helper.clone()
    }

    /// Every item of a table, in DynamoDB's own JSON. By no function, so nobody is charged with it.
    ///
    /// # Errors
    /// When the embedded DynamoDB does not answer.
    pub async fn items(&self, table: &str) -> Result<Vec<Value>, Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::Case(table.to_owned(), error.to_string());
        let (mut items, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({ "TableName": format!("postern-local-{table}"), "ConsistentRead": true });
            if !next.is_null() {
                body["ExclusiveStartKey"] = next;
            }
            let request = self.http.post(self.app.stack.aws().endpoint()).body(body.to_string());
            let request = request
                .header("x-amz-target", "DynamoDB_20120810.Scan")
                .header("x-amz-date", "20260101T000000Z")
                .header("content-type", "application/x-amz-json-1.0")
                .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0");
            let answer =
                request.send().await.map_err(|error| fault(&error))?.text().await.map_err(|error| fault(&error))?;
            let mut answer: Value = serde_json::from_str(&answer).map_err(|error| fault(&error))?;
            let Some(page) = answer["Items"].as_array_mut() else { return Err(fault(&answer)) };
            items.append(page);
            next = answer["LastEvaluatedKey"].take();
            if next.is_null() {
                return Ok(items);
            }
        }
    }

    /// How many items a table has.
    ///
    /// # Errors
    /// As [`Self::items`].
    pub async fn count(&self, table: &str) -> Result<u32, Fault> {
        let items = self.items(table).await?.len();
        u32::try_from(items).map_err(|error| Fault::Case(table.to_owned(), error.to_string()))
    }

    /// The messages that wait in the outbox.
    ///
    /// # Errors
    /// As [`Self::items`].
    pub async fn messages(&self) -> Result<Vec<Value>, Fault> {
        let items = self.items("outbox").await?;
        Ok(items.into_iter().filter(|item| item["state"]["S"] == "waiting").collect())
    }

    /// Sends what waits in the outbox.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub async fn send_mails(&self) -> Result<(), Fault> {
        let messages = self.messages().await?;
        if messages.is_empty() {
            return Ok(());
        }
        let event = of_stream(self.event("jobs-send-mail"), &messages, &["message_id"]);
        self.ask("jobs-send-mail", event).await.map(drop)
    }

    /// An address that nobody has yet.
    pub fn address(&self, what: &str) -> String {
        format!("{what}-{}@example.com", self.caller())
    }

    /// A body that signs somebody up.
    pub fn sign_up(&self, email: &str) -> Value {
        json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
    }

    /// An account whose address is not verified yet: the token of the link that was mailed.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn signed_up(&self, email: &str) -> Result<String, Fault> {
        self.ask("auth-signup", with_body(self.event("auth-signup"), &self.sign_up(email))).await?;
        self.send_mails().await?;
        Ok(self.app.link(email, "verify-email").await)
    }

    /// A verified account.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn account(&self, email: &str) -> Result<(), Fault> {
        let token = self.signed_up(email).await?;
        let event = with_body(self.event("auth-verify-email"), &json!({ "token": token }));
        self.ask("auth-verify-email", event).await?;
        self.send_mails().await
    }

    /// The address of a verified account that is nobody else's.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn person(&self, what: &str) -> Result<String, Fault> {
        let email = self.address(what);
        self.account(&email).await?;
        Ok(email)
    }

    /// A browser that has just signed in, with its CSRF token.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn visitor(&self, email: &str) -> Result<Visitor, Fault> {
        let body = json!({ "email": email, "password": PASSWORD });
        let visitor = Visitor::of(&self.ask("auth-login", with_body(self.event("auth-login"), &body)).await?);
        let answer = self.ask("auth-csrf", of_visitor(self.event("auth-csrf"), &visitor)).await?;
        let answer: BTreeMap<String, Value> =
            serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let csrf = answer.get("csrfToken").and_then(Value::as_str).map(str::to_owned);
        Ok(Visitor { csrf, ..visitor })
    }

    /// A browser of an administrator.
    ///
    /// # Errors
    /// When there is none.
    pub async fn admin(&self) -> Result<Visitor, Fault> {
        self.has_admin.get_or_try_init(|| self.account(ADMIN)).await?;
        self.visitor(ADMIN).await
    }

    /// A webhook to this machine that is told of everything, and the administrator who has made it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn webhook(&self) -> Result<(Visitor, String), Fault> {
        let admin = self.admin().await?;
        let order = json!({ "url": self.app.receiver("bench"), "events": ["*"] });
        let event = with_body(of_visitor(self.event("admin-webhooks"), &admin), &order);
        let answer = self.ask("admin-webhooks", event).await?;
        let made: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        Ok((admin, made["id"].as_str().unwrap_or_default().to_owned()))
    }
}
