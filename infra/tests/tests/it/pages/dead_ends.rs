//! Where people once were left without a word, or with one that was not true.

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp};

use super::{Page, Visitor};

const ADA: &str = "ada@example.com";
const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// Presses the button of `/auth/resume`.
async fn resume(ada: &mut Visitor<'_>, answer: &Answer) -> Answer {
    let page = ada.follow(answer).await;
    page.shows("Continue to where you were");
    let (csrf, to) = (page.hidden("csrf"), page.hidden("returnTo"));
    ada.send("/auth/resume", &[("csrf", &csrf), ("returnTo", &to)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn token_3_a_form_that_comes_after_the_access_token_says_that_nothing_was_done() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, ADA).await;
    let forms = [("/account/sessions", "/account"), ("/account/password", "/account/password")];
    for (form, page) in forms {
        app.advance(16 * 60);
        let late = ada.send(form, &[("others", "yes"), ("csrf", "x")]).await;
        let answer = resume(&mut ada, &late).await;
        answer.leads_to(page);
        ada.follow(&answer).await.expect(200).shows("nothing was done. Please do that once more.");
    }
    // Nothing is told of a page that was only looked at.
    app.advance(16 * 60);
    let late = ada.get("/account").await;
    let answer = resume(&mut ada, &late).await;
    assert!(!ada.follow(&answer).await.text.contains("nothing was done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_keeps_no_cookies_is_told_so() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let mut ada = Visitor::new(&app);
    let answer = ada.send("/login", &[("email", ADA), ("password", PASSWORD)]).await;
    answer.leads_to("/auth/resume?signed-in=yes&returnTo=%2Faccount");
    ada.cookies.clear();
    ada.follow(&answer).await.expect(200).shows("<h1>Your browser keeps no cookies</h1>");
    // One that keeps them goes on, and the next time straight on.
    let fields = [("email", ADA), ("password", PASSWORD), ("returnTo", "/account/password")];
    let answer = ada.send("/login", &fields).await;
    ada.follow(&answer).await.leads_to("/account/password");
    ada.send("/login", &fields).await.leads_to("/account/password");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_3_a_link_that_was_used_before_leads_to_signing_in() {
    let app = TestApp::start().await;
    let token = app.sign_up(ADA).await;
    let mut ada = Visitor::new(&app);
    ada.send("/verify-email", &[("token", &token)]).await.leads_to("/login");
    let again = ada.send("/verify-email", &[("token", &token)]).await;
    again.leads_to("/login");
    let page = ada.follow(&again).await;
    page.shows("If that was you, just sign in.").shows("href=\"/verify-email\">Get a new link");
    // Who comes by themselves is not told of a mail that nobody has sent.
    let page = ada.get("/verify-email").await.expect(200);
    page.shows("<h1>Get a new link</h1>").shows("Tell us your e-mail address");
    let answer = ada.send("/verify-email/resend", &[("email", "bob@example.com")]).await;
    ada.follow(&answer).await.shows("<h1>Check your mail</h1>").shows("If bob@example.com can be used");
}

#[tokio::test(flavor = "multi_thread")]
async fn login_6_a_late_unlock_link_says_what_helps() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    for _ in 0..6 {
        app.log_in(ADA, "wrong").await;
    }
    let token = app.link(ADA, "unlock").await;
    app.advance(3_601);
    let mut ada = Visitor::new(&app);
    let answer = ada.send("/unlock", &[("token", &token)]).await;
    ada.follow(&answer).await.shows("it works for one hour. Choose a new password, or wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_page_for_what_goes_wrong_around_a_form_and_programs_an_error() {
    let app = TestApp::start().await;
    let ada = Visitor::new(&app);
    let form = [("email", ADA), ("password", PASSWORD)];
    let foreign = |accept: &'static str| {
        Answer::to(ada.form("/login", &form).header("origin", "https://evil.example").header("accept", accept))
    };
    let page = foreign(HTML).await.expect(403);
    page.shows("This form did not come from us").shows("href=\"/login\"");
    assert!(page.header("content-security-policy").contains("trusted-types"));
    foreign("*/*").await.refused(403, "csrf_invalid");

    let long = "x".repeat(70_000);
    let page = Answer::to(ada.form("/signup", &[("name", &*long)]).header("accept", HTML)).await.expect(413);
    page.shows("That was too long").shows("Nothing was saved");
    let page = app.post("/login", json!({})).await.expect(415);
    page.shows("This could not be read");
    assert!(!page.text.contains("our side"));

    let see = |method: &'static str, path: &'static str| {
        Answer::to(app.request(method, path).header("accept", HTML).header("origin", app.stack.url()))
    };
    for (form, page) in [("/verify-email/resend", "/verify-email"), ("/account/sessions", "/account")] {
        see("GET", form).await.leads_to(page);
    }
    let wrong = see("POST", "/signed-out").await.expect(405);
    wrong.shows("This could not be read");
    assert_eq!(wrong.header("allow"), "GET");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_there_again_after_a_wait() {
    let app = TestApp::start().await;
    let mut ada = Visitor::new(&app);
    let name = "李".repeat(100);
    let fields = [("name", &*name), ("email", ADA), ("password", PASSWORD)];
    // The key of the cookie is at hand, as it nearly always is.
    ada.log_in(ADA, "wrong").await.leads_to("/login");
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    ada.send("/signup", &fields).await.expect(503).shows("href=\"/signup\">Try again");
    app.no_faults();
    ada.get("/signup").await.expect(200).shows(&name).shows("value=\"ada@example.com\"");
    // The page that waits for a mail says nothing of one that was not sent.
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    ada.send("/verify-email/resend", &[("email", ADA)]).await.expect(503);
    app.no_faults();
    ada.get("/verify-email").await.shows("<h1>Get a new link</h1>").shows("value=\"ada@example.com\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_not_told_otherwise() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, ADA).await;
    ada.get("/signed-out").await.leads_to("/account");
    ada.get("/account").await.expect(200).shows("<bdi>Ada Lovelace</bdi>");
}
