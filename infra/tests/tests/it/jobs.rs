//! Scheduled jobs: harmless twice, at once, half-way and late (OPS-6, F15).

use serde_json::json;
use tests::{Answer, Native, TestApp, at_once};

const DAY: u64 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_expired_sessions_are_removed_and_told_once() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    Native::sign_in(&app, "ada@example.com").await.logout().await.expect(204);
    app.job("expire-sessions", json!({})).await;
    assert_eq!(app.table("sessions").await.len(), 2, "nothing is over yet");

    app.advance(8 * DAY);
    let live = Native::sign_in(&app, "ada@example.com").await;
    let runs = at_once(4, |_| Answer::to(app.request("POST", "/_local/jobs/expire-sessions"))).await;
    assert!(runs.iter().all(|run| run.status == 200));
    assert_eq!(app.table("sessions").await.len(), 1);
    assert_eq!(app.count("SessionExpired").await, 1, "the signed-out one was told before");
    native.present(&native.refresh).await.refused(401, "session_expired");
    live.verify(&live.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_sessions_that_were_ended_with_all_others_do_not_expire_as_well() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for _ in 0..3 {
        Native::sign_in(&app, "ada@example.com").await;
    }
    let everywhere = Native::sign_in(&app, "ada@example.com").await;
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&everywhere.access)).await.expect(204);
    let told = app.count("RefreshTokenRevoked").await;
    app.advance(8 * DAY);
    let report = app.job("expire-sessions", json!({})).await["report"].clone();
    assert_eq!((&report["expired"], &report["revoked"]), (&json!(0), &json!(4)));
    assert!(app.table("sessions").await.is_empty());
    assert_eq!((app.count("SessionExpired").await, app.count("RefreshTokenRevoked").await), (0, told));
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_run_that_fails_half_way_is_finished_by_the_next() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    for _ in 0..5 {
        Native::sign_in(&app, "ada@example.com").await;
    }
    app.advance(8 * DAY);
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-sessions", "kind": "error", "skip": 2 })).await;
    app.post("/_local/jobs/expire-sessions", json!({})).await.expect(503);
    app.no_faults();
    assert_eq!(app.table("sessions").await.len(), 3);
    // It could not give its lease back either.
    app.advance(300);
    let run = app.job("expire-sessions", json!({})).await;
    assert_eq!(run["report"]["expired"], 3);
    assert_eq!(app.count("SessionExpired").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_every_run_is_logged_and_a_job_can_be_run_by_either_name() {
    let app = TestApp::start().await;
    for job in handlers::JOBS {
        let run = app.job(job.name, json!({})).await;
        assert_eq!((run["job"].as_str(), run["outcome"].as_str()), (Some(job.name), Some("done")), "{run}");
        app.job(job.name.strip_prefix("jobs-").unwrap(), json!({})).await;
    }
    let logged = app.table("settings").await;
    let of =
        |kind: &str| logged.iter().filter(|row| row["kind"].as_str().unwrap().starts_with(kind)).collect::<Vec<_>>();
    let (jobs, runs) = (of("job"), of("run#"));
    assert_eq!((jobs.len(), runs.len()), (handlers::JOBS.len(), 2 * handlers::JOBS.len()));
    assert!(jobs.iter().all(|job| job["outcome"] == "done" && job.get("leased_until").is_none()), "{jobs:?}");
    assert!(runs.iter().all(|run| run["outcome"] == "done" && run.get("report").is_some()), "{runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_gives_a_fresh_stack_on_which_old_tokens_are_worthless() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.advance(3 * DAY);
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "error" })).await;
    app.post("/_local/reset", json!(null)).await.expect(204);
    assert!(app.table("users").await.is_empty() && app.mails("ada@example.com").is_empty());
    native.present(&native.refresh).await.refused(401, "refresh_invalid");
    native.verify(&native.access).await.refused(401, "token_invalid");
    app.native("ada@example.com").await;
}
