//! The link that says whose address it is (SIGN-3).

use serde_json::json;
use tests::{Answer, Native, TestApp, at_once, token_in};

use super::form;

#[tokio::test(flavor = "multi_thread")]
async fn sign_3_a_link_works_once_for_a_day() {
    let app = TestApp::start().await;
    let token = app.sign_up("ada@example.com").await;
    let verify = |token: String| app.post("/auth/verify-email", json!({ "token": token }));
    app.advance(24 * 3600 - 5);
    verify(token.clone()).await.expect(200);
    verify(token.clone()).await.refused(410, "token_used");

    let late = app.sign_up("bob@example.com").await;
    app.advance(24 * 3600);
    verify(late).await.refused(410, "token_expired");
    for bad in ["", "x", &"A".repeat(43), &token[1..]] {
        verify(bad.to_owned()).await.refused(400, "token_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_150_fifty_uses_of_one_link_at_once_count_once() {
    let app = TestApp::start().await;
    let token = app.sign_up("ada@example.com").await;
    let answers =
        at_once(50, |_| Answer::to(app.request("POST", "/auth/verify-email").json(&json!({ "token": token })))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "token_used"));
    assert_eq!(app.count("EmailVerified").await, 1);
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 2, "the link and one welcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_3_a_new_link_can_be_had_once_a_minute_and_the_answer_never_tells() {
    let app = TestApp::start().await;
    let first = app.sign_up("ada@example.com").await;
    app.account("bob@example.com").await;
    let resend = |email: &str| app.post("/auth/verify-email/resend", json!({ "email": email }));
    let waiting = resend("ada@example.com").await.expect(202);
    let verified = resend("bob@example.com").await.expect(202);
    let unknown = resend("nobody@example.com").await.expect(202);
    assert!(waiting.text == verified.text && verified.text == unknown.text);

    let second = token_in(&app.mail("ada@example.com", 2).await);
    assert_ne!(first, second);
    for _ in 0..100 {
        resend("ada@example.com").await.expect(202);
    }
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 2);
    assert_eq!(app.mails("bob@example.com").len(), 2, "nothing but link and welcome");
    assert!(app.mails("nobody@example.com").is_empty());
    app.advance(60);
    resend("ada@example.com").await.expect(202);
    app.mail("ada@example.com", 3).await;

    app.post("/auth/verify-email", json!({ "token": second })).await.expect(200);
    // The other link asks for what is done already.
    app.post("/auth/verify-email", json!({ "token": first })).await.expect(200);
    app.outbox_is_empty().await;
    assert_eq!(app.count("EmailVerified").await, 2, "Bob's and Ada's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_signs_up_first_does_not_choose_the_owners_password() {
    let app = TestApp::with(&[("AdminEmails", "ada@example.com")]).await;
    let stranger =
        json!({ "email": "ada@example.com", "password": "The stranger chose 1 password", "name": "Mallory" });
    app.post("/auth/signup", stranger.clone()).await.expect(202);
    app.mail("ada@example.com", 1).await;
    app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    let mine = token_in(&app.mail("ada@example.com", 2).await);

    // The owner opens the mail of her own sign-up.
    app.post("/auth/verify-email", json!({ "token": mine })).await.expect(200);
    let login = json!({ "email": "ada@example.com", "password": stranger["password"] });
    app.post("/auth/login", login).await.refused(401, "invalid_credentials");
    let ada = Native::sign_in(&app, "ada@example.com").await;
    assert_eq!(ada.session["roles"], json!(["owner", "admin"]));
    let me = Answer::to(app.request("GET", "/user/me").bearer_auth(&ada.access)).await.expect(200);
    assert_eq!(me.body["name"], "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_asked_for_again_makes_no_strangers_password_good() {
    let app = TestApp::start().await;
    let stranger =
        json!({ "email": "ada@example.com", "password": "The stranger chose 1 password", "name": "Mallory" });
    for (first, second) in [(stranger.clone(), form("ada@example.com")), (form("bob@example.com"), stranger)] {
        let email = first["email"].as_str().unwrap().to_owned();
        let mut second = second;
        second["email"] = json!(email);
        app.post("/auth/signup", first).await.expect(202);
        app.post("/auth/signup", second).await.expect(202);
        app.mail(&email, 2).await;
        app.advance(61);
        app.post("/auth/verify-email/resend", json!({ "email": email })).await.expect(202);
        let mail = app.mail(&email, 3).await;
        assert!(mail.starts_with("Postern: please sign up once more") && !mail.contains("token="), "{mail}");
        // Who signs up once more has a link of their own.
        app.advance(61);
        app.post("/auth/signup", form(&email)).await.expect(202);
        let token = token_in(&app.mail(&email, 4).await);
        app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
        Native::sign_in(&app, &email).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_that_gets_no_link_of_its_own_ends_the_links_of_strangers() {
    let app = TestApp::start().await;
    let stranger =
        json!({ "email": "ada@example.com", "password": "The stranger chose 1 password", "name": "Mallory" });
    app.post("/auth/signup", stranger).await.expect(202);
    app.mail("ada@example.com", 1).await;
    app.advance(61);
    // The stranger keeps the cool-down warm, so that the owner's sign-up is not mailed.
    app.post("/auth/verify-email/resend", json!({ "email": "ada@example.com" })).await.expect(202);
    let strangers = token_in(&app.mail("ada@example.com", 2).await);
    app.advance(5);
    app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    app.post("/auth/verify-email", json!({ "token": strangers })).await.refused(410, "token_expired");
    app.advance(61);
    app.post("/auth/verify-email/resend", json!({ "email": "ada@example.com" })).await.expect(202);
    assert!(app.mail("ada@example.com", 3).await.starts_with("Postern: please sign up once more"));
    app.advance(61);
    app.post("/auth/signup", form("ada@example.com")).await.expect(202);
    let mine = token_in(&app.mail("ada@example.com", 4).await);
    app.post("/auth/verify-email", json!({ "token": mine })).await.expect(200);
    Native::sign_in(&app, "ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_of_named_addresses_become_admins_when_they_verify() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com, other@example.com")]).await;
    let admin = app.native("root@example.com").await;
    assert_eq!(admin.session["roles"], json!(["owner", "admin"]));
    let user = app.native("ada@example.com").await;
    assert_eq!(user.session["roles"], json!(["owner"]));
}
