//! The devices on the account's page, as a browser without script signs them out (SESS-2, CLIENT-3).

use reqwest::header::{HeaderValue, USER_AGENT};
use shared::id::SessionId;
use tests::{Answer, Native, PASSWORD, TestApp};

use super::{Page, Visitor};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

fn id<'a>(native: &'a Native<'_>) -> &'a str {
    native.session["id"].as_str().unwrap()
}

/// How many devices the page shows, and how many of them can be signed out.
fn devices(page: &Answer) -> (usize, usize) {
    (page.text.matches("<li class=\"row\">").count(), page.text.matches("name=\"session\"").count())
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_the_account_lists_devices_and_signs_one_out() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, ADA).await;
    let alone = ada.get("/account").await.expect(200);
    alone.shows("This device").shows("Active now").shows("You are signed in nowhere else.");
    assert_eq!(devices(&alone), (1, 0));

    app.advance(10);
    let body = serde_json::json!({ "email": ADA, "password": PASSWORD, "tokenDelivery": "body" });
    let request = app.request_from("203.0.113.7", "POST", "/auth/login").json(&body);
    let firefox = [(USER_AGENT, HeaderValue::from_static(FIREFOX))].into_iter().collect();
    let access = Answer::to(request.headers(firefox)).await.expect(200).text_of("accessToken");
    let page = ada.get("/account").await.expect(200);
    assert_eq!(devices(&page), (2, 1));
    page.shows("Firefox on Linux").shows("203.0.113.0/24").shows("aria-label=\"Sign out Firefox on Linux\"");
    page.shows("with password").shows("Sign out all other devices").shows("go on for up to 15 minutes");
    ada.get("/account?lang=de").await.shows("Firefox auf Linux").shows("Dieses Gerät");
    ada.get("/account?lang=en").await.expect(200);

    let (csrf, session) = (page.hidden("csrf"), page.hidden("session"));
    let fields = [("csrf", &*csrf), ("session", &*session)];
    let answer = ada.send("/account/sessions", &fields).await;
    answer.leads_to("/account");
    let page = ada.follow(&answer).await;
    page.shows("The device has been signed out.");
    assert_eq!(devices(&page), (1, 0));
    let verified = Answer::to(app.request("GET", "/auth/verify-token").bearer_auth(&access)).await;
    verified.refused(401, "session_revoked");
    // Sent again, it says the same: that is what was asked for.
    ada.send("/account/sessions", &fields).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_all_others_end_and_this_one_goes_on() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, ADA).await;
    let mut others = Vec::new();
    for minute in 0..8 {
        if minute % 4 == 0 {
            app.advance(61);
        }
        others.push(Native::sign_in(&app, ADA).await);
    }
    let page = ada.get("/account").await.expect(200);
    assert_eq!(devices(&page), (9, 8));
    page.shows("Show 3 more").shows("Sign out all other devices");
    let csrf = page.hidden("csrf");
    let answer = ada.send("/account/sessions", &[("csrf", &csrf), ("others", "yes")]).await;
    answer.leads_to("/account");
    assert!(answer.cookies().contains_key("postern_v1_access"), "the old token is of the old version");
    let page = ada.follow(&answer).await.expect(200);
    page.shows("All other devices have been signed out.").shows("You are signed in nowhere else.");
    for other in &others {
        other.verify(&other.access).await.refused(401, "session_revoked");
    }
    app.advance(61);
    ada.cookies.remove("postern_v1_access");
    let page = ada.get("/auth/resume").await.expect(200);
    ada.send("/auth/resume", &[("csrf", &page.hidden("csrf"))]).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_nobody_signs_out_a_stranger_or_this_device_by_that_form() {
    let app = TestApp::start().await;
    app.account(EVE).await;
    let eve = Native::sign_in(&app, EVE).await;
    app.advance(61);
    let mut ada = Visitor::signed_in(&app, ADA).await;
    let other = Native::sign_in(&app, ADA).await;
    let page = ada.get("/account").await.expect(200);
    let csrf = page.hidden("csrf");
    // A form that another site has made up.
    for (token, session) in [("", id(&other)), ("x", id(&other)), (&*eve_csrf(&app).await, id(&other))] {
        let answer = ada.send("/account/sessions", &[("csrf", token), ("session", session)]).await;
        answer.leads_to("/account");
        ada.follow(&answer).await.shows("The form was open for too long");
    }
    Answer::to(
        ada.form("/account/sessions", &[("csrf", &csrf), ("others", "yes")]).header("origin", "https://evil.example"),
    )
    .await
    .refused(403, "csrf_invalid");
    other.verify(&other.access).await.expect(200);
    // Another person's session cannot even be named: the answer is the same as for one that has ended.
    let unknown = SessionId::new(app.stack.clock().now()).to_string();
    for session in [id(&eve), &unknown] {
        ada.send("/account/sessions", &[("csrf", &csrf), ("session", session)]).await.leads_to("/account");
    }
    eve.verify(&eve.access).await.expect(200);
    // Neither is what is no session, nor the one that asks.
    let this = page.text.split("&#34;id&#34;:&#34;").nth(1).unwrap().split("&#34;").next().unwrap().to_owned();
    for session in ["", "x", "../others", &this] {
        let answer = ada.send("/account/sessions", &[("csrf", &csrf), ("session", session)]).await.expect(404);
        answer.shows("There is nothing here");
    }
    ada.get("/account").await.expect(200);
    // Nobody at all is led to where one signs in.
    let nobody = Visitor::new(&app).send("/account/sessions", &[("session", id(&other))]).await;
    nobody.leads_to("/auth/resume?returnTo=%2Faccount");
}

/// A token that is good, but for another person's session.
async fn eve_csrf(app: &TestApp) -> String {
    let mut eve = Visitor::new(app);
    eve.log_in(EVE, PASSWORD).await.leads_to("/account");
    eve.get("/account").await.hidden("csrf")
}
