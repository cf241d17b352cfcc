//! The log of runs and the switch of each job (OPS-6, F15).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use tests::{Answer, Browser, TestApp};

use super::{deliver, event, killed_after};

/// The run log of a job, oldest first: outcomes.
async fn logged(app: &TestApp, job: &str) -> Vec<String> {
    let mut rows = app.table("settings").await;
    rows.retain(|row| row["kind"] == format!("run#{job}"));
    rows.sort_by_key(|row| row["key"].as_str().map(str::to_owned));
    rows.iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_a_job_that_is_switched_off_is_skipped_and_still_runs_by_hand() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut admin = app.browser("root@example.com").await;
    let job = handlers::JOBS.iter().find(|job| job.name == "jobs-retry-mail").unwrap();
    let off = json!({ "enabled": false, "reason": "SES moves" });
    admin.send("PUT", "/admin/jobs/jobs-retry-mail", &off).await.expect(200);
    admin.send("PUT", "/admin/jobs/jobs-retry-mail", &off).await.expect(200);
    // At once and everywhere: the switch is read with each run (F39).
    for _ in 0..5 {
        let instance = std::sync::Arc::new(app.stack.cold_app());
        let run = app.stack.invoke_on(instance, job.name, event(job, app.stack.clock().now())).await.unwrap();
        assert_eq!(run["outcome"], "switched_off");
    }
    assert_eq!(app.job("retry-mail", json!({})).await["outcome"], "done");
    let list = admin.get("/admin/jobs").await.expect(200).body;
    let jobs = list["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), handlers::JOBS.len());
    let shown = jobs.iter().find(|shown| shown["name"] == job.name).unwrap();
    assert_eq!((&shown["enabled"], &shown["reason"]), (&json!(false), &json!("SES moves")));
    assert_eq!((&shown["runs"][0]["outcome"], &shown["runs"][1]["outcome"]), (&json!("done"), &json!("skipped")));

    let on = json!({ "enabled": true, "reason": "SES has moved" });
    admin.send("PUT", "/admin/jobs/jobs-retry-mail", &on).await.expect(200);
    app.advance(60);
    assert_eq!(deliver(&app, job, app.stack.clock().now()).await, "done");
    assert_eq!(logged(&app, job.name).await.iter().filter(|outcome| *outcome == "skipped").count(), 5);
    assert_eq!(app.count("JobSwitched").await, 2, "what is so already is not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_only_administrators_who_signed_in_lately_switch_jobs() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut other = app.browser("ada@example.com").await;
    let off = json!({ "enabled": false, "reason": "mischief" });
    other.send("PUT", "/admin/jobs/jobs-retry-mail", &off).await.refused(403, "forbidden");
    other.get("/admin/jobs").await.refused(403, "forbidden");
    Answer::to(app.request("GET", "/admin/jobs")).await.refused(401, "unauthenticated");
    let mut admin: Browser = app.browser("root@example.com").await;
    admin.send("PUT", "/admin/jobs/jobs-make-coffee", &off).await.refused(404, "not_found");
    for bad in [json!({ "enabled": false, "reason": " " }), json!({ "enabled": false, "reason": "a\nb" })] {
        admin.send("PUT", "/admin/jobs/jobs-retry-mail", &bad).await.expect(422);
    }
    app.advance(301);
    admin.send("PUT", "/admin/jobs/jobs-retry-mail", &off).await.refused(401, "step_up_required");
    admin.get("/admin/jobs").await.expect(200);
    assert_eq!(app.count("JobSwitched").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_run_that_died_is_shown_so_and_a_failed_time_may_come_again() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let admin = app.browser("root@example.com").await;
    let job = handlers::JOBS.iter().find(|job| job.name == "jobs-expire-sessions").unwrap();
    let at = app.stack.clock().now();
    assert!(killed_after(&app, job, at, 1).await);
    app.advance(job.lease.as_secs());
    app.fault(json!({ "service": "dynamodb", "operation": "Scan", "kind": "error" })).await;
    app.stack.invoke(job.name, event(job, at)).await.unwrap_err();
    app.no_faults();
    assert_eq!(deliver(&app, job, at).await, "done", "what failed is not done");
    let list = admin.get("/admin/jobs").await.expect(200).body;
    let shown = list["jobs"].as_array().unwrap().iter().find(|shown| shown["name"] == job.name).unwrap().clone();
    let outcomes: Vec<_> = shown["runs"].as_array().unwrap().iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["done", "failed", "died"]);
    assert!(shown["runs"][1]["report"].as_str().unwrap().contains("DynamoDB"), "{shown}");
    assert_eq!(shown["nextDue"], (at + job.every).to_string());
}

#[test]
fn ops_6_a_jobs_lease_and_period_are_those_of_the_template() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    let template =
        template::Template::read(&text, &BTreeMap::new(), &|id, attribute| Some(format!("{id}.{attribute}")));
    let template = template.unwrap_or_else(|faults| panic!("{faults}"));
    for job in handlers::JOBS {
        let function = template.functions.iter().find(|function| function.binary == job.name).unwrap();
        assert_eq!(job.lease.as_secs(), u64::from(function.timeout_seconds), "{}: lease and time-out", job.name);
        assert_eq!(job.every.as_secs(), function.schedules[0].every_seconds, "{}: period", job.name);
        assert_eq!(function.asynchronous_retries, 0, "{}: its next run is the retry", job.name);
        assert!(job.lease <= job.every, "{} would overlap with itself", job.name);
        // The keyword is the scheduler's: it fills in the time that was planned, whenever it delivers.
        let input = json!({ "source": "aws.scheduler", "time": "<aws.scheduler.scheduled-time>" });
        assert_eq!(function.schedules[0].input.as_ref(), Some(&input), "{}: input", job.name);
    }
}
