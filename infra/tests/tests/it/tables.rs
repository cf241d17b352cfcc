//! A stolen dump of every table gives nobody anything to use (SECURITY.md D3, V14, F24).

use serde_json::json;
use tests::{PASSWORD, TestApp, token_in};

#[tokio::test(flavor = "multi_thread")]
async fn tables_dumped_at_any_moment_hold_no_token_link_or_password() {
    let app = TestApp::start().await;
    // Mail that cannot leave stays in the outbox, with its link in it.
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada Lovelace" }))
        .await
        .expect(202);
    let waiting = app.dump().await;
    app.no_faults();
    app.advance(3600);
    app.job("retry-mail", json!({})).await;
    let link = token_in(&app.mail("ada@example.com", 1).await);
    app.post("/auth/verify-email", json!({ "token": link })).await.expect(200);

    let mut native = tests::Native::sign_in(&app, "ada@example.com").await;
    let mut secrets = vec![link, PASSWORD.to_owned(), native.access.clone(), native.refresh.clone()];
    for _ in 0..3 {
        app.advance(61);
        native.refresh().await;
        secrets.extend([native.access.clone(), native.refresh.clone()]);
    }
    // A password that is changed, and one that is forgotten while no mail can leave.
    let changed = "Nine quiet rivers, 2 old maps";
    let form = json!({ "currentPassword": PASSWORD, "newPassword": changed });
    let change = app.request("POST", "/auth/password/change").bearer_auth(&native.access).json(&form);
    secrets.push(tests::Answer::to(change).await.expect(200).text_of("accessToken"));
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/password/forgot", json!({ "email": "ada@example.com" })).await.expect(202);
    let forgotten = app.dump().await;
    app.no_faults();
    app.advance(600);
    app.job("retry-mail", json!({})).await;
    let link = app.link("ada@example.com", "reset-password").await;
    let reset = "Eleven tall chimneys, 3 grey doves";
    app.post("/auth/password/reset", json!({ "token": link, "password": reset })).await.expect(200);
    secrets.extend([link, changed.to_owned(), reset.to_owned()]);
    let dump = app.dump().await;
    for secret in &secrets {
        // Whole, and any part long enough to be of use.
        for part in [secret.as_str(), &secret[4..], &secret[secret.len() / 2..]] {
            assert!([&dump, &waiting, &forgotten].iter().all(|dump| !dump.contains(part)), "{part}");
        }
    }
    assert!(!waiting.contains("verify-email?token"), "the link waits encrypted");
    assert!(!forgotten.contains("reset-password?token"), "the link waits encrypted");
    assert!(!dump.contains("eyJ") && !dump.contains("prt_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_of_a_life_hold_no_address_token_or_password() {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: handlers run on many threads. Other tests' lines are searched as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let app = TestApp::start().await;
    let mut native = app.native("logged@example.com").await;
    app.advance(61);
    native.refresh().await;
    app.post("/auth/login", json!({ "email": "logged@example.com", "password": "wrong password" })).await.expect(401);
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/verify-email/resend", json!({ "email": "logged2@example.com" })).await.expect(202);
    native.logout().await.expect(204);
    let behind = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaOnOutage", "open")]).await;
    let solved = behind.solved(json!({})).await;
    let form = json!({ "email": "logged@example.com", "password": PASSWORD, "name": "X", "captchaToken": solved });
    behind.fault(json!({ "service": "captcha", "kind": "error", "times": 1 })).await;
    behind.post("/auth/signup", form.clone()).await.expect(202);
    behind.post("/auth/signup", form).await.refused(403, "captcha_invalid");

    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| {
            ["shared", "handlers", "local"].iter().any(|target| line.contains(&format!("\"target\":\"{target}")))
        })
        .collect();
    assert!(ours.len() > 5, "something was logged");
    for line in ours {
        for secret in [
            "logged@example.com",
            "logged2@example.com",
            native.access.as_str(),
            native.refresh.as_str(),
            solved.as_str(),
            behind.stack.captcha_secret(),
            PASSWORD,
            "wrong password",
            "127.0.0.1",
        ] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
