//! CAPTCHA at sign-up, with each provider (SIGN-7), and what an outage does (F43).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp, at_once};

const PROVIDERS: [&str; 3] = ["turnstile", "hcaptcha", "recaptcha"];

async fn with_provider(provider: &str) -> TestApp {
    TestApp::with(&[("CaptchaProvider", provider)]).await
}

fn form(email: &str, token: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace", "captchaToken": token })
}

async fn sign_up(app: &TestApp, email: &str, token: &str) -> Answer {
    app.post("/auth/signup", form(email, token)).await
}

/// Nobody has an account, and nobody was written to.
async fn nothing_happened(app: &TestApp) {
    for table in ["users", "logins", "organizations", "challenges", "outbox"] {
        assert_eq!(app.table(table).await, Vec::<Value>::new(), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_a_solved_captcha_opens_sign_up_with_each_provider() {
    for provider in PROVIDERS {
        let app = with_provider(provider).await;
        let without = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
        let refused = app.post("/auth/signup", without).await.refused(403, "captcha_required");
        assert_eq!(app.calls_of(&refused).await["calls"], json!([]), "what lacks a token costs nothing");
        nothing_happened(&app).await;
        let solved = app.solved(json!({})).await;
        sign_up(&app, "ada@example.com", &solved).await.expect(202);
        assert_eq!(app.table("users").await.len(), 1, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_without_a_provider_a_token_changes_nothing() {
    let app = TestApp::start().await;
    sign_up(&app, "ada@example.com", "whatever").await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_a_checked_sign_up_costs_no_round_trip_more() {
    let app = with_provider("turnstile").await;
    let warm = app.solved(json!({})).await;
    sign_up(&app, "warm@example.com", &warm).await.expect(202);
    let solved = app.solved(json!({})).await;
    let answer = sign_up(&app, "ada@example.com", &solved).await.expect(202);
    assert_eq!(app.calls_of(&answer).await["roundTrips"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_wrong_expired_foreign_and_replayed_tokens_are_refused_and_nothing_happens() {
    for provider in PROVIDERS {
        let app = with_provider(provider).await;
        for token in ["", " ", "made-up", "a\nb", &"a".repeat(8193)] {
            let code = if token.is_empty() { "captcha_required" } else { "captcha_invalid" };
            sign_up(&app, "ada@example.com", token).await.refused(403, code);
        }
        let elsewhere = app.solved(json!({ "hostname": "shop.example.org" })).await;
        sign_up(&app, "ada@example.com", &elsewhere).await.refused(403, "captcha_invalid");
        if provider != "hcaptcha" {
            let for_login = app.solved(json!({ "action": "login" })).await;
            sign_up(&app, "ada@example.com", &for_login).await.refused(403, "captcha_invalid");
        }
        if provider == "recaptcha" {
            let doubtful = app.solved(json!({ "score": 0.4 })).await;
            sign_up(&app, "ada@example.com", &doubtful).await.refused(403, "captcha_invalid");
        }
        let old = app.solved(json!({})).await;
        app.advance(301);
        sign_up(&app, "ada@example.com", &old).await.refused(403, "captcha_invalid");
        nothing_happened(&app).await;

        let solved = app.solved(json!({})).await;
        sign_up(&app, "ada@example.com", &solved).await.expect(202);
        sign_up(&app, "bob@example.com", &solved).await.refused(403, "captcha_invalid");
        assert_eq!(app.table("users").await.len(), 1, "{provider}");
        assert_eq!(app.count("CaptchaSkipped").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_of_ten_requests_with_one_token_at_once_one_passes() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    let answers = at_once(10, |i| {
        let form = form(&format!("ada{i}@example.com"), &solved);
        Answer::to(app.request("POST", "/auth/signup").json(&form))
    })
    .await;
    let passed = answers.iter().filter(|answer| answer.status == 202).count();
    let refused = answers.iter().filter(|answer| answer.code() == "captcha_invalid").count();
    assert_eq!((passed, refused), (1, 9));
    assert_eq!(app.table("users").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_a_provider_that_forgets_what_it_has_seen_is_made_good_by_us() {
    let at = |seconds: i64| shared::clock::Timestamp::from_seconds(1_900_000_000 + seconds);
    let (url, _) = answers(move || {
        let body =
            json!({ "success": true, "challenge_ts": at(0).to_string(), "hostname": "localhost", "action": "signup" });
        ("200 OK", String::new(), body.to_string())
    });
    let app = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaVerifyUrl", &url)]).await;
    app.stack.clock().set(at(0));
    sign_up(&app, "ada@example.com", "token").await.expect(202);
    app.advance(1);
    sign_up(&app, "bob@example.com", "token").await.refused(403, "captcha_invalid");
    // It forgets longer than we do: by then the solution is too old.
    app.advance(700);
    sign_up(&app, "bob@example.com", "token").await.refused(403, "captcha_invalid");
    sign_up(&app, "bob@example.com", "other").await.refused(403, "captcha_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_5_a_password_that_is_refused_uses_up_no_token() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    let mut weak = form("ada@example.com", &solved);
    weak["password"] = json!("password");
    app.post("/auth/signup", weak).await.refused(422, "password_rejected");
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_a_provider_that_hangs_is_503_in_time_and_nothing_is_stored() {
    let app = with_provider("turnstile").await;
    app.fault(json!({ "service": "captcha", "kind": "delay", "delayMs": 20_000 })).await;
    let solved = [app.solved(json!({})).await, app.solved(json!({})).await, app.solved(json!({})).await];
    let started = Instant::now();
    let answers = at_once(3, |i| {
        let form = form(&format!("ada{i}@example.com"), &solved[i]);
        Answer::to(app.request("POST", "/auth/signup").json(&form))
    })
    .await;
    assert!(started.elapsed() < Duration::from_millis(4500), "{:?}", started.elapsed());
    answers.into_iter().for_each(|answer| drop(answer.refused(503, "unavailable")));
    nothing_happened(&app).await;
    assert_eq!(app.count("CaptchaSkipped").await, 0);

    // Three in a row were enough: the next one does not wait.
    let started = Instant::now();
    let fresh = app.solved(json!({})).await;
    sign_up(&app, "bob@example.com", &fresh).await.refused(503, "unavailable");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_the_breaker_opens_after_three_failures_and_closes_when_the_provider_answers() {
    let app = with_provider("hcaptcha").await;
    app.fault(json!({ "service": "captcha", "kind": "error", "times": 3 })).await;
    let solved = app.solved(json!({})).await;
    for _ in 0..3 {
        let refused = sign_up(&app, "ada@example.com", &solved).await.refused(503, "unavailable");
        assert!(!refused.header("retry-after").is_empty());
    }
    // The provider is well again, and is not asked.
    sign_up(&app, "ada@example.com", &solved).await.refused(503, "unavailable");
    app.advance(9);
    sign_up(&app, "ada@example.com", &solved).await.refused(503, "unavailable");
    nothing_happened(&app).await;
    app.advance(2);
    // Nothing had been decided about this token, so it is good still.
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
    let next = app.solved(json!({})).await;
    sign_up(&app, "bob@example.com", &next).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_no_token_of_a_caller_opens_the_breaker() {
    let app = with_provider("turnstile").await;
    for i in 0..5 {
        sign_up(&app, "ada@example.com", &format!("made-up-{i}")).await.refused(403, "captcha_invalid");
    }
    let solved = app.solved(json!({})).await;
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_open_lets_requests_pass_during_an_outage_and_tells_the_trail() {
    let app = TestApp::with(&[("CaptchaProvider", "recaptcha"), ("CaptchaOnOutage", "open")]).await;
    app.fault(json!({ "service": "captcha", "kind": "error" })).await;
    // The fourth finds the breaker open.
    for i in 0..4 {
        let solved = app.solved(json!({})).await;
        sign_up(&app, &format!("ada{i}@example.com"), &solved).await.expect(202);
    }
    assert_eq!(app.table("users").await.len(), 4);
    let events = app.table("audit-events").await;
    let skipped: Vec<&Value> = events.iter().filter(|event| event["kind"] == "CaptchaSkipped").collect();
    assert_eq!(skipped.len(), 4);
    for event in skipped {
        assert_eq!((&event["detail"]["action"], &event["detail"]["provider"]), (&json!("signup"), &json!("recaptcha")));
        assert!(event["detail"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{event}");
        assert!(event["ip"].is_string(), "{event}");
    }
    // Whoever brings none is asked for one all the same.
    let without = json!({ "email": "eve@example.com", "password": PASSWORD, "name": "Eve" });
    app.post("/auth/signup", without).await.refused(403, "captcha_required");
    // What the trail cannot be told does not pass.
    app.fault(json!({ "service": "dynamodb", "operation": "PutItem", "kind": "error" })).await;
    let solved = app.solved(json!({})).await;
    sign_up(&app, "eve@example.com", &solved).await.refused(503, "unavailable");
    assert_eq!(app.table("users").await.len(), 4);

    app.no_faults();
    app.advance(11);
    sign_up(&app, "eve@example.com", "made-up").await.refused(403, "captcha_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_a_wrong_secret_is_no_outage_so_open_does_not_let_it_pass() {
    let (url, _) =
        answers(|| ("200 OK", String::new(), r#"{"success":false,"error-codes":["invalid-input-secret"]}"#.to_owned()));
    let app =
        TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaOnOutage", "open"), ("CaptchaVerifyUrl", &url)])
            .await;
    for i in 0..5 {
        sign_up(&app, "ada@example.com", &format!("token-{i}")).await.refused(503, "unavailable");
    }
    nothing_happened(&app).await;
    assert_eq!(app.count("CaptchaSkipped").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_a_secret_that_cannot_be_unwrapped_lets_nobody_pass() {
    let app = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaOnOutage", "open")]).await;
    // The service's own secrets are unwrapped first, so that this is about the provider's.
    app.stack.app().secrets(app.stack.clock().now()).await.unwrap();
    app.fault(json!({ "service": "kms", "operation": "Decrypt", "kind": "error" })).await;
    let solved = app.solved(json!({})).await;
    sign_up(&app, "ada@example.com", &solved).await.refused(503, "unavailable");
    nothing_happened(&app).await;
    app.no_faults();
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_4_the_secret_opens_only_for_its_purpose() {
    let app = with_provider("turnstile").await;
    let product = app.stack.app();
    let wrapped = product.settings.captcha.as_ref().unwrap().wrapped_secret.clone();
    let secret = product.kms.unwrap_setting("captcha", &wrapped).await.unwrap();
    assert_eq!(secret.expose(), app.stack.captcha_secret());
    assert!(product.kms.unwrap_setting("webhook", &wrapped).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_may_not_answer_is_an_outage() {
    let good = |at: String| {
        json!({ "success": true, "challenge_ts": at, "hostname": "localhost", "action": "signup" }).to_string()
    };
    let now = shared::clock::Clock::system().now().to_string();
    let (elsewhere, asked_elsewhere) = {
        let body = good(now.clone());
        answers(move || ("200 OK", String::new(), body.clone()))
    };
    let padded = format!("{}{}", good(now.clone()), " ".repeat(70_000));
    let redirect = format!("location: {elsewhere}\r\n");
    type Made = (&'static str, String, String);
    let wrong: [Made; 4] = [
        ("307 Temporary Redirect", redirect, good(now.clone())),
        ("200 OK", String::new(), padded),
        ("200 OK", String::new(), "<html>all is well</html>".to_owned()),
        ("503 Service Unavailable", String::new(), good(now)),
    ];
    for (status, headers, body) in wrong {
        let (url, asked) = answers(move || (status, headers.clone(), body.clone()));
        let app = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaVerifyUrl", &url)]).await;
        sign_up(&app, "ada@example.com", "token").await.refused(503, "unavailable");
        nothing_happened(&app).await;
        let requests = asked.lock().unwrap();
        assert_eq!(requests.len(), 1, "asked once, whatever the answer: {status}");
        let request = &requests[0];
        let secret = app.stack.captcha_secret();
        assert!(request.starts_with("POST / HTTP/1.1\r\n") && request.contains("application/x-www-form-urlencoded"));
        assert!(request.ends_with(&format!("secret={secret}&response=token&remoteip={}", ip_of(request))), "{request}");
    }
    assert!(asked_elsewhere.lock().unwrap().is_empty(), "a redirect would carry the secret elsewhere");
}

fn ip_of(request: &str) -> &str {
    request.rsplit("remoteip=").next().unwrap_or_default()
}

type Requests = std::sync::Arc<std::sync::Mutex<Vec<String>>>;

/// A provider that answers whatever it is told to, and writes down what it was asked.
fn answers(make: impl Fn() -> (&'static str, String, String) + Send + 'static) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let asked = requests.clone();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            // Headers and body, as long as the body says it is.
            while let Ok(n @ 1..) = connection.read(&mut chunk) {
                request.extend_from_slice(&chunk[..n]);
                if is_whole(&request) {
                    break;
                }
            }
            asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let (status, headers, body) = make();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n", body.len());
            // Whoever reads only a part of it hangs up.
            let _ = connection.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (url, requests)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_5_the_providers_secret_is_nowhere_in_clear() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
    let secret = app.stack.captcha_secret();
    assert!(secret.len() > 20);
    let environment = format!("{:?}", app.stack.template().environment);
    assert!(environment.contains("CAPTCHA_SECRET"), "{environment}");
    let settings = format!("{:?}", app.stack.app().settings);
    let dump = app.dump().await;
    let calls = app.get("/_local/calls").await.text;
    let page = app.get("/_local/").await.text;
    for (place, text) in
        [("environment", environment), ("settings", settings), ("tables", dump), ("calls", calls), ("page", page)]
    {
        assert!(!text.contains(secret), "the secret is in the {place}");
        assert!(!text.contains(&solved), "the token is in the {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_accounts_are_made_behind_a_captcha_too() {
    let template = include_str!("../../../../template.yaml").to_owned();
    let parameters = [("CaptchaProvider".to_owned(), "recaptcha".to_owned())].into();
    let options = local::Options {
        template,
        parameters,
        port: 0,
        data_dir: None,
        elsewhere: None,
        schedules: false,
        samples: true,
    };
    let stack = local::Stack::start(options).await.unwrap();
    let made = stack.sample_accounts();
    assert_eq!(made.len(), 2);
    for (email, _, _) in made {
        let email = shared::email::Email::parse(&email).unwrap();
        assert!(stack.app().store.login_by_email(&email).await.unwrap().is_some_and(|login| login.email_verified));
    }
}

/// A try to sign in, with or without a solved CAPTCHA.
async fn log_in(app: &TestApp, email: &str, password: &str, token: Option<&str>) -> Answer {
    app.post("/auth/login", json!({ "email": email, "password": password, "captchaToken": token })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn case_051_and_031_the_fourth_attempt_needs_a_captcha_and_nothing_is_hashed_without_one() {
    let app = with_provider("turnstile").await;
    app.account("ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        for failure in 1..=3 {
            let answer = log_in(&app, email, "wrong", None).await.refused(401, "invalid_credentials");
            assert_eq!(answer.body["captchaRequired"], failure == 3, "{email}");
        }
        let before = app.stack.app().hasher().computed();
        // As often as one likes: without a CAPTCHA nothing is tried, so nothing is counted either.
        for _ in 0..6 {
            log_in(&app, email, PASSWORD, None).await.refused(403, "captcha_required");
        }
        log_in(&app, email, PASSWORD, Some("made up")).await.refused(403, "captcha_invalid");
        assert_eq!(app.stack.app().hasher().computed(), before);
        for _ in 0..2 {
            let token = app.solved(json!({ "action": "login" })).await;
            let answer = log_in(&app, email, "wrong", Some(&token)).await.refused(401, "invalid_credentials");
            assert_eq!(answer.body["captchaRequired"], true);
        }
        let token = app.solved(json!({ "action": "login" })).await;
        log_in(&app, email, PASSWORD, Some(&token)).await.refused(423, "account_locked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_5_a_solved_captcha_lets_the_owner_in_and_one_for_sign_up_does_not() {
    let app = with_provider("turnstile").await;
    app.account("ada@example.com").await;
    for _ in 0..3 {
        log_in(&app, "ada@example.com", "wrong", None).await.refused(401, "invalid_credentials");
    }
    let other = app.solved(json!({ "action": "signup" })).await;
    log_in(&app, "ada@example.com", PASSWORD, Some(&other)).await.refused(403, "captcha_invalid");
    let token = app.solved(json!({ "action": "login" })).await;
    log_in(&app, "ada@example.com", PASSWORD, Some(&token)).await.expect(200);
    log_in(&app, "ada@example.com", PASSWORD, Some(&token)).await.refused(403, "captcha_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_a_provider_that_is_down_counts_no_attempt() {
    let app = with_provider("turnstile").await;
    app.account("ada@example.com").await;
    for _ in 0..3 {
        log_in(&app, "ada@example.com", "wrong", None).await.refused(401, "invalid_credentials");
    }
    let token = app.solved(json!({ "action": "login" })).await;
    app.fault(json!({ "service": "captcha", "kind": "error" })).await;
    log_in(&app, "ada@example.com", PASSWORD, Some(&token)).await.refused(503, "unavailable");
    app.post("/_local/clock", json!({ "advanceSeconds": 11 })).await.expect(200);
    Answer::to(app.request("DELETE", "/_local/faults")).await;
    log_in(&app, "ada@example.com", PASSWORD, Some(&token)).await.expect(200);
}
