//! The whole life of one account, as the README tells it.

use serde_json::json;
use tests::{Answer, Browser, Native, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_lives_from_sign_up_to_sign_out() {
    let app = TestApp::start().await;
    let token = app.sign_up("ada@example.com").await;
    app.post("/auth/login", json!({ "email": "ada@example.com", "password": tests::PASSWORD }))
        .await
        .refused(403, "email_not_verified");
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    assert!(app.mail("ada@example.com", 2).await.starts_with("Postern: your account is ready"));

    let mut browser = Browser::sign_in(&app, "ada@example.com").await;
    let me = browser.get("/user/me").await.expect(200);
    assert_eq!((me.body["email"].as_str(), me.body["emailVerified"].as_bool()), (Some("ada@example.com"), Some(true)));
    assert_eq!(me.body["roles"], json!(["owner"]));

    let verified = browser.get("/auth/verify-token").await.expect(200);
    assert_eq!(verified.body["userId"], me.body["id"]);
    app.advance(61);
    let refreshed = browser.post("/auth/refresh").await.expect(200);
    assert_eq!(refreshed.body["rotated"], true);

    browser.post("/auth/logout").await.expect(204);
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["postern_v1_device"]);
    browser.get("/auth/verify-token").await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_1_every_step_of_that_life_is_told() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    app.advance(61);
    native.refresh().await;
    native.logout().await.expect(204);
    let events = app.events().await;
    for kind in [
        "UserCreated",
        "OrganizationCreated",
        "UserRoleCreated",
        "OrganizationSignupCompleted",
        "EmailVerified",
        "UserLoggedIn",
        "AuthSessionCreated",
        "TokenRefreshed",
        "UserLogout",
        "RefreshTokenRevoked",
    ] {
        assert_eq!(events.iter().filter(|event| *event == kind).count(), 1, "{kind}: {events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_4_logging_out_twice_is_no_mistake_and_out_everywhere_reaches_every_device() {
    let app = TestApp::start().await;
    let phone = app.native("ada@example.com").await;
    let laptop = Native::sign_in(&app, "ada@example.com").await;
    phone.logout().await.expect(204);
    phone.logout().await.expect(204);
    app.request("POST", "/auth/logout").send().await.map(|answer| assert_eq!(answer.status(), 204)).unwrap();
    for garbage in ["x", "eyJ.eyJ.x", "prt_x"] {
        Answer::to(app.request("POST", "/auth/logout").bearer_auth(garbage)).await.expect(204);
        app.post("/auth/logout", json!({ "refreshToken": garbage })).await.expect(204);
    }
    phone.verify(&phone.access).await.refused(401, "session_revoked");
    laptop.verify(&laptop.access).await.expect(200);

    let tablet = Native::sign_in(&app, "ada@example.com").await;
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&tablet.access)).await.expect(204);
    for device in [&tablet, &laptop] {
        device.verify(&device.access).await.refused(401, "session_revoked");
        device.present(&device.refresh).await.refused(401, "session_revoked");
    }
    // A new sign-in carries the new token version.
    let again = Native::sign_in(&app, "ada@example.com").await;
    again.verify(&again.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_4_an_expired_access_token_still_signs_its_session_out() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.advance(3600);
    native.verify(&native.access).await.refused(401, "token_expired");
    native.logout().await.expect(204);
    native.present(&native.refresh).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_4_a_client_without_a_live_access_token_signs_out_by_its_refresh_token() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.post("/auth/logout", json!({ "refreshToken": native.refresh })).await.expect(204);
    native.verify(&native.access).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_7_the_authorizer_lets_live_sessions_in_and_nobody_else() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    let ask = |source: String| {
        let event = json!({ "version": "2.0", "type": "REQUEST", "identitySource": [source], "headers": {} });
        app.stack.invoke("authorizer", event)
    };
    let answer = ask(format!("Bearer {}", native.access)).await.unwrap();
    assert_eq!(answer["isAuthorized"], true);
    assert_eq!(answer["context"]["userId"], native.session["userId"]);

    for source in [String::new(), "Bearer x".to_owned(), format!("Bearer {}", native.refresh)] {
        assert_eq!(ask(source).await.unwrap()["isAuthorized"], false);
    }
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    assert!(ask(format!("Bearer {}", native.access)).await.is_err(), "a failing dependency lets nobody in");
    app.no_faults();
    native.logout().await.expect(204);
    assert_eq!(ask(format!("Bearer {}", native.access)).await.unwrap()["isAuthorized"], false);
}
