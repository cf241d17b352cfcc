//! The CAPTCHA on the pages that need one (SIGN-7, LOGIN-5): shown where it can be, and no dead end where it cannot.

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp};

use super::{Page, Visitor};

const ADA: &str = "ada@example.com";

/// Provider, the form's field, and what the page has to load.
const PROVIDERS: [(&str, &str, &str); 3] = [
    ("turnstile", "cf-turnstile-response", "https://challenges.cloudflare.com"),
    ("hcaptcha", "h-captcha-response", "https://hcaptcha.com https://*.hcaptcha.com"),
    ("recaptcha", "g-recaptcha-response", "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/"),
];

async fn with_widget(provider: &str) -> TestApp {
    TestApp::with(&[("CaptchaProvider", provider), ("CaptchaSiteKey", "0x4-site_key")]).await
}

fn sign_up<'a>(field: &'a str, token: &'a str) -> [(&'a str, &'a str); 4] {
    [("name", "Ada Lovelace"), ("email", ADA), ("password", PASSWORD), (field, token)]
}

/// Fails so often that the next try needs a CAPTCHA.
async fn fail(app: &TestApp) {
    for _ in 0..3 {
        app.log_in(ADA, "wrong").await;
    }
}

fn has_widget(page: &Answer) -> bool {
    page.text.contains("0x4-site_key")
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_people_sign_up_by_the_page_with_each_provider() {
    for (provider, field, sources) in PROVIDERS {
        let app = with_widget(provider).await;
        let mut ada = Visitor::new(&app);
        let page = ada.get("/signup").await.expect(200);
        page.shows("data-action=\"signup\"").shows("<noscript>").shows("/_local/captcha/widget.js");
        assert!(has_widget(&page), "{provider}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains(&format!("; script-src 'self' {sources} http://127.0.0.1:")), "{policy}");
        assert!(policy.contains(&format!("; frame-src {sources} http://127.0.0.1:")), "{policy}");
        assert!(policy.contains("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'; base-uri 'none'") && !policy.contains("trusted-types"),
            "{policy}"
        );
        // No other page may do more than it did.
        for path in ["/login", "/forgot-password", "/verify-email"] {
            let page = ada.get(path).await.expect(200);
            let policy = page.header("content-security-policy");
            assert!(policy.contains("trusted-types 'none'") && !policy.contains("https:"), "{path}: {policy}");
            assert!(!has_widget(&page), "{path}");
        }

        for token in ["", "made-up"] {
            let answer = ada.send("/signup", &sign_up(field, token)).await;
            answer.leads_to("/signup");
            let page = ada.follow(&answer).await;
            page.shows("We could not see that you are a person").shows("value=\"ada@example.com\"");
            assert!(has_widget(&page) && !page.text.contains("made-up"));
        }
        let token = app.solved(json!({})).await;
        let answer = ada.send("/signup", &sign_up(field, &token)).await;
        answer.leads_to("/verify-email");
        ada.follow(&answer).await.shows("Check your mail");
        assert_eq!(app.table("users").await.len(), 1, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_5_after_failures_the_page_shows_the_widget_and_its_solution_lets_in() {
    let app = with_widget("turnstile").await;
    app.account(ADA).await;
    let mut ada = Visitor::new(&app);
    for tries in 1..=3 {
        let answer = ada.log_in(ADA, "wrong").await;
        let page = ada.follow(&answer).await;
        page.shows("E-mail address or password is wrong.");
        assert_eq!(has_widget(&page), tries == 3, "{tries}");
    }
    // A page that was open before has none: its form leads to one that has.
    let answer = ada.log_in(ADA, PASSWORD).await;
    answer.leads_to("/login");
    let page = ada.follow(&answer).await;
    page.shows("We could not see that you are a person").shows("data-action=\"login\"");
    assert!(page.header("content-security-policy").contains("script-src 'self' https://challenges.cloudflare.com"));
    // Another language keeps it.
    assert!(has_widget(&ada.get("/login?lang=de").await));

    let token = app.solved(json!({ "action": "login" })).await;
    let fields = [("email", ADA), ("password", PASSWORD), ("cf-turnstile-response", &token)];
    let answer = ada.send("/login", &fields).await;
    ada.past_cookie_check(answer).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn login_5_without_a_site_key_no_page_shows_a_form_that_cannot_succeed() {
    let app = TestApp::with(&[("CaptchaProvider", "turnstile")]).await;
    app.account(ADA).await;
    let mut ada = Visitor::new(&app);
    let page = ada.get("/signup").await.expect(200);
    page.shows("Accounts are made in Postern itself");
    assert!(!page.text.contains("<form") && page.header("content-security-policy").contains("trusted-types"));
    ada.send("/signup", &sign_up("cf-turnstile-response", "x")).await.leads_to("/signup");

    ada.get("/login").await.shows("<form");
    fail(&app).await;
    let answer = ada.log_in(ADA, PASSWORD).await;
    answer.leads_to("/login");
    let page = ada.follow(&answer).await;
    page.shows("Wait 15 minutes, or choose a new password now").shows("href=\"/forgot-password\"");
    assert!(!page.text.contains("<form"), "{}", page.text);

    // What it says is true: a new password lets in at once.
    ada.send("/forgot-password", &[("email", ADA)]).await;
    let token = app.link(ADA, "reset-password").await;
    let new = "Nine tall ships, 2 quiet harbours";
    ada.send("/reset-password", &[("token", &token), ("password", new)]).await.leads_to("/login");
    ada.log_in(ADA, new).await.leads_to("/account");
}
