//! While the secrets rotate nobody is refused who should not be, and nobody is let in who should (F42; case 064).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::app::App;
use tests::{Answer, Browser, Native, TestApp};

use super::{MINUTE, SETTLE, forged, rotate, settled, version_of, versions};

/// Waits until the stream has tried every mail, and each waits for its next try.
async fn first_tries_are_over(app: &TestApp) {
    app.mails_rest().await;
    let messages = app.table("outbox").await;
    let mut waiting = messages.iter().filter(|message| message.get("state").is_some());
    assert!(waiting.all(|message| message["attempts"] == 1.0), "each is tried once: {messages:?}");
}

/// Instances that have read the secrets, and do nothing from then on.
async fn sleepers(app: &TestApp, n: usize, browser: &Browser<'_>) -> Vec<Arc<App>> {
    let mut sleepers = Vec::new();
    for _ in 0..n {
        let sleeper = Arc::new(app.stack.cold_app());
        app.stack.serve_by(std::slice::from_ref(&sleeper));
        browser.csrf().await;
        sleepers.push(sleeper);
    }
    sleepers
}

/// A page's three requests: a change with the CSRF token it has had all along, another token, a change with that one.
async fn page(browser: &mut Browser<'_>, old_csrf: &str) {
    browser.post_with("/auth/refresh", old_csrf).await.expect(200);
    let csrf = browser.csrf().await;
    browser.post_with("/auth/refresh", &csrf).await.expect(200);
}

/// Two tabs that refresh with one token at once: each gets in, or is told to come again.
async fn tabs(native: &mut Native<'_>) {
    let answers: [Answer; 2] = join(native.present(&native.refresh), native.present(&native.refresh)).await.into();
    let statuses = answers.each_ref().map(|answer| answer.status);
    assert!(statuses.contains(&200) && statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
    let successors: BTreeSet<String> =
        answers.iter().filter_map(|answer| answer.body["refreshToken"].as_str().map(str::to_owned)).collect();
    assert!(successors.len() <= 1, "one token has one successor");
    native.refresh = successors.into_iter().next().unwrap_or_else(|| native.refresh.clone());
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_nobody_is_refused_or_signed_out_while_the_secrets_rotate_under_load() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    app.account("ada@example.com").await;
    let mut silent_native = Native::sign_in(&app, "ada@example.com").await;
    let mut silent_browser = Browser::sign_in(&app, "ada@example.com").await;
    let silent_csrf = silent_browser.csrf().await;

    let mut instances = vec![app.stack.app()];
    let mut browsers = Vec::new();
    let mut natives = Vec::new();
    let mut tabbed = Native::sign_in(&app, "ada@example.com").await;
    let mut made_at = None;
    let mut seen = BTreeSet::new();
    // A minute and a bit at a time, so that each round rotates the tokens; from before the rotation until long after.
    for round in 0..36_u64 {
        if round % 4 == 0 {
            // A cold instance joins those that are warm, and people come.
            instances.push(Arc::new(app.stack.cold_app()));
            app.stack.serve_by(&instances);
            let browser = Browser::sign_in(&app, "ada@example.com").await;
            let csrf = browser.csrf().await;
            browsers.push((browser, csrf));
            natives.push(Native::sign_in(&app, "ada@example.com").await);
        }
        if round == 10 {
            let runs = tests::at_once(4, |_| {
                Answer::to(app.request("POST", "/_local/jobs/rotate-keys").json(&json!({ "action": "rotate-secrets" })))
            });
            assert!(runs.await.iter().all(|run| run.status == 200));
            assert_eq!(versions(&app).await, [1, 2]);
            made_at = Some(app.stack.clock().now());
        }
        app.advance(61);
        let pages = join_all(browsers.iter_mut().map(|(browser, csrf)| page(browser, csrf)));
        let refreshes = join_all(natives.iter_mut().map(Native::refresh));
        join(join(pages, refreshes), tabs(&mut tabbed)).await;

        let used: BTreeSet<u8> = natives.iter().map(|native| version_of(&native.refresh)).collect();
        let is_settled =
            made_at.is_some_and(|made_at| app.stack.clock().now().since(made_at) >= Duration::from_secs(SETTLE));
        assert_eq!(used, BTreeSet::from([if is_settled { 2 } else { 1 }]), "round {round}");
        seen.extend(used);
    }
    assert_eq!(seen, BTreeSet::from([1, 2]), "both were used");

    // Who was away all the time comes back with what the old version made.
    assert_eq!(version_of(&silent_native.refresh), 1);
    app.advance(6 * 3600);
    silent_native.refresh().await;
    assert_eq!(version_of(&silent_native.refresh), 2);
    silent_browser.post_with("/auth/refresh", &silent_csrf).await.expect(200);
    assert_eq!((app.count("RefreshTokenReplayed").await, app.count("RefreshTokenRevoked").await), (0, 0));
    for (mut browser, csrf) in browsers {
        browser.post_with("/auth/logout", &csrf).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_an_instance_that_slept_through_the_rotation_knows_the_new_version_at_once() {
    let app = settled().await;
    let browser = app.browser("ada@example.com").await;
    let asleep = sleepers(&app, 5, &browser).await;

    let awake = Arc::new(app.stack.cold_app());
    app.stack.serve_by(std::slice::from_ref(&awake));
    rotate(&app).await;
    app.advance(SETTLE);
    let mut native = Native::sign_in(&app, "ada@example.com").await;
    let other = Native::sign_in(&app, "ada@example.com").await;
    let mut browser = Browser::sign_in(&app, "ada@example.com").await;
    let csrf = browser.csrf().await;
    assert_eq!(version_of(&native.refresh), 2);

    app.stack.serve_by(&asleep[0..1]);
    native.refresh().await;
    app.stack.serve_by(&asleep[1..2]);
    browser.post_with("/auth/refresh", &csrf).await.expect(200);
    app.stack.serve_by(&asleep[2..3]);
    app.post("/auth/logout", json!({ "refreshToken": other.refresh })).await.expect(204);
    app.stack.serve_by(&asleep[3..4]);
    browser.post_with("/auth/logout", &csrf).await.expect(204);
    assert_eq!(app.count("UserLogout").await, 2);

    // A successor that another instance has just made is the same from one that never heard of its version.
    app.stack.serve_by(&[awake]);
    app.advance(61);
    let first = native.present(&native.refresh).await.expect(200);
    app.stack.serve_by(&asleep[4..5]);
    let again = native.present(&native.refresh).await.expect(200);
    assert_eq!(first.text_of("refreshToken"), again.text_of("refreshToken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_mail_is_delivered_whichever_version_sealed_it_and_whoever_sends_it() {
    let app = settled().await;
    let browser = app.browser("ada@example.com").await;
    let asleep = sleepers(&app, 1, &browser).await;
    let awake = Arc::new(app.stack.cold_app());
    app.stack.serve_by(&[awake]);
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    let sign_up = async |email: &str| {
        let body = json!({ "email": email, "password": tests::PASSWORD, "name": "Bob" });
        app.post("/auth/signup", body).await.expect(202);
    };
    sign_up("old@example.com").await;
    first_tries_are_over(&app).await;
    rotate(&app).await;
    app.advance(SETTLE);
    sign_up("new@example.com").await;
    first_tries_are_over(&app).await;
    app.advance(20 * MINUTE);
    app.job("retry-mail", json!({})).await;
    assert!(app.mails("old@example.com").is_empty() && app.mails("new@example.com").is_empty());

    // A sender that cannot have the new version leaves the message for later.
    app.no_faults();
    app.stack.serve_by(&asleep);
    app.fault(json!({ "service": "kms", "operation": "Decrypt", "kind": "error" })).await;
    app.advance(20 * MINUTE);
    app.post("/_local/jobs/retry-mail", json!({})).await.expect(503);
    app.no_faults();
    app.advance(3600);
    app.job("retry-mail", json!({})).await;
    let cold = Arc::new(app.stack.cold_app());
    app.stack.serve_by(&[cold]);
    for email in ["old@example.com", "new@example.com"] {
        let token = tests::token_in(&app.mail(email, 1).await);
        app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    }
    assert_eq!(app.count("MailUndeliverable").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_064_versions_that_nobody_made_are_refused_and_looked_up_once_in_a_while() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.stack.clock().stop();
    app.advance(61);
    // What was gathered is written, and what happened is counted: those calls are not what this is about.
    app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401);
    app.is_quiet().await;
    app.stack.aws().calls().clear();
    for version in (0..=255).filter(|&version| version != 1) {
        native.present(&forged(&native.refresh, version)).await.refused(401, "refresh_invalid");
    }
    let calls = app.calls();
    assert_eq!(calls.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(), ["Query"]);
    app.advance(5);
    native.present(&forged(&native.refresh, 9)).await.refused(401, "refresh_invalid");
    assert_eq!(app.calls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_while_the_secrets_cannot_be_read_the_old_ones_serve_and_nobody_is_refused_by_mistake() {
    for (service, operation) in [("dynamodb", "Query"), ("kms", "Decrypt")] {
        let app = settled().await;
        let mut browser = app.browser("ada@example.com").await;
        let csrf = browser.csrf().await;
        let native = Native::sign_in(&app, "ada@example.com").await;
        let asleep = sleepers(&app, 1, &browser).await;
        let awake = Arc::new(app.stack.cold_app());
        app.stack.serve_by(&[awake]);
        rotate(&app).await;
        app.advance(6 * MINUTE);
        let mut other = Browser::sign_in(&app, "ada@example.com").await;
        app.advance(4 * MINUTE);
        let new_csrf = other.csrf().await;
        let successor = native.present(&native.refresh).await.expect(200).text_of("refreshToken");

        // Not even a mail that is late shall wake it.
        app.is_quiet().await;
        app.stack.serve_by(&asleep);
        // The signing ring, too, is asked for by a query: let it be fresh, and then fail.
        app.get("/.well-known/jwks.json").await.expect(200);
        app.fault(json!({ "service": service, "operation": operation, "kind": "error" })).await;
        browser.post_with("/auth/refresh", &csrf).await.expect(200);
        // It may be right, and it may be wrong. Both are told to come again, and nobody is signed out.
        let answer = other.post_with("/auth/refresh", &new_csrf).await.refused(503, "unavailable");
        assert!(answer.cookies().is_empty());
        browser.post_with("/auth/refresh", "wrong").await.refused(503, "unavailable");
        native.present(&successor).await.refused(503, "unavailable");
        native.present(&native.refresh).await.refused(503, "unavailable");
        app.advance(6);
        browser.post_with("/auth/refresh", &csrf).await.expect(200);
        app.no_faults();
        other.post_with("/auth/refresh", &new_csrf).await.expect(200);
        assert_eq!(native.present(&native.refresh).await.expect(200).text_of("refreshToken"), successor);
        browser.post_with("/auth/refresh", "wrong").await.refused(403, "csrf_invalid");
    }
}
