//! What the pages owe: their policy, what they tell, and whose forms they take (case 148).

use std::collections::BTreeMap;

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp, retry_after};

use super::{Page, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn case_148_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    let token = "A".repeat(43);
    for path in [
        "/login",
        "/signup",
        "/verify-email",
        &format!("/verify-email?token={token}"),
        "/forgot-password",
        &format!("/reset-password?token={token}"),
        "/unlock",
        "/account",
        "/account/password",
        "/auth/resume",
        "/auth/sign-out",
    ] {
        let page = ada.get(path).await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none';",
            "script-src 'self';",
            "style-src 'self';",
            "img-src 'self';",
            "frame-ancestors 'none';",
            "base-uri 'none';",
            "require-trusted-types-for 'script'; trusted-types 'none'",
            "form-action 'self' http://localhost:3000 ",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(page.header(name), value, "{path}: {name}");
        }
        let html = &page.text;
        assert_eq!((html.matches("<h1").count(), html.matches("<main").count()), (1, 1), "{path}");
        for forbidden in ["<style", "style=", " onclick", " onload", "javascript:", "http://", "https://", "src=\"//"] {
            assert!(!html.contains(forbidden), "{path} has {forbidden}");
        }
        assert_eq!(html.matches("<script").count(), html.matches("<script type=\"module\" src=\"/assets/").count());
        // Each file is there, and stays for good under its name.
        for file in html.split('"').filter(|part| part.starts_with("/assets/")) {
            let file = app.get(file).await.expect(200);
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
            assert!(file.cookies().is_empty() && file.header("x-content-type-options") == "nosniff");
            assert_eq!(file.header("vary"), "Accept-Encoding, Origin");
            let loads = ["@import", "url(", "http:", "https:", "import ", "innerHTML", "eval("];
            let text = file.text.replace("http://www.w3.org/2000/svg", "");
            assert!(loads.iter().all(|load| !text.contains(load)), "{}", file.text);
        }
    }
    let old = app.get("/assets/pages.0123456789abcdef.css").await.expect(200);
    assert_eq!((old.header("cache-control"), old.header("content-type")), ("no-store", "text/css; charset=utf-8"));
    app.get("/assets/passwd").await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_type_is_shown_as_text() {
    let app = TestApp::start().await;
    let name = "<script>alert(1)</script>\"'&{{7*7}}";
    let mut eve = Visitor::new(&app);
    let answer = eve.send("/signup", &[("name", name), ("email", "\"><b>@x"), ("password", "x")]).await;
    let page = eve.follow(&answer).await;
    page.shows("Enter an e-mail address").shows("aria-describedby=\"email-wrong\"").shows("href=\"#email\"");
    assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>"), "{}", page.text);
    page.shows("{{7*7}}");

    let fields = [("name", name), ("email", "eve@example.com"), ("password", PASSWORD)];
    eve.send("/signup", &fields).await.leads_to("/verify-email");
    let token = app.link("eve@example.com", "verify-email").await;
    eve.send("/verify-email", &[("token", &token)]).await;
    eve.log_in("eve@example.com", PASSWORD).await.leads_to("/account");
    let page = eve.get("/account").await.expect(200);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    page.shows("&#60;script&#62;alert(1)");
    // The link's own text, and the query's.
    let page = eve.get("/verify-email?token=%22%3E%3Cb%3E&lang=%22%3E%3Cb%3E").await.expect(200);
    assert!(!page.text.contains("<b>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_is_shown_once_and_neither_forged_nor_late_nor_elsewhere() {
    const FLASH: &str = "postern_v1_flash";
    let app = TestApp::start().await;
    let mut ada = Visitor::new(&app);
    let answer = ada.log_in("ada@example.com", "wrong").await;
    let (value, attributes) = answer.cookies()[FLASH].clone();
    assert!(attributes.contains("HttpOnly") && attributes.contains("Max-Age=60"), "{attributes}");
    assert!(!value.contains("example") && !answer.header("location").contains("wrong"));
    let wrong = "E-mail address or password is wrong.";
    ada.follow(&answer).await.shows(wrong).shows("value=\"ada@example.com\"");
    // What is left of it is for the same page in another language.
    assert_ne!(ada.cookies[FLASH].0, value);
    ada.get("/login?lang=de")
        .await
        .shows("E-Mail-Adresse oder Passwort ist falsch.")
        .shows("value=\"ada@example.com\"");
    ada.get("/login?lang=en").await.shows(wrong);
    assert!(!ada.get("/login").await.text.contains(wrong));

    let show = async |path: &str, value: &str| {
        Answer::to(app.request("GET", path).header("cookie", format!("{FLASH}={value}"))).await.expect(200)
    };
    // Sent again within its minute it says the same again, to its owner.
    show("/login", &value).await.shows(wrong);
    assert!(!show("/signup", &value).await.text.contains(wrong));
    let mut forged = value.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    for bad in [String::from_utf8(forged).unwrap(), value[1..].to_owned(), "x".repeat(9_000), "{}".to_owned()] {
        assert!(!show("/login", &bad).await.text.contains(wrong));
    }
    app.advance(60);
    assert!(!show("/login", &value).await.text.contains(wrong));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_1_a_page_tells_no_more_than_the_endpoint() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.sign_up("bob@example.com").await;
    let mut seen = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut visitor = Visitor::new(&app);
        let answer = visitor.log_in(email, "wrong").await;
        answer.leads_to("/login");
        let page = visitor.follow(&answer).await;
        // Both fields are marked; one sentence says it, in the summary and at the field, and nothing blames the password.
        assert_eq!(page.text.matches("aria-invalid").count(), 2);
        assert_eq!(page.text.matches("E-mail address or password is wrong.").count(), 2);
        assert!(!page.text.contains("another password"), "{}", page.text);
        seen.push(page.text.replace(email, ""));
    }
    assert_eq!(seen[0], seen[1]);
    let mut bob = Visitor::new(&app);
    let answer = bob.log_in("bob@example.com", PASSWORD).await;
    answer.leads_to("/verify-email");
    bob.follow(&answer).await.shows("not confirmed yet").shows("value=\"bob@example.com\"");
    // A taken address is told by mail only.
    let mut eve = Visitor::new(&app);
    let fields = [("name", "Eve"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let answer = eve.send("/signup", &fields).await;
    answer.leads_to("/verify-email");
    eve.follow(&answer).await.shows("Check your mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_1_no_foreign_page_sends_our_forms() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    let form = [("email", "ada@example.com"), ("password", PASSWORD)];
    for origin in ["https://evil.example", "null"] {
        Answer::to(ada.form("/login", &form).header("origin", origin)).await.refused(403, "csrf_invalid");
    }
    // From a listed origin, a form without the session's token changes nothing.
    let fields = [("current", PASSWORD), ("password", "Nine tall ships, 2 quiet harbours"), ("csrf", "x")];
    let answer = ada.send("/account/password", &fields).await;
    answer.leads_to("/account/password");
    ada.follow(&answer).await.shows("The form was open for too long");
    ada.send("/auth/sign-out", &[]).await.leads_to("/auth/sign-out");
    ada.send("/auth/resume", &[]).await.leads_to("/auth/resume");
    ada.get("/account").await.expect(200);
    ada.log_in("ada@example.com", PASSWORD).await.leads_to("/account");
    // Forms are for pages only, and JSON for the others.
    Answer::to(ada.form("/auth/login", &form)).await.refused(415, "unsupported_media_type");
    let json = app.post("/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await;
    assert_eq!((json.status, json.header("content-type")), (415, "text/html; charset=utf-8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_8_a_form_and_its_endpoint_share_one_limit() {
    let app = TestApp::with(&[("LockAfter", "10")]).await;
    app.stack.clock().stop();
    let token = "A".repeat(43);
    /// A page, its endpoint, and the form.
    type Row<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);
    let forms: [Row<'_>; 7] = [
        ("/login", "/auth/login", vec![("email", "a@example.com"), ("password", "wrong")]),
        ("/signup", "/auth/signup", vec![("name", "A"), ("email", "a@example.com"), ("password", PASSWORD)]),
        ("/verify-email", "/auth/verify-email", vec![("token", &token)]),
        ("/verify-email/resend", "/auth/verify-email/resend", vec![("email", "a@example.com")]),
        ("/forgot-password", "/auth/password/forgot", vec![("email", "a@example.com")]),
        ("/reset-password", "/auth/password/reset", vec![("token", &token), ("password", PASSWORD)]),
        ("/unlock", "/auth/unlock", vec![("token", &token)]),
    ];
    for (at, (page, endpoint, fields)) in forms.into_iter().enumerate() {
        let ip = format!("192.0.2.{at}");
        let body: BTreeMap<&str, &str> = fields.iter().copied().collect();
        // Five at once, shared out among both.
        for _ in 0..3 {
            assert_ne!(Answer::to(app.request_from(&ip, "POST", endpoint).json(&body)).await.status, 429);
        }
        let text: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let send = || {
            let request = app.request_from(&ip, "POST", page);
            request.header("content-type", "application/x-www-form-urlencoded").body(text.clone())
        };
        for _ in 0..2 {
            assert_eq!(Answer::to(send()).await.status, 303, "{page}");
        }
        let limited = Answer::to(send()).await.expect(429);
        assert!((1..=60).contains(&retry_after(&limited)), "{page}");
        limited.shows("Too many attempts").shows("Reference: ");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_dependency_is_a_page_that_keeps_its_status() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    let kept = ada.cookies.len();
    app.fault(json!({ "service": "dynamodb", "kind": "error" })).await;
    for answer in [ada.get("/account").await, ada.log_in("ada@example.com", PASSWORD).await] {
        assert_eq!(answer.status, 503);
        assert!(retry_after(&answer) >= 1);
        answer.shows("We cannot answer right now");
    }
    app.no_faults();
    // One more: what was typed.
    assert_eq!(ada.cookies.len(), kept + 1);
    ada.get("/login").await.expect(200).shows("value=\"ada@example.com\"");
    ada.get("/account").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_lost_gets_a_page_and_a_program_an_error() {
    let app = TestApp::start().await;
    let see = async |path: &str, accepted: &str| {
        Answer::to(app.request("GET", path).header("accept", accepted).header("accept-language", "de")).await
    };
    let person = "text/html,application/xhtml+xml,*/*;q=0.8";
    see("/", person).await.leads_to("/account");
    for path in ["/nowhere", "/account/", "//evil.example", "/\\\\evil.example", "/%3Cb%3E?returnTo=//evil.example"] {
        let page = see(path, person).await.expect(404);
        page.shows("Hier ist nichts").shows("href=\"/account\">Zu Ihrem Konto");
        assert!(!page.text.contains("<b>") && !page.text.contains("href=\"//"), "{}", page.text);
        page.shows("href=\"/account?");
        assert_eq!(app.calls_of(&page).await["calls"].as_array().unwrap().len(), 0, "{path}");
    }
    for (path, accepted) in [("/nowhere", "*/*"), ("/nowhere", "application/json"), ("/", "*/*")] {
        see(path, accepted).await.refused(404, "not_found");
    }
}
