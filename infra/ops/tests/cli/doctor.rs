//! What `doctor` finds, and how the command line fails.

use serde_json::{Value, json};
use tests::TestApp;

use crate::{command, postern, start};

async fn findings(app: &TestApp, exit: i32) -> Vec<Value> {
    let report = postern(app, &["doctor", "--json"]).await.expect(exit).json();
    report["findings"].as_array().unwrap().clone()
}

/// Whether a problem was found in this part whose text says so, with what to do about it.
fn has_problem(findings: &[Value], check: &str, what: &str) -> bool {
    let is_it = |it: &&Value| {
        it["check"] == check && it["level"] == "problem" && it["what"].as_str().is_some_and(|text| text.contains(what))
    };
    findings.iter().find(is_it).is_some_and(|it| it["todo"].as_str().is_some_and(|todo| !todo.is_empty()))
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_doctor_finds_a_fresh_stack_well_and_a_neglected_one_not() {
    let app = TestApp::start().await;
    let fresh = postern(&app, &["doctor"]).await.expect(0);
    assert!(fresh.out.ends_with("postern-local: 0 problem(s), 0 warning(s)\n"), "{}", fresh.out);

    app.job("expire-sessions", json!({})).await;
    // No schedules run here: after forty days everything is late.
    app.advance(40 * 86_400);
    let neglected = findings(&app, 1).await;
    assert!(has_problem(&neglected, "keys", "has been due for two hours"), "{neglected:?}");
    assert!(has_problem(&neglected, "jobs", "jobs-expire-sessions is overdue"), "{neglected:?}");
    for job in ["expire-sessions", "rotate-keys", "sign-audit-checkpoint"] {
        postern(&app, &["jobs", "run", job]).await.expect(0);
    }
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    assert!(findings(&app, 0).await.iter().all(|finding| finding["level"] != "problem"));
}

async fn production() -> TestApp {
    let url = ("PublicUrl", "https://auth.example.com");
    TestApp::with(&[("Stage", "production"), url, ("AppUrl", url.1), ("FrontendOrigins", url.1)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_doctor_names_what_somebody_has_switched_off() {
    let app = production().await;
    // Of what production demands nothing is missing, but its jobs have not run yet.
    assert!(findings(&app, 1).await.iter().all(|it| it["level"] == "ok" || it["check"] == "jobs"));
    app.keep_backups_of("logins", false).await;
    let key =
        app.table("signing-keys").await.iter().find(|key| key["state"] == "current").unwrap()["kms_key_id"].clone();
    app.stack.app().kms.schedule_deletion(key.as_str().unwrap()).await.unwrap();
    let found = findings(&app, 1).await;
    assert!(has_problem(&found, "tables", "could not be restored: postern-local-logins"), "{found:?}");
    assert!(has_problem(&found, "keys", "disabled or to be deleted in KMS: signing key"), "{found:?}");
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    assert!(has_problem(&findings(&app, 1).await, "mail", "could not be looked at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_failures_have_their_exit_codes_and_are_told_to_programs() {
    let app = TestApp::start().await;
    postern(&app, &["--help"]).await.expect(0);
    for wrong in [&["nonsense"][..], &[], &["users", "create", "no-address", "--name", "x"]] {
        postern(&app, wrong).await.expect(2);
    }
    let absent = postern(&app, &["doctor", "--stack", "another", "--json"]).await.expect(1);
    let told: Value = serde_json::from_str(&absent.err).unwrap();
    assert_eq!(told["error"]["code"], "stack_not_found");
    assert!(absent.out.is_empty());

    let mut away = command(&app, &["keys", "list"]).await;
    away.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let child = start(away, "");
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let mut nowhere = command(&app, &["keys", "list"]).await;
    nowhere.env_remove("AWS_REGION");
    let child = start(nowhere, "");
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(2));
    // Nobody is told apart from nobody: without an identity nothing is changed.
    app.fault(json!({ "service": "sts", "kind": "error" })).await;
    postern(&app, &["users", "create", "kim@example.org", "--name", "Kim"]).await.expect(3);
    assert!(app.table("users").await.is_empty());
}
