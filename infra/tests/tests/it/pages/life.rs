//! What people do with the pages, as a browser without script does it (CLIENT-3).

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp, retry_after};

use super::{Page, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn client_3_an_account_from_sign_up_to_sign_out_without_script() {
    let app = TestApp::start().await;
    let mut ada = Visitor::new(&app);
    ada.get("/signup").await.expect(200).shows("<h1>Create your account</h1>").shows("autocomplete=\"new-password\"");
    let fields = [("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let answer = ada.send("/signup", &fields).await;
    answer.leads_to("/verify-email");
    ada.follow(&answer).await.shows("Check your mail").shows("ada@example.com");

    // The mail's link leads to a page; looking at it uses nothing up.
    let link = app.mail("ada@example.com", 1).await;
    assert!(link.contains(&format!("{}/verify-email?token=", app.stack.url())), "{link}");
    let token = tests::token_in(&link);
    for _ in 0..2 {
        let page = ada.get(&format!("/verify-email?token={token}")).await.expect(200);
        assert_eq!(page.hidden("token"), token);
    }
    let answer = ada.send("/verify-email", &[("token", &token)]).await;
    answer.leads_to("/login");
    ada.follow(&answer).await.shows("Your address is confirmed");

    ada.log_in("ada@example.com", PASSWORD).await.leads_to("/account");
    let account = ada.get("/account").await.expect(200);
    account.shows("Ada Lovelace").shows("ada@example.com").shows("confirmed");

    let page = ada.get("/account/password").await.expect(200);
    let new = "Nine tall ships, 2 quiet harbours";
    let fields = [("csrf", &*page.hidden("csrf")), ("current", PASSWORD), ("password", new)];
    let answer = ada.send("/account/password", &fields).await;
    answer.leads_to("/account");
    let account = ada.follow(&answer).await;
    account.shows("Your password has been changed");

    let csrf = account.hidden("csrf");
    let answer = ada.send("/auth/sign-out", &[("csrf", &csrf)]).await;
    answer.leads_to("/signed-out");
    assert_eq!(answer.header("clear-site-data"), r#""cache", "storage""#);
    ada.follow(&answer).await.shows("You are signed out");
    let left: Vec<_> = ada.cookies.keys().filter(|name| *name != "postern_v1_flash").collect();
    assert_eq!(left, ["postern_v1_device"]);
    ada.get("/account").await.leads_to("/auth/resume?returnTo=%2Faccount");
    ada.get("/auth/resume?returnTo=%2Faccount").await.leads_to("/login?returnTo=%2Faccount");
    ada.log_in("ada@example.com", new).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn recov_1_and_login_6_the_links_of_mails_lead_to_pages() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let mut ada = Visitor::new(&app);
    for email in ["ada@example.com", "nobody@example.com"] {
        let answer = ada.send("/forgot-password", &[("email", email)]).await;
        answer.leads_to("/forgot-password");
        ada.follow(&answer).await.shows(&format!("If there is an account for {email}, a mail")).shows("one hour");
    }
    let token = app.link("ada@example.com", "reset-password").await;
    let here = format!("/reset-password?token={token}");
    ada.get(&here).await.expect(200).shows("Choose a new password");
    let weak = ada.send("/reset-password", &[("token", &token), ("password", "short")]).await;
    weak.leads_to(&here);
    let page = ada.follow(&weak).await;
    page.shows("Use at least 8 characters.").shows("aria-invalid=\"true\"").shows("<title>Error: ");
    assert!(!page.text.contains("short\""));
    let new = "Nine tall ships, 2 quiet harbours";
    let answer = ada.send("/reset-password", &[("token", &token), ("password", new)]).await;
    answer.leads_to("/login");
    ada.follow(&answer).await.shows("Your password has been changed");
    let again = ada.send("/reset-password", &[("token", &token), ("password", PASSWORD)]).await;
    again.leads_to("/forgot-password");
    ada.follow(&again).await.shows("This link has been used before");

    for _ in 0..6 {
        app.log_in("ada@example.com", "wrong").await;
    }
    let locked = ada.log_in("ada@example.com", new).await.expect(423);
    assert!(retry_after(&locked) > 60);
    locked.shows("locked for a while").shows("15 minutes").shows("href=\"/forgot-password\">Choose a new password");
    let token = app.link("ada@example.com", "unlock").await;
    ada.get(&format!("/unlock?token={token}")).await.shows("Unlock my account");
    let answer = ada.send("/unlock", &[("token", &token)]).await;
    answer.leads_to("/login");
    ada.follow(&answer).await.shows("Your account is unlocked");
    ada.log_in("ada@example.com", new).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_3_a_session_is_taken_up_again_by_a_button() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    app.advance(16 * 60);
    ada.cookies.remove("postern_v1_access");
    let to_resume = ada.get("/account/password").await;
    let page = ada.follow(&to_resume).await;
    page.shows("You are still signed in").shows("data-automatic");
    let fields = [("csrf", page.hidden("csrf")), ("returnTo", page.hidden("returnTo"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = ada.send("/auth/resume", &fields).await;
    answer.leads_to("/account/password");
    ada.follow(&answer).await.expect(200);

    // Ended elsewhere: sign in again, and be told why.
    app.advance(16 * 60);
    ada.cookies.remove("postern_v1_access");
    let page = ada.get("/auth/resume").await.expect(200);
    app.post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD, "tokenDelivery": "body" })).await;
    let other = tests::Native::sign_in(&app, "ada@example.com").await;
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&other.access)).await.expect(204);
    let csrf = page.hidden("csrf");
    let answer = ada.send("/auth/resume", &[("csrf", &csrf)]).await;
    answer.leads_to("/login");
    ada.follow(&answer).await.shows("Your session has ended");
    assert!(!ada.cookies.contains_key("postern_v1_refresh"));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_9_a_known_browser_gets_in_by_the_page_while_strangers_are_locked_out() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    for _ in 0..6 {
        app.log_in("ada@example.com", "wrong").await;
    }
    Visitor::new(&app).log_in("ada@example.com", PASSWORD).await.expect(423);
    ada.log_in("ada@example.com", PASSWORD).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_follow_the_query_then_the_cookie_then_the_browser() {
    let app = TestApp::start().await;
    let mut kim = Visitor::new(&app);
    kim.get("/login").await.shows("<html lang=\"en\"").shows("<h1>Sign in</h1>");
    kim.language = "de-AT,de;q=0.9,en;q=0.5";
    kim.get("/login").await.shows("<html lang=\"de\"").shows("<h1>Anmelden</h1>");
    let chosen = kim.get("/login?lang=en").await;
    chosen.shows("<h1>Sign in</h1>");
    assert!(chosen.cookies()["postern_v1_lang"].1.contains("Max-Age=31536000"));
    kim.get("/signup").await.shows("Create your account");
    kim.get("/signup?lang=de").await.shows("Konto erstellen");
    let answer = kim.log_in("kim@example.com", "wrong").await;
    kim.follow(&answer).await.shows("E-Mail-Adresse oder Passwort ist falsch.").shows("<title>Fehler: Anmelden");
    // A language that nobody has written is the browser's, and nothing is kept.
    let mut kim = Visitor::new(&app);
    assert!(kim.get("/login?lang=xx").await.cookies().is_empty());
    kim.get("/login?returnTo=%2Faccount").await.shows("href=\"/login?returnTo=%2Faccount&#38;lang=de\"");
}
