//! Lockout, throttles and device cookies (LOGIN-2…4, LOGIN-6…9; B3): attackers get five guesses, owners get in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tests::{Answer, Browser, PASSWORD, TestApp, at_once, retry_after, token_in};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const NOBODY: &str = "nobody@example.com";
pub(crate) const MINUTE: u64 = 60;

/// So many wrong passwords, from as many addresses.
pub(crate) async fn fail(app: &TestApp, email: &str, times: usize) {
    for _ in 0..times {
        app.log_in(email, "wrong").await.refused(401, "invalid_credentials");
    }
}

/// How many hashes were computed so far.
pub(crate) fn computed(app: &TestApp) -> u64 {
    app.stack.app().hasher().computed()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_038_five_failures_lock_for_fifteen_minutes_and_then_the_right_password_works() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.stack.clock().stop();
    fail(&app, ADA, 5).await;
    let before = computed(&app);
    let locked = app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    assert_eq!((retry_after(&locked), computed(&app)), (15 * MINUTE, before));
    app.advance(15 * MINUTE - 1);
    assert_eq!(retry_after(&app.log_in(ADA, PASSWORD).await.refused(423, "account_locked")), 1);
    app.advance(1);
    app.log_in(ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_2_the_window_slides_so_four_failures_now_and_then_never_lock() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.stack.clock().stop();
    for _ in 0..4 {
        fail(&app, ADA, 4).await;
        app.advance(15 * MINUTE);
    }
    // Four, and one more just inside and just outside of their window.
    fail(&app, ADA, 1).await;
    app.advance(60);
    fail(&app, ADA, 3).await;
    app.advance(14 * MINUTE);
    fail(&app, ADA, 1).await;
    app.log_in(ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_gives_its_place_back() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    fail(&app, ADA, 4).await;
    for _ in 0..6 {
        app.log_in(ADA, PASSWORD).await.expect(200);
    }
    fail(&app, ADA, 1).await;
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_039_of_a_thousand_guesses_at_once_five_are_tried() {
    let app = Arc::new(TestApp::start().await);
    app.account(ADA).await;
    let before = computed(&app);
    let late = Arc::new(AtomicUsize::new(0));
    let guess = |i: usize| {
        let (app, late) = (app.clone(), late.clone());
        // The right one among them, behind the first.
        let password = if i == 500 { PASSWORD } else { "wrong" };
        async move {
            loop {
                let answer = app.log_in(ADA, password).await;
                if answer.status != 503 {
                    return answer;
                }
                // A busy machine had no time for it: it comes again, as it was told to.
                late.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let answers = at_once(1_000, guess).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let (tried, refused) = (count(401), count(423));
    assert_eq!(tried + refused, 1_000);
    let tries_told = app.count("UserLoginFailed").await;
    let hashes = usize::try_from(computed(&app) - before).unwrap();
    assert!(tried <= 5 && tries_told <= 5 && hashes <= 5, "{tried} {tries_told} {hashes}");
    if late.load(Ordering::Relaxed) == 0 {
        assert_eq!((tried, tries_told, hashes, app.count("UserAccountLocked").await), (5, 5, 5, 1));
    }
    assert!(app.table("sessions").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_031_and_034_an_unknown_address_is_counted_warned_and_locked_alike() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.stack.clock().stop();
    // The first request of a process also reads the keys.
    app.log_in("warm@example.com", "wrong").await;
    let shape = |answer: &Answer| {
        let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"));
        let headers: Vec<_> =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let mut body = answer.body.clone();
        body.as_object_mut().unwrap().remove("requestId");
        (answer.status, headers, body)
    };
    let operations = |calls: Value| {
        let mut names: Vec<String> =
            calls["calls"].as_array().unwrap().iter().map(|call| call["operation"].to_string()).collect();
        names.sort();
        (names, calls["writeUnits"].clone())
    };
    for attempt in 1..=7 {
        let (known, unknown) = (app.log_in(ADA, "wrong").await, app.log_in(NOBODY, "wrong").await);
        assert_eq!(shape(&known), shape(&unknown), "attempt {attempt}");
        let (known, unknown) = (operations(app.calls_of(&known).await), operations(app.calls_of(&unknown).await));
        assert_eq!(known.0, unknown.0, "attempt {attempt}");
    }
    app.outbox_is_empty().await;
    assert!(app.mails(NOBODY).is_empty());
    assert_eq!(app.mails(ADA).len(), 4, "verify, welcome, warning, lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_041_signing_in_to_ones_own_account_resets_no_other_counter() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.account("eve@example.com").await;
    for i in 0..5 {
        app.log_in_from("192.0.2.66", ADA, "wrong").await.refused(401, "invalid_credentials");
        app.log_in_from(&format!("192.0.2.{i}"), "eve@example.com", PASSWORD).await.expect(200);
    }
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    // The address of the network neither: five more failures stop it, whoever signs in from it meanwhile.
    app.advance(MINUTE);
    for i in 0..4 {
        app.log_in_from("192.0.2.66", &format!("p{i}@example.com"), "wrong").await.refused(401, "invalid_credentials");
    }
    app.log_in_from("192.0.2.66", "eve@example.com", PASSWORD).await.expect(200);
    app.advance(MINUTE);
    app.log_in_from("192.0.2.66", "p9@example.com", "wrong").await.refused(401, "invalid_credentials");
    app.advance(MINUTE);
    app.log_in_from("192.0.2.66", "eve@example.com", PASSWORD).await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_043_spellings_of_an_address_share_one_counter() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    for email in ["Ada@Example.COM", " ada@example.com ", "ada@example.com.", "ada＠example.com", "ada@ｅxample.com"]
    {
        app.log_in(email, "wrong").await.refused(401, "invalid_credentials");
    }
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_049_a_locked_account_still_opens_to_the_browser_it_knows_and_to_no_forged_cookie() {
    let app = TestApp::start().await;
    let mut browser = app.browser(ADA).await;
    let stranger = app.browser("eve@example.com").await;
    fail(&app, ADA, 5).await;
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    // From the attacker's own address even, and as often as its owner likes.
    for _ in 0..5 {
        browser.log_in_from("192.0.2.9", ADA, PASSWORD).await.expect(200);
    }
    let cookie = &browser.cookies["postern_v1_device"];
    let with = |cookie: String| {
        let request = app.request("POST", "/auth/login").header("cookie", format!("postern_v1_device={cookie}"));
        Answer::to(request.json(&json!({ "email": ADA, "password": PASSWORD })))
    };
    let middle = cookie.len() / 2;
    let forged = format!(
        "{}{}{}",
        &cookie[..middle],
        if cookie.as_bytes()[middle] == b'A' { 'B' } else { 'A' },
        &cookie[middle + 1..]
    );
    app.advance(MINUTE);
    for bad in [forged, stranger.cookies["postern_v1_device"].clone(), "x".repeat(44), ".".repeat(500), String::new()] {
        with(bad).await.refused(423, "account_locked");
    }
    with(cookie.clone()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_9_a_stolen_device_cookie_gives_five_guesses_of_its_own() {
    let app = TestApp::start().await;
    let mut browser = app.browser(ADA).await;
    for _ in 0..5 {
        browser.log_in_from("192.0.2.9", ADA, "wrong").await.refused(401, "invalid_credentials");
    }
    browser.log_in_from("192.0.2.9", ADA, PASSWORD).await.refused(423, "account_locked");
    // Everybody else has their own places still, and the link frees the device, too.
    app.log_in(ADA, PASSWORD).await.expect(200);
    let token = app.link(ADA, "unlock").await;
    app.post("/auth/unlock", json!({ "token": token })).await.expect(200);
    app.advance(MINUTE);
    browser.log_in_from("192.0.2.9", ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_055_an_unlock_link_works_once_for_an_hour_for_its_account_and_signs_nobody_in() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.account("bob@example.com").await;
    fail(&app, ADA, 5).await;
    fail(&app, "bob@example.com", 5).await;
    let mail = app.mail(ADA, 4).await;
    assert!(mail.contains("locked"), "{mail}");
    let token = token_in(&mail);
    // A scanner that follows the link, or asks for it, uses nothing up.
    for method in ["GET", "HEAD"] {
        let looked = Answer::to(app.request(method, &format!("/auth/unlock?token={token}"))).await;
        assert_eq!(looked.status, 405);
    }
    let unlocked = app.post("/auth/unlock", json!({ "token": token })).await.expect(200);
    assert!(unlocked.cookies().is_empty() && app.table("sessions").await.is_empty());
    app.post("/auth/unlock", json!({ "token": token })).await.refused(410, "token_used");
    app.log_in(ADA, PASSWORD).await.expect(200);
    app.log_in("bob@example.com", PASSWORD).await.refused(423, "account_locked");
    assert_eq!(app.count("UserAccountUnlocked").await, 1);

    let late = token_in(&app.mail("bob@example.com", 4).await);
    app.advance(3600);
    app.post("/auth/unlock", json!({ "token": late })).await.refused(410, "token_expired");
    for bad in ["", "x", &"A".repeat(43)] {
        app.post("/auth/unlock", json!({ "token": bad })).await.refused(400, "token_invalid");
    }
    // Links of another kind unlock nothing.
    let other = app.sign_up("carol@example.com").await;
    app.post("/auth/unlock", json!({ "token": other })).await.refused(400, "token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_056_repeated_locks_lengthen_to_the_cap_and_a_calm_time_resets() {
    let app = TestApp::with(&[("LockCapHours", "1")]).await;
    app.account(ADA).await;
    app.stack.clock().stop();
    let mut minutes = Vec::new();
    for _ in 0..4 {
        fail(&app, ADA, 5).await;
        let wait = retry_after(&app.log_in(ADA, PASSWORD).await.refused(423, "account_locked"));
        minutes.push(wait / MINUTE);
        app.advance(wait);
    }
    assert_eq!(minutes, [15, 30, 60, 60]);
    app.advance(3600);
    fail(&app, ADA, 5).await;
    assert_eq!(retry_after(&app.log_in(ADA, PASSWORD).await.refused(423, "account_locked")), 15 * MINUTE);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_059_an_administrator_unlocks_for_the_owner_who_is_told() {
    let app = TestApp::with(&[("AdminEmails", "grace@example.com")]).await;
    app.account(ADA).await;
    let mut admin = app.browser("grace@example.com").await;
    let mut other = app.browser("eve@example.com").await;
    fail(&app, ADA, 5).await;
    let body = json!({ "email": ADA, "reason": "called, identity checked" });

    Answer::to(app.request("POST", "/admin/unlock-account").json(&body)).await.refused(401, "unauthenticated");
    other.send("POST", "/admin/unlock-account", &body).await.refused(403, "forbidden");
    assert_eq!(app.count("AccessDenied").await, 1);
    let without_csrf = admin.request("POST", "/admin/unlock-account").json(&body);
    Answer::to(without_csrf).await.refused(403, "csrf_invalid");
    for (bad, code) in [
        (json!({ "email": ADA }), "validation"),
        (json!({ "email": ADA, "reason": " " }), "validation"),
        (json!({ "email": ADA, "reason": "x".repeat(201) }), "validation"),
        (json!({ "reason": "why" }), "validation"),
        (json!({ "email": ADA, "userId": "0", "reason": "why" }), "validation"),
    ] {
        admin.send("POST", "/admin/unlock-account", &bad).await.refused(422, code);
    }
    admin
        .send("POST", "/admin/unlock-account", &json!({ "email": NOBODY, "reason": "why" }))
        .await
        .refused(404, "not_found");
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");

    let unlocked = admin.send("POST", "/admin/unlock-account", &body).await.expect(200);
    app.log_in(ADA, PASSWORD).await.expect(200);
    assert!(app.mail(ADA, 5).await.contains("unlocked"));
    let events = app.table("audit-events").await;
    let event = events.iter().find(|event| event["kind"] == "UserAccountUnlocked").unwrap();
    assert_eq!(event["target"], format!("user#{}", unlocked.text_of("userId")));
    assert_eq!(event["detail"]["why"], "called, identity checked");
    // By its id as well; and again, which does no harm.
    let by_id = json!({ "userId": unlocked.text_of("userId"), "reason": "again" });
    admin.send("POST", "/admin/unlock-account", &by_id).await.expect(200);

    // Somebody who signed in a while ago has to do so again.
    app.advance(5 * MINUTE + 1);
    let late = admin.send("POST", "/admin/unlock-account", &body).await.refused(401, "step_up_required");
    assert_eq!(late.body["methods"], json!(["pwd"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_6_the_third_failure_warns_once_an_hour_and_a_lock_always_mails_a_way_out() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    for _ in 0..3 {
        app.log_in(ADA, "hunter2").await.refused(401, "invalid_credentials");
    }
    let warning = app.mail(ADA, 3).await;
    assert!(warning.contains("10.0.0.") && !warning.contains("hunter2"), "{warning}");
    fail(&app, ADA, 2).await;
    assert!(token_in(&app.mail(ADA, 4).await).len() == 43);
    app.advance(20 * MINUTE);
    fail(&app, ADA, 5).await;
    app.mail(ADA, 5).await;
    app.outbox_is_empty().await;
    assert_eq!(app.mails(ADA).len(), 5, "a second lock, no second warning within the hour");
    // Nobody has shown that this address is theirs: it gets nothing.
    app.sign_up("new@example.com").await;
    fail(&app, "new@example.com", 5).await;
    app.outbox_is_empty().await;
    assert_eq!(app.mails("new@example.com").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f27_owners_get_in_whatever_an_attacker_locks_and_mails_stay_few() {
    let app = TestApp::start().await;
    let mut browsers = Vec::new();
    for i in 0..10 {
        browsers.push((app.browser(&format!("p{i}@example.com")).await, format!("p{i}@example.com")));
    }
    for (_, email) in &browsers {
        fail(&app, email, 5).await;
        for _ in 0..20 {
            app.log_in(email, "wrong").await.refused(423, "account_locked");
        }
    }
    for (browser, email) in &mut browsers {
        browser.log_in_from("192.0.2.1", email, PASSWORD).await.expect(200);
    }
    app.outbox_is_empty().await;
    for (_, email) in &browsers {
        assert_eq!(app.mails(email).len(), 4, "verify, welcome, one warning, one lock");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_cookie_is_set_in_browsers_only_and_kept_half_a_year() {
    let app = TestApp::start().await;
    let browser = app.browser(ADA).await;
    let answer = app.log_in(ADA, PASSWORD).await.expect(200);
    let (_, attributes) = &answer.cookies()["postern_v1_device"];
    for part in ["HttpOnly", "Path=/;", "SameSite=Lax", "Max-Age=15552000"] {
        assert!(format!("{attributes};").contains(part), "{attributes}");
    }
    // Signing out forgets the session, not the browser.
    let mut leaving = Browser { app: &app, cookies: browser.cookies.clone() };
    leaving.post("/auth/logout").await.expect(204);
    assert_eq!(leaving.cookies.keys().collect::<Vec<_>>(), ["postern_v1_device"]);
    let native = app.post("/auth/login", json!({ "email": ADA, "password": PASSWORD, "tokenDelivery": "body" })).await;
    assert!(native.expect(200).cookies().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn login_9_a_new_password_makes_strangers_of_all_browsers() {
    let app = TestApp::start().await;
    let mut thief = app.browser(ADA).await;
    let mut owner = Browser::sign_in(&app, ADA).await;
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    let token = app.link(ADA, "reset-password").await;
    let new = "Eight blue windows, 2 open";
    app.post("/auth/password/reset", json!({ "token": token, "password": new })).await.expect(200);
    owner.log_in_from("192.0.2.1", ADA, new).await.expect(200);
    // The thief's cookie gives no places of its own any more: these five are the strangers'.
    for i in 0..5 {
        thief.log_in_from(&format!("192.0.2.{i}"), ADA, "a guess").await.refused(401, "invalid_credentials");
    }
    app.advance(MINUTE);
    thief.log_in_from("192.0.2.9", ADA, "a guess").await.refused(423, "account_locked");
    app.log_in(ADA, new).await.refused(423, "account_locked");
    owner.log_in_from("192.0.2.1", ADA, new).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_many_locked_devices_is_still_reset_and_unlocked() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    // As a thief would who knew the password and made cookies of it.
    let (rules, email) = (shared::attempts::AttemptRules::default(), shared::email::Email::parse(ADA).unwrap());
    let now = app.stack.clock().now();
    let store = &app.stack.app().store;
    let account = shared::attempts::Counter::strangers(&rules, &email);
    for _ in 0..150 {
        let device = shared::attempts::Counter::device(&rules, &email, &shared::attempts::device::DeviceId::fresh());
        store.transaction().note_locked_device(&account, &device, now).commit().await.unwrap();
    }
    fail(&app, ADA, 5).await;
    let token = app.link(ADA, "unlock").await;
    app.post("/auth/unlock", json!({ "token": token })).await.expect(200);
    app.log_in(ADA, PASSWORD).await.expect(200);
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    let token = app.link(ADA, "reset-password").await;
    app.post("/auth/password/reset", json!({ "token": token, "password": "Eight blue windows, 2 open" }))
        .await
        .expect(200);
}
