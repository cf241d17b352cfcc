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
    let header = native.access.split('.').next().unwrap();
    assert!(!dump.contains(header) && !dump.contains("prt_"));
}
