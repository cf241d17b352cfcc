//! A password that its owner changes, and the sessions that go on (RECOV-3; case 044).

use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp, at_once};

use super::{ADA, NEW, cancelled, state, succeeded};

fn change_form(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

async fn change(native: &Native<'_>, current: &str, new: &str) -> Answer {
    let request = native.app.request("POST", "/auth/password/change").bearer_auth(&native.access);
    Answer::to(request.json(&change_form(current, new))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_and_f6_a_change_that_fails_at_any_item_or_call_changes_nothing() {
    let app = TestApp::start().await;
    let mut native = app.native(ADA).await;
    app.outbox_is_empty().await;
    let before = state(&app).await;
    // Session, user, login, two events, mail.
    for item in 0..6 {
        cancelled(&app, item, async || change(&native, PASSWORD, NEW).await).await;
    }
    for (service, operation) in [("dynamodb", "GetItem"), ("kms", "Sign"), ("dynamodb", "TransactWriteItems")] {
        app.fault(json!({ "service": service, "operation": operation, "kind": "error" })).await;
        change(&native, PASSWORD, NEW).await.refused(503, "unavailable");
        app.no_faults();
    }
    app.job("retry-mail", json!({})).await;
    assert_eq!(state(&app).await, before);
    assert_eq!(app.mails(ADA).len(), 2, "f14: no mail before the commit");
    native.verify(&native.access).await.expect(200);
    native.refresh().await;
    change(&native, PASSWORD, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_a_changed_password_ends_every_other_session_and_this_one_lives_on() {
    let app = TestApp::start().await;
    let mut native = app.native(ADA).await;
    let (other, browser) = (Native::sign_in(&app, ADA).await, Browser::sign_in(&app, ADA).await);
    app.advance(30);
    let answer = change(&native, PASSWORD, NEW).await.expect(200);
    assert_eq!((&answer.body["status"], &answer.body["rotated"]), (&json!("complete"), &json!(false)));
    assert_eq!(answer.body["expiresIn"], 900);
    assert!(answer.body.get("refreshToken").is_none() && answer.cookies().is_empty(), "{}", answer.text);
    assert_eq!(answer.body["session"]["id"], native.session["id"]);
    assert!(answer.body["session"]["authTime"].as_str() > native.session["authTime"].as_str(), "signed in just now");

    // The old access token is over; a client that does not know refreshes, as after any expiry.
    native.verify(&native.access).await.refused(401, "token_expired");
    let access = answer.text_of("accessToken");
    let verified = native.verify(&access).await.expect(200);
    // A token tells whole seconds.
    let seconds = |time: &Value| time.as_str().unwrap()[..19].to_owned();
    assert_eq!(seconds(&verified.body["authTime"]), seconds(&answer.body["session"]["authTime"]));
    app.advance(31);
    assert_eq!(native.refresh().await.body["rotated"], true);
    native.verify(&native.access).await.expect(200);

    other.verify(&other.access).await.refused(401, "session_revoked");
    other.present(&other.refresh).await.refused(401, "session_revoked");
    browser.get("/user/me").await.refused(401, "session_revoked");
    app.log_in(ADA, PASSWORD).await.refused(401, "invalid_credentials");
    app.log_in(ADA, NEW).await.expect(200);

    let notice = app.mail_about(ADA, "your password was changed").await;
    assert!(notice.starts_with("Postern: your password was changed"), "{notice}");
    assert!(notice.contains("While signed in, with the old password"), "{notice}");
    assert_eq!(succeeded(&app, "PasswordChanged").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_in_a_browser_the_new_access_token_is_a_cookie_and_the_refresh_cookie_stays() {
    let app = TestApp::start().await;
    let mut browser = app.browser(ADA).await;
    let before = browser.cookies.clone();
    let answer = browser.send("POST", "/auth/password/change", &change_form(PASSWORD, NEW)).await.expect(200);
    assert_eq!(answer.cookies().keys().map(String::as_str).collect::<Vec<_>>(), ["postern_v1_access"]);
    assert!(answer.body.get("accessToken").is_none() && !answer.text.contains("eyJ"));
    browser.get("/user/me").await.expect(200);
    app.advance(61);
    browser.post("/auth/refresh").await.expect(200);
    assert_ne!(browser.cookies, before);

    // Another page cannot have it changed.
    let foreign = browser.request("POST", "/auth/password/change").json(&change_form(NEW, PASSWORD));
    Answer::to(foreign).await.refused(403, "csrf_invalid");
    app.post("/auth/password/change", change_form(NEW, PASSWORD)).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_what_is_refused_changes_nothing_and_keeps_the_session() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    app.outbox_is_empty().await;
    let before = state(&app).await;
    change(&native, "wrong", NEW).await.refused(401, "invalid_credentials");
    let rules = |answer: Answer| answer.refused(422, "password_rejected").body["errors"][0].clone();
    assert_eq!(rules(change(&native, PASSWORD, "Ab1!").await)["code"], "min_length");
    let same = rules(change(&native, PASSWORD, PASSWORD).await);
    assert_eq!((&same["field"], &same["code"]), (&json!("newPassword"), &json!("unchanged")));
    assert_eq!(rules(change(&native, PASSWORD, "I am Lovelace, you know").await)["code"], "contains_personal");
    assert_eq!(state(&app).await, before);
    native.verify(&native.access).await.expect(200);
    // The wrong password is in the trail.
    assert_eq!((app.count("PasswordChanged").await, succeeded(&app, "PasswordChanged").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_of_changes_at_once_one_is_made_and_nobody_is_told_that_the_session_ended() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    let password = |i: usize| format!("{NEW} and {i} more");
    let answers = at_once(10, |i| {
        let request = app.request("POST", "/auth/password/change").bearer_auth(&native.access);
        Answer::to(request.json(&change_form(PASSWORD, &password(i))))
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let told = |answer: &Answer| {
        matches!(
            (answer.status, answer.code()),
            (200, _) | (503, _) | (401, "token_expired" | "invalid_credentials") | (429, "rate_limited")
        )
    };
    assert!(answers.iter().all(told), "{answers:?}");
    assert_eq!(succeeded(&app, "PasswordChanged").await, 1);
    native.present(&native.refresh).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_a_tab_that_refreshes_meanwhile_is_told_to_come_again() {
    let app = TestApp::start().await;
    let mut native = app.native(ADA).await;
    app.advance(61);
    // The refresh has read everything and waits for its signature while the change is committed.
    app.fault(json!({ "service": "kms", "operation": "Sign", "kind": "delay", "delayMs": 60_000, "times": 1 })).await;
    let (refresh, changed) = tokio::join!(native.present(&native.refresh), async {
        app.somebody_is_hit().await;
        change(&native, PASSWORD, NEW).await
    });
    changed.expect(200);
    refresh.refused(409, "refresh_in_progress");
    assert_eq!(native.refresh().await.body["rotated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_3_a_session_that_is_signed_out_meanwhile_does_not_come_back() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    app.fault(json!({ "service": "kms", "operation": "Sign", "kind": "delay", "delayMs": 60_000 })).await;
    let (changed, logout) = tokio::join!(change(&native, PASSWORD, NEW), async {
        app.somebody_is_hit().await;
        let answer = native.logout().await;
        app.no_faults();
        answer
    });
    logout.expect(204);
    changed.refused(401, "session_revoked");
    app.log_in(ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_044_the_current_password_is_tried_five_times_in_a_window() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    let mut browser = app.browser(ADA).await;
    let change = |current: &str| json!({ "currentPassword": current, "newPassword": "Eight blue windows, 2 open" });
    let before = app.stack.app().hasher().computed();
    for _ in 0..5 {
        browser.send("POST", "/auth/password/change", &change("wrong")).await.refused(401, "invalid_credentials");
    }
    let full = browser.send("POST", "/auth/password/change", &change(PASSWORD)).await.refused(429, "rate_limited");
    assert!((890..=900).contains(&tests::retry_after(&full)));
    assert_eq!(app.stack.app().hasher().computed() - before, 5);
    // The sign-in has its own places, and the session lives.
    app.log_in(ADA, PASSWORD).await.expect(200);
    app.advance(15 * 60);
    browser.send("POST", "/auth/password/change", &change(PASSWORD)).await.expect(200);
}
