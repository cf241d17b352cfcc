//! A backup is put back (SECURITY.md D10). What it brings to life is dead once the not-before is raised past it: revoked
//! sessions, spent refresh tokens, used links. A restore is played by putting items back as they were.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::{Answer, Browser, Item, Native, PASSWORD, TestApp, at_once};

const ADA: &str = "ada@example.com";

/// So long after a raise no instance has an older idea of it.
const KNOWN_EVERYWHERE: u64 = 61;

fn session_of(native: &Native<'_>) -> String {
    native.session["id"].as_str().unwrap().to_owned()
}

/// The session as a backup holds it now.
async fn backup(native: &Native<'_>) -> Item {
    native.app.item("sessions", "session_id", &session_of(native)).await
}

async fn raise(app: &TestApp, input: Value) -> Answer {
    let mut order = json!({ "action": "raise-not-before" });
    order.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    app.post("/_local/jobs/rotate-keys", order).await
}

fn first_step(answer: &Answer) -> String {
    answer.body["report"]["steps"][0].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

async fn may_pass(app: &TestApp, access: &str) -> bool {
    let answer = app.stack.invoke("authorizer", json!({ "identitySource": [format!("Bearer {access}")] })).await;
    answer.unwrap()["isAuthorized"] == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_session_that_a_restore_revives_is_dead_everywhere_once_the_not_before_is_raised() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let native = app.native(ADA).await;
    let kept = backup(&native).await;
    native.logout().await.expect(204);
    native.verify(&native.access).await.refused(401, "session_revoked");

    app.put("sessions", kept).await;
    native.verify(&native.access).await.expect(200);
    assert!(may_pass(&app, &native.access).await, "this is what the not-before is for");

    app.advance(1);
    let raised = raise(&app, json!({})).await.expect(200);
    assert!(first_step(&raised).starts_with("raised the not-before to "), "{}", raised.text);
    app.advance(KNOWN_EVERYWHERE);
    native.verify(&native.access).await.refused(401, "session_revoked");
    assert!(!may_pass(&app, &native.access).await);
    native.present(&native.refresh).await.refused(401, "session_revoked");
    for (method, path) in [
        ("GET", "/user/me"),
        ("GET", "/user/sessions"),
        ("DELETE", "/user/sessions"),
        ("POST", "/auth/password/change"),
        ("GET", "/admin/jobs"),
    ] {
        let form = json!({ "currentPassword": PASSWORD, "newPassword": "Nine quiet rivers, 2 old maps" });
        let request = app.request(method, path).bearer_auth(&native.access);
        let request = if path.ends_with("change") { request.json(&form) } else { request };
        Answer::to(request).await.refused(401, "session_revoked");
    }

    // Nobody's list shows it, and nobody can end it a second time.
    let again = Native::sign_in(&app, ADA).await;
    let listed = Answer::to(app.request("GET", "/user/sessions").bearer_auth(&again.access)).await.expect(200);
    assert_eq!(listed.body["sessions"].as_array().unwrap().len(), 1, "{}", listed.text);
    let dead = format!("/user/sessions/{}", session_of(&native));
    Answer::to(app.request("DELETE", &dead).bearer_auth(&again.access)).await.refused(404, "not_found");
    let others = Answer::to(app.request("DELETE", "/user/sessions").bearer_auth(&again.access)).await.expect(200);
    assert_eq!(others.body["revoked"], 0, "{}", others.text);
    let admin = app.browser("root@example.com").await;
    let found = admin.get(&format!("/admin/sessions?email={ADA}")).await.expect(200);
    assert_eq!(found.body["sessions"].as_array().unwrap().len(), 1, "{}", found.text);
    let counted = app.job("count-sessions", json!({})).await;
    assert_eq!(counted["report"]["live"], 2, "{counted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_browsers_lose_their_cookies_and_can_sign_in_again() {
    let app = TestApp::start().await;
    let mut browser = app.browser(ADA).await;
    app.advance(1);
    let csrf = browser.csrf().await;
    raise(&app, json!({})).await.expect(200);
    app.advance(KNOWN_EVERYWHERE);
    browser.post_with("/auth/refresh", &csrf).await.refused(401, "session_revoked");
    assert!(browser.cookies.keys().all(|name| !name.ends_with("access") && !name.ends_with("refresh")));
    let browser = Browser::sign_in(&app, ADA).await;
    browser.get("/user/me").await.expect(200);
}

/// Somebody whose session was restored as it was two refreshes ago, and the refresh token that they spent since: the family
/// knows nothing of its newest tokens, and takes that one for its own.
async fn restored(app: &TestApp) -> (Native<'_>, String) {
    let mut native = app.native(ADA).await;
    let (spent, kept) = (native.refresh.clone(), backup(&native).await);
    for _ in 0..2 {
        app.advance(61);
        native.refresh().await;
    }
    app.put("sessions", kept).await;
    (native, spent)
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_spent_refresh_token_of_a_restored_session_is_refused_and_accuses_nobody() {
    let app = TestApp::start().await;
    let (native, spent) = restored(&app).await;
    raise(&app, json!({})).await.expect(200);
    app.advance(KNOWN_EVERYWHERE);
    for token in [&spent, &native.refresh] {
        native.present(token).await.refused(401, "session_revoked");
    }
    native.verify(&native.access).await.refused(401, "session_revoked");
    assert_eq!(app.count("RefreshTokenReplayed").await, 0);
    assert!(!app.mails(ADA).iter().any(|mail| mail.contains("signed a device out")), "{:?}", app.mails(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_without_a_not_before_a_restored_session_takes_its_spent_tokens_again() {
    let app = TestApp::start().await;
    let (native, spent) = restored(&app).await;
    native.present(&spent).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_an_older_token_version_of_a_restored_person_revives_no_session() {
    let app = TestApp::start().await;
    let thief = app.native(ADA).await;
    let person = app.item("users", "email", ADA).await;
    let login = app.item("logins", "login", &format!("email#{ADA}")).await;
    let new = "Nine quiet rivers, 2 old maps";
    let change = async |native: &mut Native<'_>| {
        let form = json!({ "currentPassword": PASSWORD, "newPassword": new });
        let request = app.request("POST", "/auth/password/change").bearer_auth(&native.access);
        native.access = Answer::to(request.json(&form)).await.expect(200).text_of("accessToken");
    };
    let mut ada = Native::sign_in(&app, ADA).await;
    change(&mut ada).await;
    thief.verify(&thief.access).await.refused(401, "session_revoked");

    // Sessions were never restored: the person alone is enough.
    app.put("users", person).await;
    app.put("logins", login).await;
    thief.verify(&thief.access).await.expect(200);
    app.advance(1);
    raise(&app, json!({})).await.expect(200);
    app.advance(KNOWN_EVERYWHERE);
    thief.verify(&thief.access).await.refused(401, "session_revoked");

    // The next change steps to the version that Ada's session of before the restore has.
    let mut again = Native::sign_in(&app, ADA).await;
    change(&mut again).await;
    ada.verify(&ada.access).await.refused(401, "session_revoked");
    ada.present(&ada.refresh).await.refused(401, "session_revoked");
    again.verify(&again.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_links_of_before_are_dead_even_if_a_restore_brings_them_back_unused() {
    let app = TestApp::start().await;
    let token = app.sign_up(ADA).await;
    let unused = app.item("challenges", "email", ADA).await;
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    let reset = app.link(ADA, "reset-password").await;
    for _ in 0..5 {
        app.log_in(ADA, "wrong").await.expect(401);
    }
    let unlock = app.link(ADA, "unlock").await;

    app.put("challenges", unused).await;
    app.advance(1);
    raise(&app, json!({})).await.expect(200);
    app.advance(KNOWN_EVERYWHERE);
    let new = json!({ "token": reset, "password": "Nine quiet rivers, 2 old maps" });
    app.post("/auth/password/reset", new).await.refused(410, "token_expired");
    app.post("/auth/unlock", json!({ "token": unlock })).await.refused(410, "token_expired");
    app.post("/auth/verify-email", json!({ "token": token })).await.refused(410, "token_expired");

    // Links of after work.
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    app.outbox_is_empty().await;
    let reset = app.link(ADA, "reset-password").await;
    let new = json!({ "token": reset, "password": "Nine quiet rivers, 2 old maps" });
    app.post("/auth/password/reset", new).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_the_not_before_only_rises_and_never_past_now() {
    let app = TestApp::start().await;
    let old = app.native(ADA).await;
    app.advance(10);
    let between = app.stack.clock().now();
    app.advance(10);
    let young = Native::sign_in(&app, ADA).await;

    let ahead = between + std::time::Duration::from_secs(3600);
    raise(&app, json!({ "to": ahead.to_string() })).await.expect(422);
    raise(&app, json!({ "to": "yesterday" })).await.expect(422);
    raise(&app, json!({ "at": between.to_string() })).await.expect(422);
    assert_eq!(app.count("NotBeforeRaised").await, 0);

    // Only what was issued before the instant that is named.
    raise(&app, json!({ "to": between.to_string() })).await.expect(200);
    app.advance(KNOWN_EVERYWHERE);
    old.verify(&old.access).await.refused(401, "session_revoked");
    young.verify(&young.access).await.expect(200);

    let earlier = between - std::time::Duration::from_secs(5);
    for to in [between, earlier] {
        let again = raise(&app, json!({ "to": to.to_string() })).await.expect(200);
        assert_eq!(first_step(&again), format!("the not-before is {between} already: nothing to raise"));
    }
    let events = app.table("audit-events").await;
    let raised: Vec<&Value> = events.iter().filter(|event| event["kind"] == "NotBeforeRaised").collect();
    assert_eq!(raised.len(), 1);
    assert_eq!(
        (&raised[0]["actor"], &raised[0]["detail"]["to"]),
        (&json!("system#rotate-keys"), &json!(between.to_string()))
    );

    // A rotation keeps it.
    app.advance(3 * 3600);
    app.job("rotate-keys", json!({ "action": "rotate" })).await;
    app.advance(KNOWN_EVERYWHERE);
    old.present(&old.refresh).await.refused(401, "session_revoked");
    young.present(&young.refresh).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_raising_and_its_event_are_one_change() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    app.advance(1);
    for item in 0..2 {
        let fault = json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "signing-keys",
            "kind": "cancel_item", "item": item, "reason": "ThrottlingError" });
        app.fault(fault).await;
        raise(&app, json!({})).await.expect(503);
        app.no_faults();
        // The run that failed gives its turn back.
        app.advance(KNOWN_EVERYWHERE);
    }
    native.verify(&native.access).await.expect(200);
    assert_eq!(app.count("NotBeforeRaised").await, 0);

    // Of many operators at once one raises it.
    let to = json!({ "to": app.stack.clock().now().to_string() });
    let app = Arc::new(app);
    let answers = at_once(8, |_| {
        let (app, to) = (Arc::clone(&app), to.clone());
        async move { raise(&app, to).await.status }
    });
    assert!(answers.await.into_iter().all(|status| status == 200));
    assert_eq!(app.count("NotBeforeRaised").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_not_before_that_cannot_be_read_refuses_nobody_and_admits_nobody() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    app.post("/auth/password/forgot", json!({ "email": ADA })).await.expect(202);
    let reset = json!({ "token": app.link(ADA, "reset-password").await, "password": "Nine quiet rivers, 2 old maps" });
    app.stack.serve_by(&[Arc::new(app.stack.cold_app())]);
    app.fault(json!({ "service": "dynamodb", "table": "signing-keys", "kind": "error" })).await;
    native.verify(&native.access).await.refused(503, "unavailable");
    native.present(&native.refresh).await.refused(503, "unavailable");
    app.post("/auth/password/reset", reset.clone()).await.refused(503, "unavailable");
    app.no_faults();
    app.advance(6);
    native.verify(&native.access).await.expect(200);
    native.present(&native.refresh).await.expect(200);
    app.post("/auth/password/reset", reset).await.expect(200);
}
