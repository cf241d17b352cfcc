//! Every job of `JOBS`, by one table: delivered twice at once, killed after each of its writes, a day late, switched off
//! (OPS-6, F15). A job without a row in [`world`] fails here, so that none can be forgotten.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;

use embedded_aws::Call;
use futures_util::future::join_all;
use handlers::jobs::Job;
use serde_json::{Value, json};
use shared::clock::Timestamp;
use tests::{Answer, Browser, Native, TestApp};

use crate::audit_chain::verified;

const DAY: u64 = 86_400;

/// A stack on which the job has something to do.
async fn world(job: &Job) -> TestApp {
    match job.name {
        "jobs-retry-mail" => {
            let app = TestApp::start().await;
            app.fault(json!({ "service": "ses", "kind": "error" })).await;
            for name in ["ada", "bob"] {
                let body = json!({ "email": format!("{name}@example.com"), "password": tests::PASSWORD, "name": name });
                app.post("/auth/signup", body).await.expect(202);
            }
            // The stream has tried, and SES would not have it.
            while app
                .table("outbox")
                .await
                .iter()
                .any(|mail| mail.get("leased_until").is_some() || mail.get("attempts") == Some(&json!(0.0)))
            {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            app.no_faults();
            app.advance(3600);
            app
        }
        "jobs-rotate-keys" => {
            let app = TestApp::start().await;
            app.advance(31 * DAY);
            app
        }
        "jobs-expire-sessions" => {
            let app = TestApp::start().await;
            app.account("ada@example.com").await;
            for _ in 0..3 {
                Native::sign_in(&app, "ada@example.com").await;
            }
            app.outbox_is_empty().await;
            app.advance(8 * DAY);
            app
        }
        "jobs-count-sessions" => {
            let app = TestApp::start().await;
            app.native("ada@example.com").await;
            app.outbox_is_empty().await;
            app
        }
        // Nothing listens there.
        "jobs-monitor-jwks" => TestApp::with(&[("PublicUrl", "http://localhost:1")]).await,
        "jobs-daily-report" => {
            let app = TestApp::with(&[("AdminEmails", "root@example.com,ops@example.com")]).await;
            app.account("ada@example.com").await;
            app.outbox_is_empty().await;
            app.advance(DAY);
            app
        }
        "jobs-check-backups" => {
            let app = in_production().await;
            app.keep_backups_of("users", false).await;
            app
        }
        "jobs-sign-audit-checkpoint" => {
            let app = TestApp::start().await;
            app.account("ada@example.com").await;
            app.outbox_is_empty().await;
            app.trail_is_chained().await;
            app
        }
        "jobs-purge-audit" => {
            let app = TestApp::start().await;
            app.account("ada@example.com").await;
            app.outbox_is_empty().await;
            app.trail_is_chained().await;
            app.job("sign-audit-checkpoint", json!({})).await;
            app.log_in("ada@example.com", "wrong").await.expect(401);
            app.trail_is_chained().await;
            app.job("sign-audit-checkpoint", json!({})).await;
            // Far enough for the chain's first links to go, too.
            app.advance(93 * DAY);
            app.job("sign-audit-checkpoint", json!({})).await;
            app
        }
        "jobs-retry-webhooks" => {
            let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
            let mut admin = app.browser("root@example.com").await;
            let order = json!({ "url": app.receiver("crm"), "events": ["UserLoginFailed"] });
            admin.send("POST", "/admin/webhooks", &order).await.expect(201);
            app.post("/_local/webhooks/answer", json!({ "status": 500, "times": 1 })).await.expect(200);
            app.log_in("nobody@example.com", "wrong").await.expect(401);
            app.followed().await;
            app.deliveries_rest().await;
            app.advance(3600);
            app
        }
        "jobs-spike-detector" => {
            let app = TestApp::start().await;
            for n in 0..60 {
                app.log_in(&format!("nobody{n}@example.com"), "wrong").await.expect(401);
            }
            app.followed().await;
            app
        }
        other => panic!("{other} has no world here: give it one in which it has something to do"),
    }
}

async fn in_production() -> TestApp {
    let own = "https://app.example.com";
    let parameters = [("Stage", "production"), ("PublicUrl", "https://auth.example.com")];
    TestApp::with(&[&parameters[..], &[("FrontendOrigins", own), ("AppUrl", own)]].concat()).await
}

/// What there is to see of what a job did.
async fn effect(app: &TestApp, job: &Job) -> BTreeMap<String, usize> {
    app.outbox_is_empty().await;
    look(app, job).await
}

async fn look(app: &TestApp, job: &Job) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    let mut count = |what: String| *seen.entry(what).or_default() += 1;
    app.events().await.into_iter().for_each(|kind| count(format!("event {kind}")));
    app.table("sessions").await.iter().for_each(|_| count("session".to_owned()));
    for key in app.table("signing-keys").await {
        count(format!("key {}", key.get("state").or(key.get("version")).unwrap_or(&Value::Null)));
    }
    for setting in app.table("settings").await {
        let kind = setting["kind"].as_str().unwrap().to_owned();
        if kind != "job" && !kind.starts_with("run#") {
            // A webhook's id is another in each world.
            let key = if kind == "webhook" { &Value::Null } else { &setting["key"] };
            count(format!("setting {kind} {key}"));
        }
    }
    let chain = app.table("audit-chain").await;
    chain.iter().filter(|link| link["part"] == "checkpoint").for_each(|_| count("checkpoint".to_owned()));
    if chain.iter().any(|link| link["part"] == "segment" && link["seq"] == "000000000001") {
        count("the first link of the chain".to_owned());
    }
    for delivery in app.table("deliveries").await {
        count(format!("delivery, delivered: {}", delivery.get("delivered_at").is_some()));
    }
    for mail in app.stack.aws().mailbox().list(None) {
        count(format!("mail to {}: {}", mail.to.join(", "), mail.subject));
    }
    // Between SES's answer and our note of it, a sender that dies leaves a mail to be sent once more (F13).
    if job.name == "jobs-retry-mail" {
        seen.iter_mut().filter(|(what, _)| what.starts_with("mail to")).for_each(|(_, count)| *count = 1);
    }
    // It tells before it removes: one that dies in between tells again.
    if job.name == "jobs-purge-audit" {
        seen.entry("event AuditPurged".to_owned()).and_modify(|count| *count = 1);
    }
    seen
}

/// The sample event of a job, for a time.
fn event(job: &Job, at: Timestamp) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../events/{}.json", job.name));
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    event["time"] = json!(at.to_string());
    event
}

async fn deliver(app: &TestApp, job: &Job, at: Timestamp) -> String {
    let run = app.stack.invoke(job.name, event(job, at)).await.unwrap_or_else(|error| panic!("{}: {error}", job.name));
    run["outcome"].as_str().unwrap().to_owned()
}

/// The end of each scenario: the lease of whoever died is over, and the schedule calls once more.
async fn settle(app: &TestApp, job: &Job) -> BTreeMap<String, usize> {
    app.advance(job.lease.as_secs() + 1);
    assert_eq!(deliver(app, job, app.stack.clock().now()).await, "done", "{}", job.name);
    effect(app, job).await
}

async fn undisturbed(job: &Job) -> BTreeMap<String, usize> {
    let app = world(job).await;
    let before = look(&app, job).await;
    assert_eq!(deliver(&app, job, app.stack.clock().now()).await, "done");
    let after = settle(&app, job).await;
    assert_ne!(before, after, "{} has nothing to do in its world", job.name);
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_every_job_is_harmless_when_delivered_twice_at_once_and_again() {
    for job in handlers::JOBS {
        let expected = undisturbed(job).await;
        let app = world(job).await;
        let at = app.stack.clock().now();
        let outcomes = join_all((0..4).map(|_| deliver(&app, job, at))).await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "done").count(), 1, "{}: {outcomes:?}", job.name);
        assert_eq!(deliver(&app, job, at).await, "already_done", "{}", job.name);
        assert_eq!(settle(&app, job).await, expected, "{}", job.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_every_job_that_comes_a_day_late_catches_up_and_runs_once() {
    for job in handlers::JOBS {
        let expected = {
            let app = world(job).await;
            app.advance(DAY);
            assert_eq!(deliver(&app, job, app.stack.clock().now()).await, "done");
            settle(&app, job).await
        };
        let app = world(job).await;
        let planned = app.stack.clock().now();
        app.advance(DAY);
        assert_eq!(deliver(&app, job, planned).await, "done", "{}", job.name);
        assert_eq!(deliver(&app, job, planned).await, "already_done", "{}", job.name);
        assert_eq!(settle(&app, job).await, expected, "{}", job.name);
        // And one that comes after those that were planned later has nothing left to do.
        assert_eq!(deliver(&app, job, planned).await, "already_done", "{}", job.name);
    }
}

/// Runs a job until it has made so many calls to AWS, and then lets go of it, as a dying sandbox would: no error is
/// handled, nothing is tidied up. False when it ended before.
async fn killed_after(app: &TestApp, job: &Job, at: Timestamp, calls: usize) -> bool {
    app.is_quiet().await;
    let made = || app.stack.aws().calls().list(None).len();
    let before = made();
    let instance = app.stack.app();
    let mut running = Box::pin(handlers::jobs::run(job, &instance, event(job, at)));
    // A call is in the log before its answer is on the way, so the job never sees the last one's.
    poll_fn(|context| match made() - before >= calls {
        true => Poll::Ready(true),
        false => running.as_mut().poll(context).map(|_| false),
    })
    .await
}

fn is_write(call: &Call) -> bool {
    let reads = ["Get", "Query", "Scan", "Describe", "Decrypt", "List"];
    !reads.iter().any(|read| call.operation.starts_with(read))
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_every_job_that_is_killed_after_any_of_its_writes_is_finished_by_the_next_run() {
    for job in handlers::JOBS {
        let expected = undisturbed(job).await;
        let writes: Vec<usize> = {
            let app = world(job).await;
            let before = app.stack.aws().calls().list(None).len();
            let run = app.stack.invoke(job.name, event(job, app.stack.clock().now())).await.unwrap();
            let calls = app.stack.aws().calls().list(None);
            let own = calls.iter().skip(before).filter(|call| call.request_id.as_deref() == run["runId"].as_str());
            own.enumerate().filter(|(_, call)| is_write(call)).map(|(n, _)| n + 1).collect()
        };
        assert!(writes.len() >= 2, "{}: a lease, and the end of the run: {writes:?}", job.name);
        let mut kills = 0;
        for &calls in &writes {
            let app = world(job).await;
            let at = app.stack.clock().now();
            // On a busy machine a call may have been repeated when they were counted; then the last is not reached here.
            kills += usize::from(killed_after(&app, job, at, calls).await);
            if job.name == "jobs-purge-audit" {
                // Half a purge is no tampering. (Nothing was signed while the world's clock leapt.)
                let found = verified(&app).await;
                assert!(found.faults.iter().all(|fault| fault.what.contains("nothing was signed")), "{found:?}");
            }
            // Its lease lasts, so nobody works beside what may still be running; then the next run takes over.
            let again = deliver(&app, job, at).await;
            assert!(["already_running", "already_done"].contains(&again.as_str()), "{}: {again}", job.name);
            assert_eq!(settle(&app, job).await, expected, "{}, killed after {calls} calls", job.name);
            if job.name == "jobs-rotate-keys" {
                let native = app.native("eve@example.com").await;
                native.verify(&native.access).await.expect(200);
            }
        }
        assert!(kills + 2 > writes.len(), "{}: {kills} kills after {} writes", job.name, writes.len());
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_the_public_keys_are_watched_from_outside() {
    let app = TestApp::start().await;
    let well = app.job("monitor-jwks", json!({})).await;
    assert_eq!((&well["report"]["standing"], &well["report"]["keys"]), (&json!("well"), &json!(2)));
    // The JWKS cannot be answered: its ring is too old to be served, and the table does not answer.
    app.advance(700);
    app.fault(json!({ "service": "dynamodb", "table": "signing-keys", "kind": "error" })).await;
    for _ in 0..2 {
        let ill = app.job("monitor-jwks", json!({})).await;
        assert_eq!(ill["report"]["standing"], "failing", "{ill}");
    }
    app.no_faults();
    assert_eq!(app.job("monitor-jwks", json!({})).await["report"]["standing"], "well");
    assert_eq!((app.count("CheckFailed").await, app.count("CheckRecovered").await), (1, 1));

    // Somebody else's keys at our address.
    let foreign = TestApp::with(&[("PublicUrl", app.stack.url())]).await;
    foreign.advance(3600);
    let ill = foreign.job("monitor-jwks", json!({})).await;
    assert!(ill["report"]["trouble"].as_str().unwrap().contains("is not published"), "{ill}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_7_backups_that_are_off_are_told_in_production_and_only_there() {
    let app = in_production().await;
    let well = app.job("check-backups", json!({})).await;
    assert_eq!(well["report"]["standing"], "well", "{well}");
    let kept: Vec<&str> =
        app.stack.template().tables.iter().filter(|it| it.point_in_time_recovery).map(|it| it.name.as_str()).collect();
    let looked_at = well["report"]["restorableUntil"].as_object().unwrap();
    assert_eq!(looked_at.len(), kept.len());
    assert!(kept.iter().all(|table| looked_at[*table].is_string()), "{well}");

    app.keep_backups_of("users", false).await;
    let ill = app.job("check-backups", json!({})).await;
    assert_eq!(ill["report"]["trouble"], "point-in-time recovery is off: postern-local-users");
    app.keep_backups_of("users", true).await;
    assert_eq!(app.job("check-backups", json!({})).await["report"]["standing"], "well");
    assert_eq!((app.count("CheckFailed").await, app.count("CheckRecovered").await), (1, 1));

    let laptop = TestApp::start().await;
    assert_eq!(laptop.job("check-backups", json!({})).await["report"]["standing"], "well");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_every_administrator_gets_each_day_once() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com,ops@example.com")]).await;
    let midnight = Timestamp::parse("2027-01-10T00:00:00Z").unwrap();
    app.stack.clock().set(midnight + std::time::Duration::from_secs(9 * 3600));
    app.native("ada@example.com").await;
    app.log_in("ada@example.com", "wrong").await.expect(401);
    app.advance(DAY);
    Native::sign_in(&app, "ada@example.com").await;
    let reports = || app.mails("root@example.com").into_iter().filter(|mail| mail.contains("day in figures")).count();
    join_all((0..3).map(|_| app.post("/_local/jobs/daily-report", json!({})))).await;
    app.outbox_is_empty().await;
    assert_eq!(reports(), 1);
    let mail = app.mail("ops@example.com", 1).await;
    let has = |label: &str, count: &str| mail.lines().any(|line| line.contains(label) && line.ends_with(count));
    assert!(mail.contains("10 January 2027") && has("Sign-ups", " 1") && has("Failed sign-ins", " 1"), "{mail}");
    assert!(has("Sign-ins", " 1"), "the sign-in of today is not of yesterday: {mail}");
    // Three days without a run: each of them gets its own.
    app.advance(3 * DAY);
    let run = app.job("daily-report", json!({})).await;
    let days: Vec<_> = run["report"]["days"].as_array().unwrap().iter().map(|day| day["day"].clone()).collect();
    assert_eq!(days, ["2027-01-11", "2027-01-12", "2027-01-13"]);
    app.outbox_is_empty().await;
    assert_eq!(reports(), 4);
    // After ten days it is the last seven.
    app.advance(10 * DAY);
    let run = app.job("daily-report", json!({})).await;
    let days: Vec<_> = run["report"]["days"].as_array().unwrap().iter().map(|day| day["day"].clone()).collect();
    assert_eq!((days.len(), &days[0]), (7, &json!("2027-01-17")));
}
