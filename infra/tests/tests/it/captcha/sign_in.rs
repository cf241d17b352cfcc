//! A CAPTCHA before a sign-in that others have tried (LOGIN-5; cases 031 and 051).

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp};

use super::with_provider;

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
