//! What `doctor` finds, and how the command line fails.

use serde_json::{Value, json};
use tests::TestApp;

use crate::{command, file_with, postern, run};

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
    let jobs = ["expire-sessions", "rotate-keys", "sign-audit-checkpoint"];
    for day in [0, 86_400] {
        app.advance(day);
        for job in jobs {
            postern(&app, &["jobs", "run", job]).await.expect(0);
        }
    }
    // What somebody does by hand says nothing of the schedule.
    assert!(has_problem(&findings(&app, 1).await, "jobs", "jobs-expire-sessions is overdue"));
    let at = app.stack.clock().now().to_string();
    for job in jobs {
        app.job(job, json!({ "source": "aws.scheduler", "time": at })).await;
    }
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    assert!(findings(&app, 0).await.iter().all(|finding| finding["level"] != "problem"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_doctor_says_where_it_looked_and_what_it_could_not_see_is_not_known() {
    let app = TestApp::start().await;
    let report = postern(&app, &["doctor", "--json"]).await.expect(0).json();
    let (place, endpoint) = (&report["place"], app.stack.aws().endpoint().to_string());
    assert_eq!((&place["account"], &place["region"]), (&json!("000000000000"), &json!("us-east-1")));
    assert_eq!(place["endpoint"].as_str().unwrap().trim_end_matches('/'), endpoint.trim_end_matches('/'));
    let told = postern(&app, &["doctor"]).await.expect(0);
    assert!(told.err.contains("stack postern-local in account 000000000000, us-east-1 at http"), "{}", told.err);
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    let report = postern(&app, &["doctor", "--json"]).await.expect(3).json();
    assert_eq!((&report["problems"], &report["unknown"]), (&json!(1), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_a_profile_is_asked_and_not_the_environment() {
    let app = TestApp::start().await;
    let section = |more: &str| {
        let url = app.stack.aws().endpoint();
        file_with("config", &format!("[profile prod]\nregion = us-east-1\nendpoint_url = {url}\n{more}"))
    };
    let with_keys = section("aws_access_key_id = prod\naws_secret_access_key = prod\n");
    let without_keys = section("");
    // The environment of `/_local/env` leads to the laptop.
    let led = run(command(&app, &["keys", "list", "--profile", "prod"]).await).await.expect(2);
    assert!(led.err.contains("AWS_ENDPOINT_URL"), "{}", led.err);
    for (config, exit) in [(with_keys, 0), (without_keys, 3)] {
        let mut list = command(&app, &["keys", "list", "--profile", "prod"]).await;
        list.env_remove("AWS_ENDPOINT_URL").env_remove("AWS_REGION").env("AWS_CONFIG_FILE", config);
        run(list).await.expect(exit);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_6_nothing_is_written_by_settings_that_the_functions_do_not_share() {
    let mut lines: Vec<String> = tests::TEMPLATE.lines().map(str::to_owned).collect();
    let function = lines.iter().position(|line| line == "  AuthLogout:").unwrap();
    let properties = function + lines[function..].iter().position(|line| line == "    Properties:").unwrap();
    lines.insert(properties + 1, "      Environment: { Variables: { MAIL_FROM: other@example.com } }".to_owned());
    let app = TestApp::of_template(lines.join("\n"), &[]).await;
    let made = postern(&app, &["users", "create", "kim@example.org", "--name", "Kim", "--json"]).await.expect(1);
    assert!(made.err.contains("settings_differ") && made.err.contains("MAIL_FROM"), "{}", made.err);
    assert!(app.table("users").await.is_empty());
    // An emergency does not wait for a deployment, and looking is always allowed.
    postern(&app, &["jobs", "run", "expire-sessions"]).await.expect(0);
    let doctor = postern(&app, &["doctor"]).await.expect(0);
    assert!(doctor.out.contains("are not the same in all functions: MAIL_FROM"), "{}", doctor.out);
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
    run(away).await.expect(3);
    let mut nowhere = command(&app, &["keys", "list"]).await;
    nowhere.env_remove("AWS_REGION");
    run(nowhere).await.expect(2);
    let wrong = postern(&app, &["--json", "nonsense"]).await.expect(2);
    let told: Value = serde_json::from_str(&wrong.err).unwrap();
    assert_eq!(told["error"]["code"], "usage");
    // Nobody is told apart from nobody: without an identity nothing is changed.
    app.fault(json!({ "service": "sts", "kind": "error" })).await;
    postern(&app, &["users", "create", "kim@example.org", "--name", "Kim"]).await.expect(3);
    assert!(app.table("users").await.is_empty());
}
