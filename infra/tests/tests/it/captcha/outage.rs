//! A provider that does not answer, or not as it should (F43).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp, at_once};

use super::{answers, form, nothing_happened, sign_up, with_provider};

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
    let fresh = app.solved(json!({})).await;
    let started = Instant::now();
    sign_up(&app, "bob@example.com", &fresh).await.refused(503, "unavailable");
    assert!(started.elapsed() < Duration::from_secs(2), "a provider has two seconds: {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn f43_the_breaker_opens_after_three_failures_and_closes_when_the_provider_answers() {
    let app = with_provider("hcaptcha").await;
    app.stack.clock().stop();
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
