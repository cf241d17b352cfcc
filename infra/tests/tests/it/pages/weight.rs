//! What a browser is sent for a page: `cargo xtask weight` prints it.

use tests::TestApp;

use super::Visitor;

/// What a server sends before it waits for the first word from the browser: ten packets (RFC 6928).
const FIRST_FLIGHT: usize = 14_600;
/// With the SDK.
const ACCOUNT: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn client_3_pages_are_light() {
    let app = TestApp::start().await;
    let mut ada = Visitor::signed_in(&app, "ada@example.com").await;
    let token = "A".repeat(43);
    println!("{:>9} {:>9} {:>9} {:>9}  bytes", "HTML", "files", "in all", "limit");
    for (path, limit) in [
        ("/login", FIRST_FLIGHT),
        ("/signup", FIRST_FLIGHT),
        ("/verify-email", FIRST_FLIGHT),
        (&format!("/verify-email?token={token}"), FIRST_FLIGHT),
        ("/forgot-password", FIRST_FLIGHT),
        (&format!("/reset-password?token={token}"), FIRST_FLIGHT),
        ("/unlock", FIRST_FLIGHT),
        ("/signed-out", FIRST_FLIGHT),
        ("/auth/sign-out", FIRST_FLIGHT),
        ("/account/password", FIRST_FLIGHT),
        ("/account", ACCOUNT),
    ] {
        let page = match path {
            "/signed-out" => Visitor::new(&app).get(path).await.expect(200),
            _ => ada.get(path).await.expect(200),
        };
        let mut files: Vec<&str> = page.text.split('"').filter(|part| part.starts_with("/assets/")).collect();
        files.sort_unstable();
        files.dedup();
        assert!(files.len() >= 4, "{path}: {files:?}");
        let mut bytes = 0;
        for file in files {
            let answer = app.request("GET", file).header("accept-encoding", "gzip, br").send().await.unwrap();
            assert_eq!(answer.headers()["content-encoding"], "br", "{file}");
            bytes += answer.bytes().await.unwrap().len();
        }
        let (html, all) = (page.text.len(), page.text.len() + bytes);
        println!("{html:>9} {bytes:>9} {all:>9} {limit:>9}  {}", path.split('?').next().unwrap());
        assert!(all <= limit, "{path} has {all} bytes");
    }
}
