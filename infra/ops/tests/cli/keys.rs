//! Keys, jobs and the audit trail from the command line.

use serde_json::{Value, json};
use tests::TestApp;

use crate::{OPERATOR, file, postern};

/// The kids of the ring, by their places.
fn kids(listed: &Value, state: &str) -> Vec<String> {
    let keys = listed["signing"].as_array().unwrap().iter().filter(|key| key["state"] == state);
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_an_operator_rotates_when_it_is_safe_and_retires_at_once() {
    let app = TestApp::start().await;
    let list = async || postern(&app, &["keys", "list", "--json"]).await.expect(0).json();
    let first = list().await;
    let (current, next) = (kids(&first, "current"), kids(&first, "next"));
    assert_eq!((current.len(), next.len()), (1, 1));
    assert!(postern(&app, &["keys", "list"]).await.expect(0).out.contains(&current[0]));

    let early = postern(&app, &["keys", "rotate"]).await.expect(1);
    assert!(early.err.contains("not been published for two hours"), "{}", early.err);
    // By AWS's clock, whatever this machine's says; that tells whole seconds.
    app.advance(7_201);
    postern(&app, &["keys", "rotate", "--dry-run"]).await.expect(0);
    assert_eq!(kids(&list().await, "current"), current);
    let rotated = postern(&app, &["keys", "rotate"]).await.expect(0);
    assert!(rotated.out.contains(&format!("promoted {}", next[0])), "{}", rotated.out);
    let second = list().await;
    assert_eq!((kids(&second, "current"), kids(&second, "retired")), (next.clone(), current));

    postern(&app, &["keys", "retire", "nonsense"]).await.expect(1);
    let retired = postern(&app, &["keys", "retire", &next[0], "--json"]).await.expect(0).json();
    assert_eq!(retired["outcome"], "done");
    assert!(!list().await.to_string().contains(&next[0]));

    assert_eq!(first["secrets"].as_array().unwrap().len(), 1);
    postern(&app, &["keys", "rotate", "--secrets"]).await.expect(0);
    assert_eq!(list().await["secrets"].as_array().unwrap().len(), 2);
    // The job does nothing and ends well; what was asked for has not happened.
    let early = postern(&app, &["keys", "rotate", "--secrets", "--json"]).await.expect(1);
    assert!(early.err.contains("\"too_early\""), "{}", early.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_a_retired_key_that_is_left_in_kms_is_no_success() {
    let app = TestApp::start().await;
    let list = postern(&app, &["keys", "list", "--json"]).await.expect(0).json();
    let (current, next) = (kids(&list, "current").remove(0), kids(&list, "next").remove(0));
    let dry = postern(&app, &["keys", "retire", &current, "--dry-run"]).await.expect(0);
    assert!(dry.err.contains(&format!("{current} signs; {next} takes over")), "{}", dry.err);
    app.fault(json!({ "service": "kms", "operation": "ScheduleKeyDeletion", "kind": "error" })).await;
    let retired = postern(&app, &["keys", "retire", &current, "--json"]).await.expect(1);
    let error = retired.err.lines().find(|line| line.contains("\"error\"")).unwrap();
    let kms = list["signing"].as_array().unwrap().iter().find(|key| key["kid"] == current).unwrap()["kmsKeyId"].clone();
    assert!(error.contains("\"left_in_kms\"") && error.contains(kms.as_str().unwrap()), "{error}");
    assert_eq!(retired.json()["place"]["account"], "000000000000");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_an_auditors_clock_is_not_believed() {
    let app = TestApp::start().await;
    app.native("ada@example.com").await;
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    let verify = ["audit", "verify", "--key", "alias/postern-AuditKey", "--json"];
    assert_eq!(postern(&app, &verify).await.expect(0).json()["faultCount"], 0);
    // By this machine's clock the signature is of a moment ago; there it is three hours old.
    app.advance(3 * 3600);
    let stale = postern(&app, &verify).await.expect(1).json();
    assert!(stale["faultCount"].as_u64().unwrap() > 0, "{stale}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_an_operator_runs_a_job_and_sees_its_runs() {
    let app = TestApp::start().await;
    let ran = postern(&app, &["jobs", "run", "expire-sessions", "--json"]).await.expect(0).json();
    assert_eq!((&ran["job"], &ran["outcome"]), (&json!("jobs-expire-sessions"), &json!("done")));
    let jobs = postern(&app, &["jobs", "list", "--json"]).await.expect(0).json();
    let jobs = jobs["jobs"].as_array().unwrap();
    let job = jobs.iter().find(|job| job["name"] == "jobs-expire-sessions").unwrap();
    assert_eq!(job["runs"][0]["outcome"], "done");
    assert_eq!(jobs.len(), handlers::JOBS.len());
    assert!(postern(&app, &["jobs", "list"]).await.expect(0).out.contains("jobs-expire-sessions"));

    postern(&app, &["jobs", "run", "no-such-job"]).await.expect(2);
    postern(&app, &["jobs", "run", "rotate-keys", "--input", "{"]).await.expect(2);
    // A mistyped emergency does nothing, and says so.
    let refused =
        postern(&app, &["jobs", "run", "rotate-keys", "--input", "{\"action\":\"retire_now\"}"]).await.expect(1);
    assert!(refused.err.contains("failed"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_an_operator_verifies_the_trail_and_copies_of_it_are_told() {
    let app = TestApp::start().await;
    app.native("ada@example.com").await;
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    let untouched = postern(&app, &["audit", "verify"]).await.expect(0);
    assert!(untouched.out.contains("Nothing was changed, removed or added."), "{}", untouched.out);
    // Auditors need no more than the tables and the public key.
    postern(&app, &["audit", "verify", "--key", "alias/postern-AuditKey"]).await.expect(0);

    let path = file("trail.ndjson");
    let copied = postern(&app, &["audit", "export", "--output", path.to_str().unwrap(), "--json"]).await.expect(0);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(copied.json()["events"], text.lines().count());
    assert!(text.contains("\"UserLoggedIn\""));
    let events = app.table("audit-events").await;
    let read = events.iter().find(|event| event["kind"] == "AuditRead").unwrap();
    assert_eq!((read["actor"].as_str().unwrap(), &read["detail"]["how"]), (OPERATOR, &json!("export as NDJSON")));
    let csv = postern(&app, &["audit", "export", "--format", "csv", "--action", "UserLoggedIn"]).await.expect(0);
    assert_eq!(csv.out.lines().count(), 2, "{}", csv.out);
    postern(&app, &["audit", "export", "--action", "Nonsense"]).await.expect(2);
    // A dry run reads nothing, and leaves neither a file nor an event.
    let other = file("trail.ndjson");
    let before = app.count("AuditRead").await;
    postern(&app, &["audit", "export", "--output", other.to_str().unwrap(), "--dry-run"]).await.expect(0);
    assert_eq!((app.count("AuditRead").await, other.parent().unwrap().read_dir().unwrap().count()), (before, 0));
    postern(&app, &["audit", "export", "--output", path.to_str().unwrap()]).await.expect(1);

    let id = events.iter().find(|event| event["kind"] == "UserLoggedIn").unwrap()["id"].as_str().unwrap();
    app.set("audit-events", "id", id, "request_id", "another").await;
    let touched = postern(&app, &["audit", "verify", "--json"]).await.expect(1).json();
    assert_eq!(touched["faultCount"], 1);
    assert!(touched["faults"][0]["record"].as_str().unwrap().ends_with(id), "{touched}");
}
