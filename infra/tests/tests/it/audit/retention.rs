//! What leaves the trail: by age, or with a person who asked for it. Neither looks like tampering (AUDIT-5).

use std::time::Duration;

use serde_json::{Value, json};
use shared::audit::{Actor, Event, Kind};
use shared::context::RequestContext;
use tests::{Answer, Native, at_once};

use super::ROOT;
use super::chain::{app, chained, faults, sign, signed_for, verified};

const DAY: u64 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_what_is_too_old_is_neither_shown_nor_kept_and_nothing_else_goes() {
    let app = app().await;
    chained(&app).await;
    let old = app.table("audit-events").await.len();
    signed_for(&app, 29 * DAY).await;
    let mut admin = app.native(ROOT).await;
    app.trail_is_chained().await;
    sign(&app).await;
    let purged = app.job("purge-audit", json!({})).await;
    assert_eq!(purged["report"]["events"], 0, "{purged}");
    signed_for(&app, DAY - 3_000).await;
    app.advance(6_000);
    admin = Native::sign_in(admin.app, ROOT).await;
    // Not shown, though nobody has purged it.
    let path = "/admin/audit-logs?email=ada@example.com";
    let shown = Answer::to(app.request("GET", path).bearer_auth(&admin.access)).await.expect(200).body;
    assert_eq!(shown["events"], json!([]));
    assert!(app.table("audit-events").await.len() > old);
    // Nothing goes that no signature says may go.
    let purged = app.job("purge-audit", json!({})).await;
    assert_eq!(purged["report"]["events"], 0, "{purged}");
    app.trail_is_chained().await;
    sign(&app).await;
    let runs = at_once(3, |_| Answer::to(app.request("POST", "/_local/jobs/purge-audit"))).await;
    let events: u64 = runs.iter().filter_map(|run| run.body["report"]["events"].as_u64()).sum();
    assert_eq!(usize::try_from(events).unwrap(), old);
    assert_eq!(app.count("AuditPurged").await, 1);
    app.trail_is_chained().await;
    sign(&app).await;
    let found = verified(&app).await;
    assert_eq!((faults(&found), found.purged), (Vec::new(), old));
    // The chain does not grow for ever, either.
    signed_for(&app, 3 * DAY).await;
    let purged = app.job("purge-audit", json!({})).await;
    assert!(purged["report"]["segments"].as_u64().unwrap() > 0, "{purged}");
    app.trail_is_chained().await;
    let found = verified(&app).await;
    assert_eq!(faults(&found), Vec::<String>::new());
    // And what is too young cannot be passed off as purged.
    let event = &app.table("audit-events").await[0];
    app.take("audit-events", "id", event["id"].as_str().unwrap()).await;
    assert_eq!(verified(&app).await.faults.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_no_event_ends_by_ttl_before_the_longest_retention_that_can_be_set() {
    let app = app().await;
    chained(&app).await;
    let now = app.stack.clock().now().seconds();
    for event in app.table("audit-events").await {
        assert!(event["ttl"].as_f64().unwrap() > (now + 3_650 * 86_400) as f64, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f48_a_purge_under_a_reader_neither_breaks_nor_repeats_anything() {
    let app = app().await;
    chained(&app).await;
    let admin = app.native(ROOT).await;
    let instance = app.stack.app();
    let now = app.stack.clock().now();
    for i in 0..240 {
        // Older than all that is kept, and younger, in turns.
        let days = if i % 2 == 0 { 91 } else { 1 };
        let ctx = RequestContext::of_job(now - Duration::from_secs(days * DAY + i), format!("seeded-{i}"));
        let event = Event::new(Kind::KeyRotated, Actor::System("seed"));
        instance.store.record_event(&ctx, event).await.unwrap();
    }
    let (mut told, mut cursor) = (Vec::new(), String::new());
    for page in 0.. {
        let path = format!("/admin/audit-logs?action=KeyRotated&limit=20{cursor}");
        let answer = Answer::to(app.request("GET", &path).bearer_auth(&admin.access)).await.expect(200).body;
        let events = answer["events"].as_array().unwrap();
        told.extend(events.iter().map(|event| event["requestId"].as_str().unwrap().to_owned()));
        let Some(next) = answer["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        if page == 1 {
            sign(&app).await;
            assert_eq!(app.job("purge-audit", json!({})).await["report"]["events"], 120);
        }
    }
    told.retain(|id| id.starts_with("seeded-"));
    let expected: Vec<String> = (0..240).filter(|i| i % 2 == 1).map(|i| format!("seeded-{i}")).collect();
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_purge_that_stops_half_way_is_finished_by_the_next() {
    let app = app().await;
    chained(&app).await;
    let old = app.table("audit-events").await.len();
    signed_for(&app, 31 * DAY).await;
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.trail_is_chained().await;
    sign(&app).await;
    app.fault(json!({ "service": "dynamodb", "operation": "DeleteItem", "kind": "error", "skip": 3 })).await;
    app.post("/_local/jobs/purge-audit", json!({})).await.expect(503);
    app.no_faults();
    let left = app.table("audit-events").await.len();
    assert!(left < old + 1 && left > 1, "{left} of {old}");
    assert_eq!(faults(&verified(&app).await), Vec::<String>::new(), "half a purge is no tampering");
    app.job("purge-audit", json!({})).await;
    assert_eq!(app.count("UserCreated").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_a_person_can_be_erased_and_that_remains() {
    let app = app().await;
    let ada = chained(&app).await;
    let id = ada.session["userId"].as_str().unwrap().to_owned();
    let mut browser = app.browser(ROOT).await;
    let order = json!({ "url": app.receiver("crm"), "events": ["UserAccountUnlocked"] });
    browser.send("POST", "/admin/webhooks", &order).await.expect(201);
    let admin = Native::sign_in(&app, ROOT).await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": tests::PASSWORD, "name": "X" }))
        .await
        .expect(202);
    let post =
        |path: String, body: Value| Answer::to(app.request("POST", &path).bearer_auth(&admin.access).json(&body));
    let unlock = json!({ "email": "ada@example.com", "reason": "ada asked on the telephone" });
    post("/admin/unlock-account".to_owned(), unlock).await.expect(200);
    // What is written again long after its time is not taken for something that was added.
    signed_for(&app, 2 * 3600).await;
    let admin = Native::sign_in(&app, ROOT).await;
    let post =
        |path: String, body: Value| Answer::to(app.request("POST", &path).bearer_auth(&admin.access).json(&body));
    // Asked for with somebody else, and in an address that somebody else called.
    let bob = app.native("bob@example.com").await;
    let both = format!("/admin/audit-logs?userId={id}&email=bob@example.com");
    Answer::to(app.request("GET", &both).bearer_auth(&admin.access)).await.expect(200);
    let path = format!("/admin/users/{id}/erase-audit");
    Answer::to(app.request("POST", &path).bearer_auth(&bob.access).json(&json!({ "reason": "mischief" })))
        .await
        .expect(403);
    app.trail_is_chained().await;
    sign(&app).await;
    app.followed().await;
    let before = app.table("audit-events").await.len();
    let counted = || async { app.stack.app().store.totals().await.unwrap().events.sum(&["UserAccountUnlocked"]) };
    assert_eq!((counted().await, app.table("deliveries").await.len()), (1, 1));

    let answer = post(path.clone(), json!({ "reason": "asked for it" })).await.expect(200).body;
    assert_eq!((&answer["status"], &answer["rewritten"]), (&json!("erased"), &json!(2)), "{answer}");
    assert!(answer["removed"].as_u64().unwrap() >= 8, "{answer}");
    let left = app.table("audit-events").await;
    assert_eq!(left.len(), before - usize::try_from(answer["removed"].as_u64().unwrap()).unwrap() + 1);
    let erased = left.iter().find(|event| event["kind"] == "AuditErased").unwrap();
    assert_eq!((&erased["detail"]["why"], &erased["target"]), (&json!("asked for it"), &json!(format!("user#{id}"))));
    let unlocked = left.iter().find(|event| event["kind"] == "UserAccountUnlocked").unwrap();
    assert_eq!((&unlocked["target"], unlocked.get("detail")), (&json!("user#erased"), None), "{unlocked}");
    for event in left.iter().filter(|event| event["kind"] != "AuditErased") {
        let text = event.to_string();
        assert!(!text.contains(&id) && !text.contains("ada@example.com"), "{text}");
    }
    app.trail_is_chained().await;
    sign(&app).await;
    signed_for(&app, 2 * 3600).await;
    let found = verified(&app).await;
    assert_eq!(faults(&found), Vec::<String>::new());
    assert!(found.erased >= 9, "{found:?}");
    assert!(!format!("{:?}", app.table("audit-chain").await).contains(&id), "the chain knows nobody");
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.followed().await;
    assert_eq!((counted().await, app.table("deliveries").await.len()), (1, 1), "what was told is not told again");

    // Again: nothing more. And a forged claim is found.
    let admin = Native::sign_in(&app, ROOT).await;
    let again = Answer::to(app.request("POST", &path).bearer_auth(&admin.access).json(&json!({ "reason": "again" })));
    assert_eq!(again.await.expect(200).body, json!({ "status": "erased", "removed": 0, "rewritten": 0 }));
    app.trail_is_chained().await;
    let victim = app.table("audit-events").await;
    let victim =
        victim.iter().find(|event| event["kind"] == "UserLoggedIn").unwrap()["id"].as_str().unwrap().to_owned();
    app.take("audit-events", "id", &victim).await;
    let forged = app.item("audit-events", "kind", "AuditErased").await;
    let at = format!("{}#{}", app.stack.clock().now(), "01a1fc34-ef94-7ec0-8000-000000000000");
    app.put("audit-events", tests::changed(forged, &[("at", &at), ("detail.events", &victim)])).await;
    app.trail_is_chained().await;
    let found = faults(&verified(&app).await);
    assert!(found.iter().any(|fault| fault.starts_with(&format!("{victim} was removed"))), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("claims to be an erasure")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_erasing_is_for_administrators_who_are_there_and_never_of_one() {
    let app = app().await;
    let ada = app.native("ada@example.com").await;
    let admin = app.native(ROOT).await;
    let erase = |who: &str, access: &str, body: Value| {
        let request = app.request("POST", &format!("/admin/users/{who}/erase-audit")).bearer_auth(access);
        Answer::to(request.json(&body))
    };
    let (id, root) = (ada.session["userId"].as_str().unwrap(), admin.session["userId"].as_str().unwrap());
    let why = json!({ "reason": "asked for it" });
    erase(id, &ada.access, why.clone()).await.refused(403, "forbidden");
    erase(root, &admin.access, why.clone()).await.refused(422, "validation");
    erase("nobody", &admin.access, why.clone()).await.refused(404, "not_found");
    for reason in ["", "  ", "a\nb", &"x".repeat(201)] {
        erase(id, &admin.access, json!({ "reason": reason })).await.refused(422, "validation");
    }
    app.advance(301);
    erase(id, &admin.access, why).await.refused(401, "step_up_required");
    assert_eq!(app.count("AuditErased").await, 0);
}
