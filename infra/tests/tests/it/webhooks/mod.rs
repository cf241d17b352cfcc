//! Webhooks (NOTE-2): signed, tried again, logged, and never sent where they must not go (cases 258 to 262, 266,
//! 267, F44).

mod retries;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use tests::{Answer, Browser, PASSWORD, TestApp};

const ADMIN: &str = "root@example.com";

async fn start() -> TestApp {
    TestApp::with(&[("AdminEmails", ADMIN)]).await
}

/// A webhook for these kinds: its id and secret.
async fn webhook(app: &TestApp, admin: &mut Browser<'_>, to: &str, events: Value) -> (String, String) {
    let order = json!({ "url": app.receiver(to), "events": events });
    let made = admin.send("POST", "/admin/webhooks", &order).await.expect(201);
    (made.text_of("id"), made.text_of("secret"))
}

/// The administrator, freshly signed in: what they change needs that.
async fn admin(app: &TestApp) -> Browser<'_> {
    Browser::sign_in(app, ADMIN).await
}

/// Makes one event of the kind `UserLoginFailed`, and waits until it has been told.
async fn fail_to_log_in(app: &TestApp) {
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.followed().await;
    app.deliveries_rest().await;
}

async fn answer(app: &TestApp, reply: Value) {
    app.post("/_local/webhooks/answer", reply).await.expect(200);
}

async fn retry(app: &TestApp) -> Value {
    app.job("retry-webhooks", json!({})).await["report"].clone()
}

async fn log(admin: &Browser<'_>, id: &str) -> Vec<Value> {
    let page = admin.get(&format!("/admin/webhooks/{id}/deliveries")).await.expect(200);
    page.body["deliveries"].as_array().unwrap().clone()
}

/// The signature of a message by a secret, made the long way.
fn signature(secret: &str, message: &Value) -> String {
    let header = |name: &str| message["headers"][name].as_str().unwrap();
    let signed =
        format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), message["body"].as_str().unwrap());
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    format!("v1,{}", STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes())))
}

#[tokio::test(flavor = "multi_thread")]
async fn case_258_and_259_what_is_sent_is_what_is_signed() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, secret) = webhook(&app, &mut admin, "crm", json!(["*"])).await;
    assert_eq!(STANDARD.decode(&secret[6..]).unwrap().len(), 32);
    app.account("ada@example.com").await;
    app.followed().await;
    app.deliveries_rest().await;
    let messages = app.received(6).await;
    for message in &messages {
        let header = |name: &str| message["headers"][name].as_str().unwrap().to_owned();
        assert_eq!(header("webhook-signature"), signature(&secret, message));
        assert_eq!(header("content-type"), "application/json");
        let body: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["id"].as_str().unwrap(), header("webhook-id"));
        assert!(body["type"].is_string() && body["timestamp"].is_string() && body["data"].is_object(), "{body}");
        // Ids and words of ours; nothing that is personal, nothing that opens anything.
        for never in ["ada@", "example.com", "127.0.0.1", "10.0.", "prt_", "whsec", "test\"", PASSWORD] {
            assert!(!message["body"].as_str().unwrap().contains(never), "{never} in {message}");
        }
    }
    let kinds: Vec<String> = messages.iter().map(|it| it["body"].as_str().unwrap().to_owned()).collect();
    assert!(kinds.iter().any(|body| body.contains(r#""type":"UserCreated""#)), "{kinds:?}");
    let deliveries = log(&admin, &id).await;
    assert!(deliveries.iter().all(|it| it["state"] == "delivered" && it["attempts"] == 1), "{deliveries:?}");
    assert!(!app.dump().await.contains(&secret[6..]) && !admin.get("/admin/webhooks").await.text.contains("whsec_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_260_both_secrets_sign_for_a_day_and_then_only_the_new_one() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, old) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    let rotate = format!("/admin/webhooks/{id}/rotate-secret");
    let new = admin.post(&rotate).await.expect(200).text_of("secret");
    fail_to_log_in(&app).await;
    let message = app.received(1).await.pop().unwrap();
    let both = format!("{} {}", signature(&new, &message), signature(&old, &message));
    assert_eq!(message["headers"]["webhook-signature"], both);
    assert!(admin.get("/admin/webhooks").await.body["webhooks"][0]["previousSecretUntil"].is_string());

    app.advance(86_400 + 1);
    fail_to_log_in(&app).await;
    let message = app.received(2).await.pop().unwrap();
    assert_eq!(message["headers"]["webhook-signature"], signature(&new, &message), "the overlap is over");
    admin.post(&rotate).await.refused(401, "token_expired");
    let mut admin = self::admin(&app).await;
    admin.post("/admin/webhooks/nowhere/rotate-secret").await.refused(404, "not_found");
    // A third within the overlap ends the first at once.
    for _ in 0..2 {
        admin.post(&rotate).await.expect(200);
    }
    fail_to_log_in(&app).await;
    let message = app.received(3).await.pop().unwrap();
    let signatures = message["headers"]["webhook-signature"].as_str().unwrap().to_owned();
    assert!(signatures.split(' ').count() == 2 && !signatures.contains(&signature(&new, &message)), "{signatures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_262_addresses_that_are_not_public_are_refused_at_save_and_at_send() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    for url in [
        "http://example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://user:pass@example.com/",
        "https://example.com:22/",
        "https://metadata.google.internal/",
        "https://example.com/\r\nx: y",
        "https://127.0.0.1:1/_local/webhooks/to/x",
    ] {
        let order = json!({ "url": url, "events": ["*"] });
        admin.send("POST", "/admin/webhooks", &order).await.refused(422, "validation");
    }
    for events in [json!([]), json!(["bad kind"]), json!(["WebhookUndeliverable"]), json!("*")] {
        let order = json!({ "url": app.receiver("crm"), "events": events });
        admin.send("POST", "/admin/webhooks", &order).await.refused(422, "validation");
    }
    // An address that was good when it was saved: the settings have changed since, or somebody wrote into the table.
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    app.set("settings", "key", &id, "url", "https://169.254.169.254/").await;
    fail_to_log_in(&app).await;
    let delivery = app.table("deliveries").await.remove(0);
    assert_eq!(delivery["dead_reason"], "its address may not be called");
    // A name that leads nowhere public: found out when it is called.
    app.set("settings", "key", &id, "url", "https://postern-nowhere.invalid.example/").await;
    fail_to_log_in(&app).await;
    assert!(app.received(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_266_the_log_keeps_the_beginning_of_an_answer_and_nothing_that_could_do_harm() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    let long = format!("<script>alert(1)</script>\r\nx: y\u{1b}[31m{}", "z".repeat(100_000));
    answer(&app, json!({ "status": 500, "body": long })).await;
    fail_to_log_in(&app).await;
    let shown = log(&admin, &id).await[0]["tries"][0]["answer"].as_str().unwrap().to_owned();
    assert!(shown.starts_with(r"\u{3c}script\u{3e}alert(1)") && shown.contains(r"\u{d}\u{a}x: y\u{1b}"), "{shown}");
    assert!(shown.chars().filter(|c| *c == 'z').count() < 500 && !shown.chars().any(char::is_control), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn note_2_webhooks_are_for_administrators_who_have_signed_in_lately_and_the_trail_knows() {
    let app = start().await;
    let order = json!({ "url": app.receiver("crm"), "events": ["*"], "description": "the CRM" });
    app.post("/admin/webhooks", order.clone()).await.refused(401, "unauthenticated");
    let mut user = app.browser("ada@example.com").await;
    user.send("POST", "/admin/webhooks", &order).await.refused(403, "forbidden");
    user.get("/admin/webhooks").await.refused(403, "forbidden");
    let mut admin = app.browser(ADMIN).await;
    let no_csrf = Answer::to(admin.request("POST", "/admin/webhooks").json(&order)).await;
    no_csrf.refused(403, "csrf_invalid");
    let made = admin.send("POST", "/admin/webhooks", &order).await.expect(201);
    let id = made.text_of("id");
    let listed = admin.get("/admin/webhooks").await.expect(200);
    assert_eq!(listed.body["webhooks"][0]["description"], "the CRM");
    assert!(listed.body["webhooks"][0].get("secret").is_none());
    app.advance(301);
    let path = format!("/admin/webhooks/{id}");
    admin.send("DELETE", &path, &json!(null)).await.refused(401, "step_up_required");
    admin.get("/admin/webhooks").await.expect(200);
    let mut admin = self::admin(&app).await;
    admin.send("DELETE", &path, &json!(null)).await.expect(204);
    admin.send("DELETE", &path, &json!(null)).await.refused(404, "not_found");
    admin.get(&format!("{path}/deliveries")).await.refused(404, "not_found");
    assert_eq!((app.count("WebhookCreated").await, app.count("WebhookDeleted").await), (1, 1));
}
