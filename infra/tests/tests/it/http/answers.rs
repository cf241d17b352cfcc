//! What every answer carries, whatever its route: headers, an id, cookies by stage (WEB-2, WEB-4, B19).

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp};

use super::{every_route, is_page};

#[tokio::test(flavor = "multi_thread")]
async fn case_133_and_136_every_answer_of_every_route_carries_headers_and_an_id() {
    let app = TestApp::start().await;
    let mut paths = every_route(&app);
    paths.extend([
        ("GET".to_owned(), "/nowhere".to_owned()),
        ("DELETE".to_owned(), "/auth/login".to_owned()),
        ("OPTIONS".to_owned(), "/auth/login".to_owned()),
    ]);
    for (method, path) in paths {
        let answer = Answer::to(app.request(&method, &path)).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("permissions-policy", "geolocation=(), microphone=(), camera=()"),
            ("vary", "Origin"),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path}: {name}");
        }
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{method} {path}");
        let is_html = answer.header("content-type") == "text/html; charset=utf-8";
        assert_eq!(answer.header("referrer-policy"), if is_html { "same-origin" } else { "no-referrer" }, "{path}");
        assert!(
            !answer.header("x-request-id").is_empty() && !answer.header("cache-control").is_empty(),
            "{method} {path}"
        );
        assert!(answer.status < 500, "{method} {path}");
        if answer.status >= 400 && method != "HEAD" {
            assert!(
                is_html && is_page(&path) || answer.header("content-type") == "application/problem+json",
                "{method} {path}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_294_and_296_other_paths_and_methods_are_refused() {
    let app = TestApp::start().await;
    for path in ["//auth/login", "/auth/login/", "/AUTH/login", "/auth/%6Cogin", "/auth/login;x", "/auth%2Flogin", "/"]
    {
        app.post(path, json!({})).await.refused(404, "not_found");
    }
    let answer = app.get("/auth/login").await.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
    for method in ["TRACE", "PROPFIND", "FOO"] {
        Answer::to(app.request(method, "/auth/login")).await.refused(405, "method_not_allowed");
    }
    let overridden = app.request("GET", "/auth/login").header("x-http-method-override", "POST");
    Answer::to(overridden).await.refused(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_135_a_well_formed_correlation_id_is_kept_and_others_are_replaced() {
    let app = TestApp::start().await;
    let with = |id: &str| Answer::to(app.request("GET", "/auth/verify-token").header("x-request-id", id));
    let kept = with("order-4711_abc").await;
    assert_eq!((kept.header("x-request-id"), &kept.body["requestId"]), ("order-4711_abc", &json!("order-4711_abc")));
    for bad in ["short", "with spaces in it", &"x".repeat(65), "<script>alert(1)</script>"] {
        assert_ne!(with(bad).await.header("x-request-id"), bad);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_130_and_web_2_cookies_are_set_by_stage() {
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    let shared_domain = [
        ("Stage", "production"),
        ("PublicUrl", "https://auth.example.com"),
        ("AppUrl", "https://app.example.com"),
        ("FrontendOrigins", "https://app.example.com"),
        ("CookieDomain", "example.com"),
    ];
    let preview = [
        ("Stage", "preview"),
        ("PublicUrl", "https://auth.example.net"),
        ("AppUrl", "https://app.example.com"),
        ("FrontendOrigins", "https://app.example.com"),
    ];
    let host_only: Vec<_> = shared_domain.iter().copied().filter(|(name, _)| *name != "CookieDomain").collect();
    for (parameters, prefix, refresh, same_site, domain) in [
        (&shared_domain[..], "__Secure-", "__Secure-postern_v1_refresh", "SameSite=Lax", true),
        (&host_only[..], "__Host-", "__Secure-postern_v1_refresh", "SameSite=None", false),
        (&preview[..], "__Host-", "__Secure-postern_v1_refresh", "SameSite=None", false),
    ] {
        let (access, device) = (&*format!("{prefix}postern_v1_access"), &*format!("{prefix}postern_v1_device"));
        let app = TestApp::with(parameters).await;
        app.account("ada@example.com").await;
        let answer = app.post("/auth/login", login.clone()).await.expect(200);
        let cookies = answer.cookies();
        assert_eq!(cookies.keys().map(String::as_str).collect::<Vec<_>>().len(), 3, "{cookies:?}");
        for (name, path) in [(access, "Path=/;"), (refresh, "Path=/auth;"), (device, "Path=/;")] {
            let (value, attributes) = &cookies[name];
            for part in ["HttpOnly", "Secure", same_site, path] {
                assert!(format!("{attributes};").contains(part), "{name}: {attributes}");
            }
            assert_eq!(attributes.contains("Domain=example.com"), domain, "{attributes}");
            assert!(name.len() + value.len() + attributes.len() <= 4096);
        }
        let hsts = answer.header("strict-transport-security");
        assert_eq!(hsts.contains("max-age=31536000; includeSubDomains"), parameters[0].1 == "production");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_109_a_planted_second_cookie_makes_both_worthless() {
    let app = TestApp::start().await;
    let browser = app.browser("ada@example.com").await;
    let mine = &browser.cookies["postern_v1_access"];
    let cookie = format!("postern_v1_access={mine}; postern_v1_access=planted");
    Answer::to(app.request("GET", "/auth/verify-token").header("cookie", cookie)).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_146_signing_out_clears_what_the_browser_kept() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    let answer = browser.post("/auth/logout").await.expect(204);
    assert_eq!(
        (answer.header("clear-site-data"), answer.header("cache-control")),
        (r#""cache", "storage""#, "no-store")
    );
    // Name, path and domain as they were set, or the browser keeps them (case 112).
    let cookies = answer.cookies();
    assert!(
        cookies["postern_v1_access"].1.contains("Path=/") && cookies["postern_v1_refresh"].1.contains("Path=/auth")
    );
}
