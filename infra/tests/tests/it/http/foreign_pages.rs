//! What another site's page can do with a visitor's cookies: nothing (WEB-1, WEB-3; B7).

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp};

use super::{APP, every_route, is_page};

#[tokio::test(flavor = "multi_thread")]
async fn case_125_and_126_only_listed_origins_may_call() {
    let app = TestApp::start().await;
    let preflight = |origin: &str| {
        Answer::to(
            app.request("OPTIONS", "/auth/login")
                .header("origin", origin)
                .header("access-control-request-method", "POST"),
        )
    };
    let good = preflight(APP).await.expect(204);
    assert_eq!(
        (good.header("access-control-allow-origin"), good.header("access-control-allow-credentials")),
        (APP, "true")
    );
    assert!(
        good.header("access-control-allow-methods").contains("HEAD")
            && good.header("access-control-allow-headers").contains("x-csrf-token")
    );

    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    for origin in [
        "null",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:3000.evil.example",
        "http://evil.example/http://localhost:3000",
        "http://user@localhost:3000",
        "http://localhost:3000.",
        "HTTP://LOCALHOST:3000",
        "http://localhost:3000/",
        "",
    ] {
        let answer = preflight(origin).await.expect(204);
        assert!(
            answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")),
            "{origin}: {:?}",
            answer.headers
        );
        let posted = Answer::to(app.request("POST", "/auth/login").header("origin", origin).json(&login))
            .await
            .refused(403, "csrf_invalid");
        assert!(posted.header("access-control-allow-origin").is_empty());
    }
    let posted = Answer::to(app.request("POST", "/auth/login").header("origin", APP).json(&login))
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(posted.header("access-control-allow-origin"), APP);
    assert!(posted.header("access-control-expose-headers").contains("retry-after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_124_a_browser_that_says_cross_site_is_refused_even_with_a_good_token() {
    let app = TestApp::start().await;
    let browser = app.browser("ada@example.com").await;
    let csrf = browser.csrf().await;
    for site in ["cross-site", "same-site"] {
        let request =
            browser.request("POST", "/auth/logout").header("sec-fetch-site", site).header("x-csrf-token", &csrf);
        Answer::to(request).await.refused(403, "csrf_invalid");
    }
    browser.get("/auth/verify-token").await.expect(200);
    let own =
        browser.request("POST", "/auth/logout").header("sec-fetch-site", "same-origin").header("x-csrf-token", &csrf);
    Answer::to(own).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_122_and_140_a_csrf_token_is_for_its_session_its_browser_and_two_days() {
    let app = TestApp::start().await;
    let browser = app.browser("ada@example.com").await;
    let other = app.browser("bob@example.com").await;
    let (csrf, foreign) = (browser.csrf().await, other.csrf().await);
    for token in ["", "wrong", &csrf[1..], foreign.as_str()] {
        Answer::to(browser.request("POST", "/auth/logout").header("x-csrf-token", token))
            .await
            .refused(403, "csrf_invalid");
    }
    // Another user agent inside the session: refused, mended by one GET, nobody signed out.
    let agent = browser.request("POST", "/auth/refresh").header("x-csrf-token", &csrf).header("user-agent", "updated");
    Answer::to(agent).await.refused(403, "csrf_invalid");
    // Yesterday's token is good, the day before yesterday's is not.
    app.advance(86_400);
    Answer::to(browser.request("POST", "/auth/refresh").header("x-csrf-token", &csrf)).await.expect(200);
    app.advance(86_400);
    Answer::to(browser.request("POST", "/auth/refresh").header("x-csrf-token", &csrf))
        .await
        .refused(403, "csrf_invalid");
    app.get("/auth/csrf").await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_1_no_changing_route_can_be_called_by_a_foreign_page() {
    let app = TestApp::start().await;
    let browser = app.browser("ada@example.com").await;
    app.outbox_is_empty().await;
    let before = app.table("sessions").await;
    for (method, path) in every_route(&app).into_iter().filter(|(method, _)| !matches!(method.as_str(), "GET" | "HEAD"))
    {
        let with = |name: &str, value: &str| browser.request(&method, &path).header(name, value).json(&json!({}));
        // The first layer: where the browser says the request comes from, whatever else it carries.
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let csrf = browser.csrf().await;
            Answer::to(with(name, value).header("x-csrf-token", csrf)).await.refused(403, "csrf_invalid");
        }
        // The second: cookies alone change nothing. Routes that read no cookie refuse the empty body.
        let bare = Answer::to(with("accept", "*/*")).await;
        assert!(
            matches!((bare.status, bare.code()), (403, "csrf_invalid") | (422, "validation"))
                || is_page(&path) && bare.status == 415,
            "{method} {path}: {}",
            bare.text
        );
        // A page's own form, without the session's token, leads back to the page, and nothing has changed.
        if is_page(&path) {
            let form = browser.request(&method, &path).header("content-type", "application/x-www-form-urlencoded");
            Answer::to(form.body("current=a&password=b&others=yes")).await.expect(303);
        }
        // And no body that another form could send is read.
        let form = browser.request(&method, &path).header("content-type", "text/plain").body("{}");
        let form = Answer::to(form).await;
        assert!(matches!(form.status, 403 | 415), "{method} {path}: {}", form.text);
    }
    assert_eq!(app.table("sessions").await, before);
    browser.get("/auth/verify-token").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_123_a_bearer_needs_no_csrf_token() {
    let app = TestApp::start().await;
    app.native("ada@example.com").await.logout().await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_127_a_body_that_needs_no_preflight_is_refused() {
    let app = TestApp::start().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD }).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""]
    {
        let request = app.request("POST", "/auth/login").header("content-type", kind).body(body.clone());
        Answer::to(request).await.refused(415, "unsupported_media_type");
    }
    let bare = app.request("POST", "/auth/login").body(body.clone());
    Answer::to(bare).await.refused(415, "unsupported_media_type");
    let charset =
        app.request("POST", "/auth/login").header("content-type", "Application/JSON; charset=utf-8").body(body);
    Answer::to(charset).await.refused(401, "invalid_credentials");
}

/// Everything but the trail, its chain, and the counters that follow it.
async fn state(app: &TestApp) -> Vec<String> {
    let mut state = Vec::new();
    let is_state = |name: &str| !name.contains("-audit-") && !name.ends_with("-metrics");
    for table in app.stack.template().tables.iter().filter(|table| is_state(&table.name)) {
        let (_, name) = table.name.split_once('-').unwrap();
        let mut items: Vec<String> = app.table(name).await.iter().map(ToString::to_string).collect();
        items.sort();
        state.push(items.join("\n"));
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn case_128_no_safe_request_changes_anything() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let browser = app.browser("ada@example.com").await;
    let admin = app.browser("root@example.com").await;
    app.outbox_is_empty().await;
    let token = app.sign_up("bob@example.com").await;
    app.outbox_is_empty().await;
    let (before, told) = (state(&app).await, app.events().await);
    for (_, path) in every_route(&app) {
        for method in ["GET", "HEAD", "OPTIONS"] {
            Answer::to(browser.request(method, &format!("{path}?token={token}"))).await;
            Answer::to(admin.request(method, &path)).await;
        }
    }
    assert_eq!(state(&app).await, before);
    // The trail tells who was refused as an administrator (case 285) and who read it (case 276), and of nothing else.
    assert!(app.events().await[told.len()..].iter().all(|kind| kind == "AccessDenied" || kind == "AuditRead"));
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
}
