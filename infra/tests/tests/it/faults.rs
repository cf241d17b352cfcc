//! Failing dependencies: 503, nothing lost, nobody signed out, nobody let in (SECURITY.md D5, F1…F6, F10).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp, token_in};

const KINDS: [&str; 2] = ["error", "throttle"];

fn login() -> Value {
    json!({ "email": "ada@example.com", "password": PASSWORD, "tokenDelivery": "body" })
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_verify_token_answers_503_and_neither_passes_nor_signs_out() {
    let app = TestApp::start().await;
    let browser = app.browser("ada@example.com").await;
    for kind in KINDS {
        app.fault(json!({ "service": "dynamodb", "kind": kind })).await;
        for path in ["/auth/verify-token", "/user/me"] {
            let answer = browser.get(path).await.refused(503, "unavailable");
            assert!(!answer.header("retry-after").is_empty() && answer.cookies().is_empty());
        }
        let head = Answer::to(browser.request("HEAD", "/auth/verify-token")).await;
        assert_eq!(head.status, 503);
        app.no_faults();
        browser.get("/auth/verify-token").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f4_and_f6_a_refresh_that_fails_at_any_call_consumes_nothing() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    for kind in KINDS {
        for (service, operation) in [("dynamodb", "GetItem"), ("kms", "Sign"), ("dynamodb", "TransactWriteItems")] {
            app.advance(61);
            let before = app.table("sessions").await;
            app.fault(json!({ "service": service, "operation": operation, "kind": kind })).await;
            native.present(&native.refresh).await.refused(503, "unavailable");
            app.no_faults();
            assert_eq!(app.table("sessions").await, before, "{service} {operation}");
            assert_eq!(native.refresh().await.body["rotated"], true);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_a_commit_whose_answer_is_lost_is_repeated_within_the_grace() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    for wait in [1, 10, 29] {
        let mut native = app.native(&format!("ada{wait}@example.com")).await;
        app.advance(61);
        // Every try of the SDK loses its answer: the caller learns nothing, though it was committed.
        app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "drop_after_commit" }))
            .await;
        native.present(&native.refresh).await.refused(503, "unavailable");
        app.no_faults();
        app.advance(wait);
        assert_eq!(native.refresh().await.body["rotated"], true, "{wait} s");
        app.advance(61);
        native.refresh().await;
    }
    let late = app.native("late@example.com").await;
    app.advance(61);
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "drop_after_commit" })).await;
    late.present(&late.refresh).await.refused(503, "unavailable");
    app.no_faults();
    app.advance(31);
    late.present(&late.refresh).await.refused(401, "refresh_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_an_answer_lost_once_is_had_again_and_nothing_happens_twice() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    app.advance(61);
    app.fault(
        json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-sessions", "kind": "drop_after_commit", "times": 1 }),
    )
    .await;
    assert_eq!(native.refresh().await.body["rotated"], true);
    assert_eq!(app.count("TokenRefreshed").await, 1);
    assert_eq!(app.table("sessions").await[0]["generation"], 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_a_sign_in_that_cannot_be_signed_leaves_no_session_and_counts_as_no_failure() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for kind in KINDS {
        app.fault(json!({ "service": "kms", "operation": "Sign", "kind": kind })).await;
        app.post("/auth/login", login()).await.refused(503, "unavailable");
        app.no_faults();
    }
    assert!(app.table("sessions").await.is_empty());
    assert_eq!(app.count("UserLoginFailed").await, 0);
    Native::sign_in(&app, "ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_a_sign_in_without_dynamodb_is_503_for_right_and_wrong_passwords_alike() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for operation in ["GetItem", "TransactWriteItems", "PutItem"] {
        app.fault(json!({ "service": "dynamodb", "operation": operation, "kind": "error" })).await;
        let wrong = json!({ "email": "ada@example.com", "password": "wrong" });
        if operation != "TransactWriteItems" {
            app.post("/auth/login", wrong).await.refused(503, "unavailable");
        }
        if operation != "PutItem" {
            app.post("/auth/login", login()).await.refused(503, "unavailable");
        }
        app.no_faults();
    }
    assert!(app.table("sessions").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_fails_leaves_its_link_good() {
    let app = TestApp::start().await;
    let token = app.sign_up("ada@example.com").await;
    for operation in ["GetItem", "TransactWriteItems"] {
        for kind in KINDS {
            app.fault(json!({ "service": "dynamodb", "operation": operation, "kind": kind })).await;
            app.post("/auth/verify-email", json!({ "token": token })).await.refused(503, "unavailable");
            app.no_faults();
        }
    }
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_that_fails_does_not_use_up_the_turn() {
    let app = TestApp::start().await;
    app.sign_up("ada@example.com").await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "throttle" })).await;
    app.post("/auth/verify-email/resend", json!({ "email": "ada@example.com" })).await.refused(503, "unavailable");
    app.no_faults();
    app.post("/auth/verify-email/resend", json!({ "email": "ada@example.com" })).await.expect(202);
    token_in(&app.mail("ada@example.com", 2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_that_fails_says_so_and_keeps_the_cookies() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "error" })).await;
    let answer = browser.post("/auth/logout").await.refused(503, "unavailable");
    assert!(answer.cookies().is_empty());
    app.no_faults();
    browser.post("/auth/logout").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_transactions_that_meet_every_time_are_a_lost_race() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    app.advance(61);
    let conflict = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": 1, "reason": "TransactionConflict" });
    app.fault(conflict).await;
    native.present(&native.refresh).await.refused(409, "refresh_in_progress");
    app.no_faults();
    assert_eq!(native.refresh().await.body["rotated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_8_nothing_is_given_once_the_person_has_signed_out_everywhere() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.advance(61);
    // The refresh has read everything and waits for its signature while the sign-out is committed.
    app.fault(json!({ "service": "kms", "operation": "Sign", "kind": "delay", "delayMs": 60_000 })).await;
    let (refresh, logout) = tokio::join!(native.present(&native.refresh), async {
        app.somebody_is_hit().await;
        let answer = Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&native.access)).await;
        app.no_faults();
        answer
    });
    logout.expect(204);
    refresh.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_transactions_that_meet_are_tried_again() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    app.advance(61);
    let conflict = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-sessions", "kind": "cancel_item", "item": 0, "reason": "TransactionConflict", "times": 2 });
    app.fault(conflict).await;
    assert_eq!(native.refresh().await.body["rotated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_090_a_lost_race_by_the_stores_own_word_is_409_and_touches_no_cookie() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    app.advance(61);
    let lost = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": 1, "reason": "ConditionalCheckFailed" });
    app.fault(lost).await;
    let answer = browser.post("/auth/refresh").await.refused(409, "refresh_in_progress");
    assert!(answer.cookies().is_empty());
    app.no_faults();
    browser.post("/auth/refresh").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_a_slow_kms_fails_fast() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.advance(61);
    app.fault(json!({ "service": "kms", "kind": "delay", "delayMs": 60_000 })).await;
    let started = Instant::now();
    native.present(&native.refresh).await.refused(503, "unavailable");
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "4.5 s, and what a busy machine adds: {:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_the_public_keys_outlive_a_table_that_is_down() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.get("/.well-known/jwks.json").await.expect(200);
    app.fault(json!({ "service": "dynamodb", "table": "postern-local-signing-keys", "kind": "error" })).await;
    app.advance(120);
    app.get("/.well-known/jwks.json").await.expect(200);
    native.verify(&native.access).await.expect(200);
    app.advance(600);
    app.get("/.well-known/jwks.json").await.refused(503, "unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_1_health_tells_what_fails() {
    let app = TestApp::start().await;
    health_becomes(&app, "healthy").await;
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.advance(60);
    let degraded = health_becomes(&app, "degraded").await.expect(200).body;
    assert_eq!(degraded["checks"]["ses"]["status"], "degraded");
    app.no_faults();
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    let down = health_becomes(&app, "down").await.expect(503).body;
    assert_eq!(down["checks"]["dynamodb"]["status"], "down");
    app.no_faults();
    // A browser that was signed in all the while still is.
    app.account("ada@example.com").await;
    Browser::sign_in(&app, "ada@example.com").await.get("/user/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_1_asking_often_asks_the_dependencies_no_more_often() {
    let app = TestApp::start().await;
    app.is_quiet().await;
    app.stack.clock().stop();
    let calls = || app.stack.aws().calls().list(None).len();
    let before = calls();
    let answers = tests::at_once(200, |_| Answer::to(app.request("GET", "/health/auth"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let first = calls() - before;
    assert!(first <= 8, "200 requests at once: {first} calls");
    for _ in 0..50 {
        app.get("/health/auth").await.expect(200);
    }
    assert_eq!(calls() - before, first, "what was found is kept");
    app.advance(5);
    app.get("/health/auth").await.expect(200);
    assert!((1..=first).contains(&(calls() - before - first)), "and looked at again after five seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_1_a_dependency_that_hangs_is_waited_for_once_in_a_while() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    health_becomes(&app, "healthy").await;
    app.fault(json!({ "service": "dynamodb", "kind": "delay", "delayMs": 30_000 })).await;
    for waited in [5, 10, 15, 20] {
        app.advance(5);
        let before = app.stack.aws().calls().begun();
        let answers = tests::at_once(20, |_| Answer::to(app.request("GET", "/health/auth"))).await;
        // A good finding outlives two late probes; the third is believed.
        let expected = if waited < 15 { 200 } else { 503 };
        assert!(answers.iter().all(|answer| answer.status == expected), "after {waited} s: {}", answers[0].text);
        let met = app.stack.aws().calls().begun() - before;
        assert!(met <= 6, "20 requests at once: {met} calls");
    }
    let down = app.get("/health/auth").await.expect(503).body;
    assert_eq!(down["checks"]["dynamodb"]["detail"], "does not answer in time");
    app.no_faults();
    health_becomes(&app, "healthy").await;
}

/// The first answer that says so. A few probes may say otherwise: on a busy machine one may be late without a fault, and
/// where a dependency refuses, the SDK's own retries may outlast a probe, so that the last good finding counts a little longer.
async fn health_becomes(app: &TestApp, status: &str) -> Answer {
    for _ in 0..20 {
        let answer = app.get("/health/auth").await;
        if answer.body["status"] == status {
            return answer;
        }
        app.advance(5);
    }
    panic!("twenty looks, five seconds apart, and health is never {status}");
}
