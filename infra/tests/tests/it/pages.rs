//! The hosted pages over HTTP, as a browser without script uses them (CLIENT-3; cases 137, 148).

use std::collections::BTreeMap;

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp, retry_after};

/// A browser without script: keeps cookies by their paths, and sends forms.
struct Visitor<'a> {
    app: &'a TestApp,
    /// Name to value and path.
    cookies: BTreeMap<String, (String, String)>,
    language: &'static str,
}

impl<'a> Visitor<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: BTreeMap::new(), language: "en" }
    }

    async fn signed_in(app: &'a TestApp, email: &str) -> Self {
        app.account(email).await;
        let mut visitor = Self::new(app);
        visitor.log_in(email, PASSWORD).await.leads_to("/account");
        visitor
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let at = path.split('?').next().unwrap();
        let cookies = self.cookies.iter().filter(|(_, (_, scope))| at.starts_with(scope.as_str()));
        let cookies = cookies.map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = self.app.request(method, path).header("accept-language", self.language);
        if cookies.is_empty() { request } else { request.header("cookie", cookies) }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let answer = Answer::to(self.request("GET", path)).await;
        self.keep(&answer);
        answer
    }

    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.form(path, fields).header("origin", self.app.stack.url());
        let answer = Answer::to(request).await;
        self.keep(&answer);
        answer
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// Where a form's answer leads.
    async fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text);
        let to = answer.header("location").to_owned();
        self.get(&to).await
    }

    async fn log_in(&mut self, email: &str, password: &str) -> Answer {
        self.send("/login", &[("email", email), ("password", password)]).await
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, (value, attributes)) in answer.cookies() {
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(&name);
            } else {
                let path = attributes.split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
                self.cookies.insert(name, (value, path.to_owned()));
            }
        }
    }
}

trait Page {
    fn leads_to(&self, path: &str) -> &Self;
    fn shows(&self, text: &str) -> &Self;
    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String;
}

impl Page for Answer {
    #[track_caller]
    fn leads_to(&self, path: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, path), "{}", self.text);
        self
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "no “{text}” in {}", self.text);
        self
    }

    #[track_caller]
    fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let after = self.text.split(&start).nth(1).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        after.split('"').next().unwrap().to_owned()
    }
}

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
    assert_eq!(ada.cookies.keys().collect::<Vec<_>>(), ["postern_v1_device"]);
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
    locked.shows("locked for a while").shows("15 minutes");
    let token = app.link("ada@example.com", "unlock").await;
    ada.get(&format!("/unlock?token={token}")).await.shows("Unlock my account");
    let answer = ada.send("/unlock", &[("token", &token)]).await;
    answer.leads_to("/login");
    ada.follow(&answer).await.shows("Your account is unlocked");
    ada.log_in("ada@example.com", new).await.leads_to("/account");
}

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
        "/signed-out",
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
    assert!(!value.contains("ada") && !answer.header("location").contains("wrong"));
    let wrong = "E-mail address or password is wrong.";
    ada.follow(&answer).await.shows(wrong).shows("value=\"ada@example.com\"");
    assert!(!ada.cookies.contains_key(FLASH));
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
        seen.push(visitor.follow(&answer).await.text.replace(email, ""));
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
    let token = "A".repeat(43);
    let forms: [(&str, &str, Vec<(&str, &str)>); 7] = [
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
    assert_eq!(ada.cookies.len(), kept);
    ada.get("/account").await.expect(200);
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

/// Every way to leave that people have tried on somebody's `returnTo`.
fn open_redirects() -> Vec<String> {
    let hosts = ["evil.example", "evil.example/account", "evil%2Eexample", "0x7f.1", "[::1]", "evil。example"];
    let starts = [
        "//",
        "///",
        "////",
        "/\\",
        "\\/",
        "\\\\",
        "\\",
        "/\t/",
        "/\n/",
        "/\r/",
        "\t//",
        " //",
        "/ /",
        "//\\",
        "/./\\",
        "/.//",
        "/..//",
        "/%2e%2e//",
        "/account//",
        "http:",
        "http:/",
        "http://",
        "https://",
        "HTTPS://",
        "https:\\\\",
        "ftp://",
        "ws://",
        "javascript://",
        "//user@",
        "//localhost:3000@",
        "http://localhost:3000@",
        "http://localhost:3000.",
        "http://localhost:3000:80@",
        "http://localhost:30000/",
        "http://LOCALHOST:3000/",
    ];
    let mut all: Vec<String> = starts.iter().flat_map(|start| hosts.map(|host| format!("{start}{host}"))).collect();
    all.extend(
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "blob:http://localhost:3000/x",
            "file:///etc/passwd",
            "mailto:a@evil.example",
            "account",
            "?x",
            "#x",
            "@evil.example",
            ".evil.example",
            "http://localhost:3000\\@evil.example",
            "http://localhost:3000\u{0}.evil.example",
            "http://localhost:3000\u{2025}/",
            "http://localhost:3001/",
            "https://localhost:3000/",
            "http://localhost:3000//evil.example",
            "http://user:pass@localhost:3000/",
            "null",
            "",
            "/a\r\nset-cookie: x=1",
            "/account/../..//evil.example",
            "/%2E./x",
        ]
        .map(str::to_owned),
    );
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn case_137_a_page_leads_back_to_listed_origins_and_own_paths_only() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let sign_in = async |to: &str| {
        let mut ada = Visitor::new(&app);
        let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("returnTo", to)];
        ada.send("/login", &fields).await.expect(303).header("location").to_owned()
    };
    for good in [
        "/account",
        "/account/password?x=1#y",
        "http://localhost:3000",
        "http://localhost:3000/",
        "http://localhost:3000/team?a=%2F%2Fb#c",
        "http://127.0.0.1:5173?x=https://evil.example",
        &format!("{}/account", app.stack.url()),
    ] {
        assert_eq!(sign_in(good).await, good);
    }
    let bad = open_redirects();
    assert!(bad.len() > 200);
    for to in &bad {
        // The query: nothing of it is kept for the form.
        let query: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let page = Answer::to(app.request("GET", &format!("/login?returnTo={query}"))).await.expect(200);
        assert!(!page.text.contains("name=\"returnTo\""), "{to:?}");
    }
    // The form itself, which anybody can write, too. Each costs a hash, so a tenth of them.
    for to in bad.iter().step_by(10).chain(bad.iter().rev().take(10)) {
        assert_eq!(sign_in(to).await, "/account", "{to:?}");
    }
}
