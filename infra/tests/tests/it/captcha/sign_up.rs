//! A CAPTCHA before every sign-up (SIGN-7; case 021).

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp, at_once};

use super::{PROVIDERS, answers, form, nothing_happened, sign_up, with_provider};

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_a_solved_captcha_opens_sign_up_with_each_provider() {
    for provider in PROVIDERS {
        let app = with_provider(provider).await;
        let without = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
        let refused = app.post("/auth/signup", without).await.refused(403, "captcha_required");
        assert_eq!(app.calls_of(&refused).await["calls"], json!([]), "what lacks a token costs nothing");
        nothing_happened(&app).await;
        let solved = app.solved(json!({})).await;
        sign_up(&app, "ada@example.com", &solved).await.expect(202);
        assert_eq!(app.table("users").await.len(), 1, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_without_a_provider_a_token_changes_nothing() {
    let app = TestApp::start().await;
    sign_up(&app, "ada@example.com", "whatever").await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_7_a_checked_sign_up_costs_no_round_trip_more() {
    let app = with_provider("turnstile").await;
    let warm = app.solved(json!({})).await;
    sign_up(&app, "warm@example.com", &warm).await.expect(202);
    let solved = app.solved(json!({})).await;
    let answer = sign_up(&app, "ada@example.com", &solved).await.expect(202);
    assert_eq!(app.calls_of(&answer).await["roundTrips"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_wrong_expired_foreign_and_replayed_tokens_are_refused_and_nothing_happens() {
    for provider in PROVIDERS {
        let app = with_provider(provider).await;
        for token in ["", " ", "made-up", "a\nb", &"a".repeat(8193)] {
            let code = if token.is_empty() { "captcha_required" } else { "captcha_invalid" };
            sign_up(&app, "ada@example.com", token).await.refused(403, code);
        }
        let elsewhere = app.solved(json!({ "hostname": "shop.example.org" })).await;
        sign_up(&app, "ada@example.com", &elsewhere).await.refused(403, "captcha_invalid");
        if provider != "hcaptcha" {
            let for_login = app.solved(json!({ "action": "login" })).await;
            sign_up(&app, "ada@example.com", &for_login).await.refused(403, "captcha_invalid");
        }
        if provider == "recaptcha" {
            let doubtful = app.solved(json!({ "score": 0.4 })).await;
            sign_up(&app, "ada@example.com", &doubtful).await.refused(403, "captcha_invalid");
        }
        let old = app.solved(json!({})).await;
        app.advance(301);
        sign_up(&app, "ada@example.com", &old).await.refused(403, "captcha_invalid");
        nothing_happened(&app).await;

        let solved = app.solved(json!({})).await;
        sign_up(&app, "ada@example.com", &solved).await.expect(202);
        sign_up(&app, "bob@example.com", &solved).await.refused(403, "captcha_invalid");
        assert_eq!(app.table("users").await.len(), 1, "{provider}");
        assert_eq!(app.count("CaptchaSkipped").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_of_ten_requests_with_one_token_at_once_one_passes() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    let answers = at_once(10, |i| {
        let form = form(&format!("ada{i}@example.com"), &solved);
        Answer::to(app.request("POST", "/auth/signup").json(&form))
    })
    .await;
    let passed = answers.iter().filter(|answer| answer.status == 202).count();
    let refused = answers.iter().filter(|answer| answer.code() == "captcha_invalid").count();
    assert_eq!((passed, refused), (1, 9));
    assert_eq!(app.table("users").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_021_a_provider_that_forgets_what_it_has_seen_is_made_good_by_us() {
    let at = |seconds: i64| shared::clock::Timestamp::from_seconds(1_900_000_000 + seconds);
    let (url, _) = answers(move || {
        let body =
            json!({ "success": true, "challenge_ts": at(0).to_string(), "hostname": "localhost", "action": "signup" });
        ("200 OK", String::new(), body.to_string())
    });
    let app = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaVerifyUrl", &url)]).await;
    app.stack.clock().set(at(0));
    sign_up(&app, "ada@example.com", "token").await.expect(202);
    app.advance(1);
    sign_up(&app, "bob@example.com", "token").await.refused(403, "captcha_invalid");
    // It forgets longer than we do: by then the solution is too old.
    app.advance(700);
    sign_up(&app, "bob@example.com", "token").await.refused(403, "captcha_invalid");
    sign_up(&app, "bob@example.com", "other").await.refused(403, "captcha_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_5_a_password_that_is_refused_uses_up_no_token() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    let mut weak = form("ada@example.com", &solved);
    weak["password"] = json!("password");
    app.post("/auth/signup", weak).await.refused(422, "password_rejected");
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_4_the_secret_opens_only_for_its_purpose() {
    let app = with_provider("turnstile").await;
    let product = app.stack.app();
    let wrapped = product.settings.captcha.as_ref().unwrap().wrapped_secret.clone();
    let secret = product.kms.unwrap_setting("captcha", &wrapped).await.unwrap();
    assert_eq!(secret.expose(), app.stack.captcha_secret());
    assert!(product.kms.unwrap_setting("webhook", &wrapped).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_5_the_providers_secret_is_nowhere_in_clear() {
    let app = with_provider("turnstile").await;
    let solved = app.solved(json!({})).await;
    sign_up(&app, "ada@example.com", &solved).await.expect(202);
    let secret = app.stack.captcha_secret();
    assert!(secret.len() > 20);
    let environment = format!("{:?}", app.stack.template().environment);
    assert!(environment.contains("CAPTCHA_SECRET"), "{environment}");
    let settings = format!("{:?}", app.stack.app().settings);
    let dump = app.dump().await;
    let calls = app.get("/_local/calls").await.text;
    let page = app.get("/_local/").await.text;
    for (place, text) in
        [("environment", environment), ("settings", settings), ("tables", dump), ("calls", calls), ("page", page)]
    {
        assert!(!text.contains(secret), "the secret is in the {place}");
        assert!(!text.contains(&solved), "the token is in the {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_accounts_are_made_behind_a_captcha_too() {
    let template = include_str!("../../../../../template.yaml").to_owned();
    let parameters = [("CaptchaProvider".to_owned(), "recaptcha".to_owned())].into();
    let options = local::Options {
        template,
        parameters,
        port: 0,
        data_dir: None,
        elsewhere: None,
        schedules: false,
        samples: true,
    };
    let stack = local::Stack::start(options).await.unwrap();
    let made = stack.sample_accounts();
    assert_eq!(made.len(), 2);
    for (email, _, _) in made {
        let email = shared::email::Email::parse(&email).unwrap();
        assert!(stack.app().store.login_by_email(&email).await.unwrap().is_some_and(|login| login.email_verified));
    }
}
