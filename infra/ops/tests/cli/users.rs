//! Accounts that operators make and unlock.

use serde_json::json;
use tests::{PASSWORD, TestApp};

use crate::{OPERATOR, postern, postern_with};

#[tokio::test(flavor = "multi_thread")]
async fn client_6_the_owner_of_a_new_account_chooses_the_password() {
    let app = TestApp::start().await;
    let made = postern(&app, &["users", "create", "Kim@Example.org", "--name", "Kim"]).await.expect(0);
    assert!(
        made.out.contains("a link is on its way to kim@example.org") && !made.out.contains("password:"),
        "{}",
        made.out
    );
    app.log_in("kim@example.org", "anything").await.refused(401, "invalid_credentials");
    let token = app.link("kim@example.org", "reset-password").await;
    assert!(!made.out.contains(&token) && !made.err.contains(&token));
    app.post("/auth/password/reset", json!({ "token": token, "password": PASSWORD })).await.expect(200);
    let session = app.log_in("kim@example.org", PASSWORD).await.expect(200).body["session"].clone();
    assert_eq!(session["roles"], json!(["owner"]));

    let events = app.table("audit-events").await;
    let created: Vec<_> = events.iter().filter(|event| event["kind"] == "UserCreated").collect();
    assert_eq!(created.len(), 1);
    assert_eq!((created[0]["actor"].as_str().unwrap(), &created[0]["detail"]["by"]), (OPERATOR, &json!("operator")));
    let again = postern(&app, &["users", "create", "kim@example.org", "--name", "Kim", "--json"]).await.expect(1);
    assert!(again.err.contains("\"code\":\"email_taken\""), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_a_password_is_printed_only_where_it_is_asked_for_and_an_administrator_can_be_made() {
    let app = TestApp::start().await;
    let arguments = ["users", "create", "root@example.org", "--name", "Root", "--admin", "--generate-password"];
    let made = postern(&app, &[&arguments[..], &["--verified", "--json"]].concat()).await.expect(0).json();
    assert_eq!(made["mailed"], false);
    let password = made["password"].as_str().unwrap();
    let session = app.log_in("root@example.org", password).await.expect(200).body["session"].clone();
    assert_eq!(session["roles"], json!(["owner", "admin"]));
    assert!(!app.dump().await.contains(password));

    // One that is given is confirmed by the owner of the address, and shown nowhere.
    let arguments = ["users", "create", "kim@example.org", "--name", "Kim", "--password-stdin"];
    let made = postern_with(&app, &arguments, &format!("{PASSWORD}\nmore")).await.expect(0);
    assert!(!made.out.contains(PASSWORD) && !made.err.contains(PASSWORD));
    app.log_in("kim@example.org", PASSWORD).await.refused(403, "email_not_verified");
    let token = app.link("kim@example.org", "verify-email").await;
    app.post("/auth/verify-email", json!({ "token": token })).await.expect(200);
    app.log_in("kim@example.org", PASSWORD).await.expect(200);

    let weak = ["users", "create", "lee@example.org", "--name", "Lee", "--password-stdin"];
    let refused = postern_with(&app, &weak, "password\n").await.expect(1);
    assert!(refused.err.contains("postern: "), "{}", refused.err);
    postern_with(&app, &weak, "").await.expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_nothing_is_written_by_a_dry_run() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let before = (app.table("users").await.len(), app.events().await.len());
    let create = postern(&app, &["users", "create", "kim@example.org", "--name", "Kim", "--dry-run"]).await.expect(0);
    assert!(create.out.contains("could be made"), "{}", create.out);
    postern(&app, &["users", "create", "ada@example.com", "--name", "Ada", "--dry-run"]).await.expect(1);
    postern(&app, &["users", "unlock", "ada@example.com", "--reason", "x", "--dry-run"]).await.expect(0);
    postern(&app, &["jobs", "run", "expire-sessions", "--dry-run"]).await.expect(0);
    assert_eq!((app.table("users").await.len(), app.events().await.len()), before);
    assert_eq!(app.table("settings").await.iter().filter(|it| it["kind"] == "run#jobs-expire-sessions").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_7_an_operator_opens_a_locked_account_and_its_owner_is_told() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for _ in 0..5 {
        app.log_in("ada@example.com", "wrong").await;
    }
    app.log_in("ada@example.com", PASSWORD).await.refused(423, "account_locked");
    postern(&app, &["users", "unlock", "ada@example.com"]).await.expect(2);
    let reason = ["--reason", "called us, birthday and street were right"];
    postern(&app, &[&["users", "unlock", "nobody@example.com"], &reason[..]].concat()).await.expect(1);
    let unlocked = postern(&app, &[&["users", "unlock", "ada@example.com", "--json"], &reason[..]].concat()).await;
    let id = unlocked.expect(0).json()["userId"].as_str().unwrap().to_owned();
    app.log_in("ada@example.com", PASSWORD).await.expect(200);
    app.mail_about("ada@example.com", "open again").await;
    let events = app.table("audit-events").await;
    let event = events.iter().find(|event| event["kind"] == "UserAccountUnlocked").unwrap();
    assert_eq!(
        (event["actor"].as_str().unwrap(), event["subject"].as_str().unwrap()),
        (OPERATOR, &*format!("user#{id}"))
    );
    assert_eq!(event["detail"]["why"], reason[1]);
    // By its id, too.
    postern(&app, &[&["users", "unlock", &id], &reason[..]].concat()).await.expect(0);
}
