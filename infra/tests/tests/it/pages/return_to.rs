//! Where a page leads back to (case 137).

use tests::{Answer, PASSWORD, TestApp};

use super::Visitor;

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
        let answer = ada.send("/login", &fields).await;
        ada.past_cookie_check(answer).await.expect(303).header("location").to_owned()
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
    // Ours, but nowhere to be when one is signed in.
    for way_in in ["/login", "/signup?x=1", "/signed-out#x", "/auth/sign-out", &format!("{}/login", app.stack.url())] {
        assert_eq!(sign_in(way_in).await, "/account", "{way_in}");
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
