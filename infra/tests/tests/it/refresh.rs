//! Refresh tokens: rotation, grace, replay (TOKEN-2…5, SECURITY.md D3 and B5).

use std::collections::BTreeSet;

use serde_json::json;
use tests::{Answer, Browser, Native, TestApp, at_once};

#[tokio::test(flavor = "multi_thread")]
async fn case_085_a_plain_refresh_gives_new_tokens_of_the_same_family() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let (access, refresh) = (native.access.clone(), native.refresh.clone());
    app.advance(61);
    let answer = native.refresh().await;
    assert_eq!(answer.body["rotated"], true);
    assert_eq!(answer.body["session"]["id"], native.session["id"]);
    assert!(native.access != access && native.refresh != refresh);
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_3_a_token_younger_than_a_minute_is_kept() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    let answer = native.present(&native.refresh).await.expect(200);
    assert_eq!((&answer.body["rotated"], answer.body.get("refreshToken")), (&json!(false), None));
    native.verify(&answer.text_of("accessToken")).await.expect(200);

    let mut browser = Browser::sign_in(&app, "ada@example.com").await;
    let answer = browser.post("/auth/refresh").await.expect(200);
    assert_eq!(answer.cookies().keys().collect::<Vec<_>>(), ["postern_v1_access"], "the refresh cookie stays as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_086_of_twenty_refreshes_at_once_all_answers_carry_one_successor() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    for round in 0..5 {
        app.advance(61);
        let token = native.refresh.clone();
        let answers =
            at_once(20, |_| Answer::to(app.request("POST", "/auth/refresh").json(&json!({ "refreshToken": token }))))
                .await;
        let successors: BTreeSet<String> =
            answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text_of("refreshToken")).collect();
        assert_eq!(
            successors.len(),
            1,
            "round {round}: {:?}",
            answers.iter().map(|answer| answer.status).collect::<Vec<_>>()
        );
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            let answer = answer.refused(409, "refresh_in_progress");
            assert_eq!(answer.header("retry-after"), "1");
            assert!(answer.cookies().is_empty());
            // Case 101: who comes again gets the same.
            assert_eq!(native.present(&token).await.expect(200).text_of("refreshToken"), *successors.first().unwrap());
        }
        native.refresh = successors.into_iter().next().unwrap();
        let family = &app.table("sessions").await[0];
        assert_eq!(family["generation"], f64::from(round + 1));
    }
    native.refresh().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_087_a_lost_answer_is_repeated_for_thirty_seconds_and_not_a_second_longer() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    for (wait, is_repeated) in [(1, true), (29, true), (31, false)] {
        let email = format!("ada{wait}@example.com");
        let native = app.native(&email).await;
        app.advance(61);
        let lost = native.present(&native.refresh).await.expect(200);
        app.advance(wait);
        let again = native.present(&native.refresh).await;
        if is_repeated {
            assert_eq!(again.expect(200).body["refreshToken"], lost.body["refreshToken"], "{wait} s");
            continue;
        }
        again.refused(401, "refresh_reused");
        // Case 088: nobody keeps anything of the family.
        native.present(&lost.text_of("refreshToken")).await.refused(401, "session_revoked");
        for access in [&native.access, &lost.text_of("accessToken")] {
            native.verify(access).await.refused(401, "session_revoked");
        }
        assert_eq!(app.count("RefreshTokenReplayed").await, 1);
        assert!(app.mail(&email, 3).await.contains("signed a device out"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_089_an_older_ancestor_is_a_replay_even_at_once() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let first = native.refresh.clone();
    for _ in 0..2 {
        app.advance(61);
        native.refresh().await;
    }
    native.present(&first).await.refused(401, "refresh_reused");
    native.present(&native.refresh).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_090_only_a_401_takes_cookies_away() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    let before = browser.cookies.clone();
    app.advance(61);
    app.fault(json!({ "service": "kms", "kind": "error" })).await;
    assert!(browser.post("/auth/refresh").await.refused(503, "unavailable").cookies().is_empty());
    app.no_faults();
    browser.post("/auth/refresh").await.expect(200);
    let rotated = browser.cookies.clone();
    assert_ne!(before, rotated);

    // A lost answer: the old cookie, inside the grace, gets the successor's cookie.
    browser.cookies = before.clone();
    assert_eq!(browser.post("/auth/refresh").await.expect(200).cookies().len(), 2);
    assert_eq!(browser.cookies["postern_v1_refresh"], rotated["postern_v1_refresh"]);

    app.advance(31);
    browser.cookies = before;
    let answer = browser.post("/auth/refresh").await.refused(401, "refresh_reused");
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["postern_v1_device"]);
    for (name, (value, attributes)) in answer.cookies() {
        assert!(value.is_empty() && attributes.contains("Max-Age=0"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_091_after_a_logout_the_predecessor_is_dead_inside_its_grace() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let predecessor = native.refresh.clone();
    app.advance(61);
    native.refresh().await;
    native.logout().await.expect(204);
    for token in [&predecessor, &native.refresh] {
        native.present(token).await.refused(401, "session_revoked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_093_idle_and_absolute_ends_hold_though_nothing_cleans_up() {
    let app = TestApp::start().await;
    const DAY: u64 = 86_400;
    let idle = app.native("ada@example.com").await;
    app.advance(7 * DAY - 2);
    let mut busy = Native::sign_in(&app, "ada@example.com").await;
    app.advance(3);
    idle.present(&idle.refresh).await.refused(401, "session_expired");
    for _ in 0..29 {
        app.advance(DAY);
        busy.refresh().await;
    }
    app.advance(DAY - 600);
    let last = busy.refresh().await;
    assert!(last.body["expiresIn"].as_u64().unwrap() < 600, "no access token outlives its session: {}", last.text);
    app.advance(600);
    busy.present(&busy.refresh).await.refused(401, "session_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_095_and_096_a_token_comes_one_way_only() {
    let app = TestApp::start().await;
    let ada = app.browser("ada@example.com").await;
    let bob = app.browser("bob@example.com").await;
    let bobs_csrf = bob.csrf().await;
    Answer::to(ada.request("POST", "/auth/refresh").header("x-csrf-token", bobs_csrf))
        .await
        .refused(403, "csrf_invalid");
    let body = json!({ "refreshToken": bob.cookies["postern_v1_refresh"] });
    Answer::to(ada.request("POST", "/auth/refresh").json(&body)).await.refused(400, "malformed");
    let native = app.native("cyd@example.com").await;
    app.post(&format!("/auth/refresh?refreshToken={}", native.refresh), json!({}))
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_100_a_changed_token_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    let before = app.table("sessions").await;
    for at in (0..native.refresh.len()).step_by(3) {
        let mut changed = native.refresh.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        native.present(&String::from_utf8(changed).unwrap()).await.refused(401, "refresh_invalid");
    }
    assert_eq!(app.table("sessions").await, before);
    native.present(&native.refresh).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_103_a_cookie_without_its_csrf_token_consumes_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    app.advance(61);
    let before = app.table("sessions").await;
    for token in ["", "x", &"A".repeat(43)] {
        let request = browser.request("POST", "/auth/refresh").header("x-csrf-token", token);
        Answer::to(request).await.refused(403, "csrf_invalid");
    }
    Answer::to(browser.request("POST", "/auth/refresh")).await.refused(403, "csrf_invalid");
    assert_eq!(app.table("sessions").await, before);
    browser.post("/auth/refresh").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_105_a_hundred_replays_are_one_incident_and_one_mail() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let old = native.refresh.clone();
    app.advance(61);
    native.refresh().await;
    app.advance(31);
    let answers =
        at_once(100, |_| Answer::to(app.request("POST", "/auth/refresh").json(&json!({ "refreshToken": old })))).await;
    assert!(answers.iter().all(|answer| answer.status == 401 && answer.code() == "refresh_reused"));
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 3, "link, welcome, and one notice");
    assert_eq!(app.count("RefreshTokenReplayed").await, 1);
    assert_eq!(app.table("sessions").await[0]["replays"], 99.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_088_a_replay_that_could_not_end_the_family_claims_nothing() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let old = native.refresh.clone();
    app.advance(61);
    native.refresh().await;
    app.advance(31);
    let contended = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": 0, "reason": "TransactionConflict" });
    app.fault(contended).await;
    native.present(&old).await.refused(503, "unavailable");
    app.no_faults();
    native.present(&old).await.refused(401, "refresh_reused");
    native.present(&native.refresh).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_118_a_second_sign_in_is_a_second_session() {
    let app = TestApp::start().await;
    let mut first = app.native("ada@example.com").await;
    let mut second = Native::sign_in(&app, "ada@example.com").await;
    app.advance(61);
    first.refresh().await;
    second.refresh().await;
    assert_ne!(first.session["id"], second.session["id"]);
    assert_eq!(app.table("sessions").await.len(), 2);
}
