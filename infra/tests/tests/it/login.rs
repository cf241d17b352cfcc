//! Signing in (LOGIN-1), and what strangers may learn from it: nothing.

use serde_json::{Value, json};
use tests::{Answer, Native, PASSWORD, TestApp};

async fn try_password(app: &TestApp, email: &str, password: &str) -> Answer {
    app.log_in(email, password).await
}

/// An answer without what differs from one request to the next.
fn shape(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"));
    let mut body = answer.body.clone();
    body.as_object_mut().map(|body| body.remove("requestId"));
    (answer.status, headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_026_unknown_and_known_addresses_answer_alike() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.sign_up("unverified@example.com").await;
    let unknown = try_password(&app, "nobody@example.com", "wrong wrong wrong").await;
    for email in ["ada@example.com", "unverified@example.com"] {
        let known = try_password(&app, email, "wrong wrong wrong").await;
        assert_eq!(shape(&known), shape(&unknown), "{email}");
    }
    unknown.refused(401, "invalid_credentials");
    // Both cost one hash and the same calls.
    let computed = app.stack.app().hasher().computed();
    let (a, b) =
        (try_password(&app, "ada@example.com", "x").await, try_password(&app, "nobody@example.com", "x").await);
    assert_eq!(app.stack.app().hasher().computed(), computed + 2);
    let operations = |calls: Value| {
        let mut names: Vec<String> =
            calls["calls"].as_array().unwrap().iter().map(|call| call["operation"].to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(operations(app.calls_of(&a).await), operations(app.calls_of(&b).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_025_only_the_right_password_learns_that_the_address_is_unverified() {
    let app = TestApp::start().await;
    app.sign_up("ada@example.com").await;
    try_password(&app, "ada@example.com", PASSWORD).await.refused(403, "email_not_verified");
    try_password(&app, "ada@example.com", "wrong").await.refused(401, "invalid_credentials");
    assert!(app.table("sessions").await.is_empty());
    assert_eq!(app.count("UserLoginFailed").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_043_other_spellings_of_an_address_are_the_same_person() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for email in ["Ada@Example.COM", " ada@example.com ", "ada@example.com.", "ada＠example.com"] {
        try_password(&app, email, PASSWORD).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_007_the_password_counts_exactly_as_it_was_given() {
    let app = TestApp::start().await;
    let password = "  two  inner and outer spaces 1! ";
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": password, "name": "Ada" }))
        .await
        .expect(202);
    let token = tests::token_in(&app.mail("ada@example.com", 1).await);
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    try_password(&app, "ada@example.com", password.trim()).await.refused(401, "invalid_credentials");
    try_password(&app, "ada@example.com", &password.replace("  ", " ")).await.refused(401, "invalid_credentials");
    try_password(&app, "ada@example.com", password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_053_one_request_is_at_most_one_guess() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let before = app.stack.app().hasher().computed();
    for body in [
        json!({ "email": "ada@example.com", "password": [PASSWORD, "b"] }),
        json!({ "email": ["ada@example.com"], "password": PASSWORD }),
        json!({ "email": { "$gt": "" }, "password": PASSWORD }),
        json!({ "email": "ada@example.com", "password": PASSWORD, "admin": true }),
        json!([{ "email": "ada@example.com", "password": PASSWORD }]),
        json!(["ada@example.com", PASSWORD]),
        json!({ "email": "ada@example.com", "password": "p".repeat(2000) }),
        json!({ "email": "ada@example.com", "password": PASSWORD, "tokenDelivery": "url" }),
    ] {
        app.post("/auth/login", body).await.refused(422, "validation");
    }
    let twice = format!(r#"{{"email":"ada@example.com","password":"a","password":"{PASSWORD}"}}"#);
    let answer =
        Answer::to(app.request("POST", "/auth/login").header("content-type", "application/json").body(twice)).await;
    answer.refused(422, "validation");
    let form = Answer::to(
        app.request("POST", "/auth/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("email=ada"),
    )
    .await;
    form.refused(415, "unsupported_media_type");
    assert_eq!(app.stack.app().hasher().computed(), before, "nothing was hashed");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_deliveries_give_the_same_session_and_never_both_forms() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let cookies = try_password(&app, "ada@example.com", PASSWORD).await.expect(200);
    let set = cookies.cookies();
    assert_eq!(
        set.keys().map(String::as_str).collect::<Vec<_>>(),
        ["postern_v1_access", "postern_v1_device", "postern_v1_refresh"]
    );
    assert!(!cookies.text.contains("prt_") && !cookies.text.contains("eyJ"));
    assert_eq!(cookies.header("cache-control"), "no-store");

    let native = Native::sign_in(&app, "ada@example.com").await;
    assert_eq!(native.session["userId"], cookies.body["session"]["userId"]);
    assert_ne!(native.session["id"], cookies.body["session"]["id"]);
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_6_a_weaker_or_foreign_hash_is_replaced_at_the_next_sign_in() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let email = shared::email::Email::parse("ada@example.com").unwrap();
    let store = &app.stack.app().store;
    let own = store.login_by_email(&email).await.unwrap().unwrap().password_hash;
    // As an import would have stored it.
    let imported = bcrypt::hash_with_salt(PASSWORD, 4, *b"sixteen salty b.").unwrap().to_string();
    store.upgrade_password_hash(&email, &own, &imported).await.unwrap();
    try_password(&app, "ada@example.com", "wrong").await.refused(401, "invalid_credentials");
    assert_eq!(store.login_by_email(&email).await.unwrap().unwrap().password_hash, imported);
    try_password(&app, "ada@example.com", PASSWORD).await.expect(200);
    let upgraded = store.login_by_email(&email).await.unwrap().unwrap().password_hash;
    assert!(upgraded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{upgraded}");
    try_password(&app, "ada@example.com", PASSWORD).await.expect(200);
}
