//! Every job of `JOBS`, by one table: delivered twice at once, killed after each of its writes, a day late, switched off
//! (OPS-6, F15). A job without a row in [`world`] fails here, so that none can be forgotten.

mod findings;
mod log;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;

use embedded_aws::Call;
use futures_util::future::join_all;
use handlers::jobs::Job;
use serde_json::{Value, json};
use shared::app::App;
use shared::clock::Timestamp;
use tests::{Native, TestApp};

use crate::audit::chain::verified;

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
            app.mails_rest().await;
            app.no_faults();
            app.advance(3600);
            app
        }
        "jobs-rotate-keys" => {
            let app = TestApp::start().await;
            leap(&app, 31 * DAY).await;
            app
        }
        "jobs-expire-sessions" => {
            let app = TestApp::start().await;
            app.account("ada@example.com").await;
            for _ in 0..3 {
                Native::sign_in(&app, "ada@example.com").await;
            }
            app.outbox_is_empty().await;
            leap(&app, 8 * DAY).await;
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
            app.at_noon();
            app.account("ada@example.com").await;
            app.outbox_is_empty().await;
            leap(&app, DAY).await;
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
            leap(&app, 93 * DAY).await;
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

/// Lets what happened before be followed first: afterwards it looks as if it had been.
async fn leap(app: &TestApp, seconds: u64) {
    app.is_quiet().await;
    app.advance(seconds);
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

/// Lets a job run while nothing else does, until it is killed.
async fn killed_after(app: &TestApp, job: &Job, at: Timestamp, calls: usize) -> bool {
    app.is_quiet().await;
    killed(app, &app.stack.app(), job, event(job, at), calls).await
}

/// Runs a job until so many calls to AWS are made, and then lets go of it, as a dying sandbox would: no error is handled,
/// nothing is tidied up. False when it ended before.
pub(crate) async fn killed(app: &TestApp, instance: &App, job: &Job, input: Value, calls: usize) -> bool {
    let made = || app.stack.aws().calls().list(None).len();
    let before = made();
    let mut running = Box::pin(handlers::jobs::run(job, instance, input));
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
