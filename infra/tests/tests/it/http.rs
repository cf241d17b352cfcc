//! What surrounds every handler: errors, headers, CORS, CSRF, cookies, correlation ids, odd requests (WEB-1…6, B7, B19).

use std::io::{Read, Write};

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp};

const APP: &str = "http://localhost:3000";

/// A request for each route of the template.
fn every_route(app: &TestApp) -> Vec<(String, String)> {
    let routes = app.stack.template().functions.iter().flat_map(|function| &function.routes);
    routes
        .filter(|route| route.method != template::ANY)
        .map(|route| {
            let path =
                ["{slug}", "{id}", "{file}"].iter().fold(route.path.clone(), |path, it| path.replace(it, "none"));
            (route.method.clone(), path)
        })
        .collect()
}

/// Whether a path is one of the hosted pages, which are for people.
fn is_page(path: &str) -> bool {
    handlers::pages::ENDPOINT.routes.iter().any(|route| route.split_once(' ').is_some_and(|(_, page)| page == path))
}

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

#[tokio::test(flavor = "multi_thread")]
async fn case_292_bodies_of_every_bad_kind_are_4xx() {
    let app = TestApp::start().await;
    let send = |body: Vec<u8>| {
        Answer::to(app.request("POST", "/auth/login").header("content-type", "application/json").body(body))
    };
    for body in [
        b"".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        br#"{"email":NaN}"#.to_vec(),
        b"{} {}".to_vec(),
        b"\x1f\x8b\x08".to_vec(),
    ] {
        let answer = send(body.clone()).await;
        assert!(matches!(answer.status, 400 | 422), "{body:?}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let deep = send(b"[".repeat(60_000)).await;
    assert!(matches!(deep.status, 400 | 422), "{}", deep.text);
    for size in [64 * 1024 + 1, 1 << 20, 5 << 20] {
        send(vec![b' '; size]).await.refused(413, "too_large");
    }
    // Larger than an event can be: the gateway itself refuses it, in the same words.
    for size in [(6 << 20) + 1, (10 << 20) + 1] {
        let request =
            app.request("POST", "/auth/login").header("content-type", "application/json").header("origin", APP);
        let answer = Answer::to(request.body(vec![b' '; size])).await.refused(413, "too_large");
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("x-frame-options")), (APP, "DENY"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_293_headers_up_to_the_gateways_limit_are_read() {
    let app = TestApp::start().await;
    let with = |size: usize| Answer::to(app.request("GET", "/auth/verify-token").header("x-filler", "f".repeat(size)));
    with(9_000).await.refused(401, "unauthenticated");
    assert_eq!(with(10_500).await.status, 431);
    let mut many = app.request("GET", "/auth/verify-token");
    for n in 0..90 {
        many = many.header(format!("x-{n}"), "v");
    }
    assert_eq!(Answer::to(many).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_295_repeated_parameters_are_refused_where_they_would_matter() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    for query in ["all=true&all=false", "all=yes", "all="] {
        let request = app.request("POST", &format!("/auth/logout?{query}")).bearer_auth(&native.access);
        Answer::to(request).await.refused(422, "validation");
    }
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_046_the_callers_address_is_the_gateways_word_alone() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let mut request = app.request_from("203.0.113.9", "POST", "/auth/login");
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"] {
        request = request.header(name, "198.51.100.1");
    }
    Answer::to(request.json(&json!({ "email": "ada@example.com", "password": PASSWORD }))).await.expect(200);
    let mapped = app.request_from("::ffff:1.2.3.4", "POST", "/auth/login");
    Answer::to(mapped.json(&json!({ "email": "ada@example.com", "password": "wrong" }))).await.expect(401);
    let events = app.table("audit-events").await;
    let ip = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap()["ip"].clone();
    assert_eq!((ip("UserLoggedIn"), ip("UserLoginFailed")), (json!("203.0.113.9"), json!("1.2.3.4")));
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

#[tokio::test(flavor = "multi_thread")]
async fn case_141_links_in_mails_come_from_the_settings_not_from_headers() {
    let app = TestApp::start().await;
    let request = app
        .request("POST", "/auth/signup")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example");
    Answer::to(request.json(&json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" })))
        .await
        .expect(202);
    let mail = app.mail("ada@example.com", 1).await;
    assert!(mail.contains(&format!("{}/verify-email?token=", app.stack.url())) && !mail.contains("evil"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_http_does_not_disturb_the_stack() {
    let app = TestApp::start().await;
    let address = app.url("").replace("http://", "");
    for request in [
        "GET\r\n\r\n",
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
    ] {
        let address = address.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 64];
            let read = stream.read(&mut answer).unwrap_or(0);
            String::from_utf8_lossy(&answer[..read]).into_owned()
        });
        let answer = answer.await.unwrap();
        assert!(answer.is_empty() || answer.contains(" 4"), "{answer}");
    }
    app.get("/health/auth").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_routes_refuse_what_makes_no_sense() {
    let app = TestApp::start().await;
    for (path, body) in [
        ("/_local/clock", json!({})),
        ("/_local/clock", json!({ "set": "tomorrow" })),
        ("/_local/faults", json!({ "service": "s3", "kind": "error" })),
    ] {
        let answer = app.post(path, body).await;
        assert_eq!((answer.status, answer.code()), (422, "validation"), "{path}: {}", answer.text);
    }
    assert_eq!(app.post("/_local/jobs/nothing", Value::Null).await.status, 404);
    let moved = app.post("/_local/clock", json!({ "set": "2030-01-01T00:00:00Z" })).await.expect(200);
    assert!(moved.text_of("now").starts_with("2030-01-01T00:00:00"));
}
