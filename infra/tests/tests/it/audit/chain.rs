//! The chain that the audit trail is held against: whoever edits, removes or adds a record by hand is found.

use std::time::Duration;

use serde_json::{Value, json};
use shared::audit::chain::{self, Logged, Verification, Witness};
use shared::context::RequestContext;
use tests::{Answer, Native, TestApp};

use super::ROOT;

/// Events are kept for thirty days.
pub(crate) async fn app() -> TestApp {
    TestApp::with(&[("AdminEmails", ROOT), ("AuditRetentionDays", "30")]).await
}

pub(crate) async fn verified(app: &TestApp) -> Verification {
    verified_by(app, &[]).await
}

/// Held against what was logged, too.
pub(crate) async fn verified_by(app: &TestApp, logged: &[Logged]) -> Verification {
    let instance = app.stack.app();
    let known = Witness::of_key(&instance.kms, &instance.settings.audit_key_id).await.unwrap();
    let witness = Witness { logged: logged.to_vec(), ..known };
    chain::verify(&instance.store, &witness, &instance.settings.stack_name, app.stack.clock().now()).await.unwrap()
}

pub(crate) async fn sign(app: &TestApp) -> Value {
    app.job("sign-audit-checkpoint", json!({})).await
}

/// Lets time go by, in which the job does its work.
pub(crate) async fn signed_for(app: &TestApp, seconds: u64) {
    let instance = app.stack.app();
    let mut left = seconds;
    while left > 0 {
        let step = left.min(7_000);
        app.advance(step);
        let now = app.stack.clock().now();
        chain::sign(&instance, &RequestContext::of_job(now, shared::id::fresh(now))).await.unwrap();
        left -= step;
    }
}

/// What names a link of the chain.
pub(crate) fn named(link: &Value) -> [(&'static str, &str); 2] {
    ["part", "seq"].map(|name| (name, link[name].as_str().unwrap()))
}

/// A life, chained and signed.
pub(crate) async fn chained(app: &TestApp) -> Native<'_> {
    let ada = app.native("ada@example.com").await;
    for _ in 0..3 {
        app.log_in("ada@example.com", "wrong").await.expect(401);
    }
    app.trail_is_chained().await;
    sign(app).await;
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.trail_is_chained().await;
    sign(app).await;
    ada
}

/// The faults, as `<id of the record> <what>`.
pub(crate) fn faults(found: &Verification) -> Vec<String> {
    let id = |record: &str| record.rsplit('#').next().unwrap().to_owned();
    found.faults.iter().map(|fault| format!("{} {}", id(&fault.record), fault.what)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_trail_is_verified() {
    let app = app().await;
    assert_eq!(sign(&app).await["outcome"], "done");
    chained(&app).await;
    let found = verified(&app).await;
    assert_eq!(faults(&found), Vec::<String>::new());
    assert_eq!(found.events, app.table("audit-events").await.len());
    assert!(found.checkpoints >= 2 && found.segments >= 2 && found.waiting == 0 && found.signed_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_that_is_edited_or_removed_by_hand_is_named() {
    let app = app().await;
    chained(&app).await;
    signed_for(&app, 2 * 3600).await;
    let events = app.table("audit-events").await;
    assert!(events.len() > 8);
    for event in &events {
        let id = event["id"].as_str().unwrap();
        // The stream tells the chain of each visit, sooner or later: those before this one have their own faults.
        let fault = || async {
            let mut found = faults(&verified(&app).await);
            found.retain(|fault| fault.starts_with(id));
            assert!(found.len() <= 1, "{found:?}");
            found.pop().unwrap_or_default()
        };
        // Whatever is changed, and be it put back afterwards; and whatever is added.
        let original = event["request_id"].as_str().unwrap();
        app.set("audit-events", "id", id, "request_id", "another").await;
        assert!(fault().await.starts_with(&format!("{id} was changed")), "{event}");
        app.set("audit-events", "id", id, "request_id", original).await;
        app.set("audit-events", "id", id, "more", "x").await;
        assert!(fault().await.starts_with(&format!("{id} was changed")), "{event}");
        let mut restored = app.take("audit-events", "id", id).await;
        assert!(fault().await.starts_with(&format!("{id} was removed")), "{event}");
        restored.remove("more");
        app.put("audit-events", restored).await;
        let told = async {
            while !fault().await.contains("changed back") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), told).await.expect("the stream tells the chain");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_many_is_named_first() {
    let app = app().await;
    chained(&app).await;
    let mut events = app.table("audit-events").await;
    events.sort_by_key(|event| event["at"].as_str().unwrap().to_owned());
    let id = |i: usize| events[i]["id"].as_str().unwrap();
    app.set("audit-events", "id", id(5), "kind", "UserLoggedIn").await;
    app.take("audit-events", "id", id(3)).await;
    app.take("audit-events", "id", id(7)).await;
    let found = faults(&verified(&app).await);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with(&format!("{} was removed", id(3))), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_removed_at_once_is_missed_all_the_same() {
    let app = app().await;
    chained(&app).await;
    app.log_in("ada@example.com", "wrong").await.expect(401);
    let events = app.table("audit-events").await;
    let newest = events.iter().max_by_key(|event| event["at"].as_str().unwrap().to_owned()).unwrap();
    let id = newest["id"].as_str().unwrap();
    app.take("audit-events", "id", id).await;
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.trail_is_chained().await;
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.starts_with(&format!("{id} was removed"))), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_at_the_chain_itself_is_found() {
    let app = app().await;
    chained(&app).await;
    let links = app.table("audit-chain").await;
    let of = |part: &str| -> Vec<&Value> { links.iter().filter(|link| link["part"] == part).collect() };
    let (segments, checkpoints) = (of("segment"), of("checkpoint"));
    assert!(segments.len() >= 2 && checkpoints.len() >= 2);
    // A hash, a whole link, a signature, an instant.
    for attribute in ["hash", "previous"] {
        let before = app.item_by("audit-chain", &named(segments[0])).await;
        app.put("audit-chain", tests::changed(before.clone(), &[(attribute, "another")])).await;
        assert!(!faults(&verified(&app).await).is_empty(), "{attribute}");
        app.put("audit-chain", before).await;
        assert!(faults(&verified(&app).await).is_empty());
    }
    for link in &segments {
        let taken = app.take_by("audit-chain", &named(link)).await;
        assert!(!faults(&verified(&app).await).is_empty(), "{link}");
        app.put("audit-chain", taken).await;
    }
    for checkpoint in &checkpoints {
        let is = checkpoint["signature"].as_str().unwrap();
        let before = app.item("audit-chain", "signature", is).await;
        app.set_number("audit-chain", "signature", is, "kept_since", 4_000_000_000_000).await;
        let found = faults(&verified(&app).await);
        assert!(found.iter().any(|fault| fault.contains("not signed by the key")), "{found:?}");
        app.put("audit-chain", before).await;
    }
    // The end cut off: what was signed is not there, and nothing more is signed.
    let last = segments.iter().max_by_key(|link| link["seq"].as_str()).unwrap();
    app.take_by("audit-chain", &named(last)).await;
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.contains("was signed")), "{found:?}");
    Answer::to(app.request("POST", "/_local/jobs/sign-audit-checkpoint")).await.expect(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_come_twice_or_at_once_do_no_harm() {
    let app = app().await;
    chained(&app).await;
    let table =
        app.stack.template().tables.iter().find(|table| table.logical_id == "AuditEvents").unwrap().name.clone();
    let records = app.stack.aws().stream_records(&table, None, 1_000).await.unwrap();
    let stack = &app.stack;
    for _ in 0..2 {
        stack.invoke("jobs-chain-audit", json!({ "Records": records })).await.unwrap();
    }
    let mut turned = records.clone();
    turned.reverse();
    let batches: Vec<Vec<Value>> = turned.chunks(3).map(<[Value]>::to_vec).collect();
    let batches = &batches;
    let invocations = (0..batches.len())
        .map(|i| async move { stack.invoke("jobs-chain-audit", json!({ "Records": batches[i] })).await.unwrap() });
    for answer in futures_util::future::join_all(invocations).await {
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    sign(&app).await;
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_cannot_be_chained_comes_again() {
    let app = app().await;
    chained(&app).await;
    app.fault(json!({ "service": "dynamodb", "operation": "UpdateItem", "table": "postern-local-audit-chain", "kind": "error" })).await;
    app.log_in("ada@example.com", "wrong").await.expect(401);
    tokio::time::sleep(Duration::from_millis(300)).await;
    app.no_faults();
    app.trail_is_chained().await;
    sign(&app).await;
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new());
}
