//! The audit trail as administrators see it: pages, filters, copies, and what it says of those who read it (AUDIT-1…4); and
//! what keeps it true (AUDIT-5).

mod attacks;
pub(crate) mod chain;
mod export;
mod retention;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::audit::{Actor, Event, Kind};
use shared::clock::Timestamp;
use shared::context::RequestContext;
use tests::{Answer, Native, PASSWORD, TestApp, at_once, with_query};

const ROOT: &str = "root@example.com";

async fn app() -> TestApp {
    TestApp::with(&[("AdminEmails", ROOT)]).await
}

/// Asks for events.
async fn logs(admin: &Native<'_>, query: &[(&str, String)]) -> Answer {
    get(admin, "/admin/audit-logs", query).await
}

async fn get(admin: &Native<'_>, path: &str, query: &[(&str, String)]) -> Answer {
    Answer::to(admin.app.request("GET", &with_query(path, query)).bearer_auth(&admin.access)).await
}

/// Every event that a query gives, page by page.
async fn walk(admin: &Native<'_>, query: &[(&str, String)], limit: usize) -> Vec<Value> {
    let (mut events, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = query.to_vec();
        query.push(("limit", limit.to_string()));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = logs(admin, &query).await.expect(200).body;
        let found = page["events"].as_array().unwrap().clone();
        assert!(found.len() <= limit);
        events.extend(found);
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return events;
        }
    }
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

/// Writes events as a job would, one a second, the last of them at `end`.
async fn seed(app: &TestApp, count: u64, end: Timestamp, make: impl Fn(u64) -> Event + Copy + Send + Sync + 'static) {
    let shared = app.stack.app();
    let workers = at_once(16, move |worker| {
        let shared = shared.clone();
        async move {
            for i in (0..count).filter(|i| i % 16 == worker as u64) {
                let now = end - Duration::from_secs(count - i);
                let ctx = RequestContext::of_job(now, format!("seeded-{i}"));
                shared.store.record_event(&ctx, make(i)).await.unwrap();
            }
        }
    });
    workers.await;
}

/// A life with something of everything: two people, an administrator, strangers.
async fn life(app: &TestApp) -> Native<'_> {
    app.account("ada@example.com").await;
    app.account("bob@example.com").await;
    for _ in 0..2 {
        app.log_in_from("192.0.2.7", "ada@example.com", "wrong").await.expect(401);
        app.log_in_from("192.0.2.7", "nobody@example.com", "wrong").await.expect(401);
    }
    app.sign_up_again("ada@example.com").await;
    let ada = Native::sign_in(app, "ada@example.com").await;
    ada.logout().await.expect(204);
    let admin = app.native(ROOT).await;
    let unlock = json!({ "email": "ada@example.com", "reason": "asked" });
    let request = app.request("POST", "/admin/unlock-account").bearer_auth(&admin.access).json(&unlock);
    Answer::to(request.header("x-request-id", "the-unlocking")).await.expect(200);
    admin
}

trait Again {
    async fn sign_up_again(&self, email: &str);
}

impl Again for TestApp {
    async fn sign_up_again(&self, email: &str) {
        self.post("/auth/signup", json!({ "email": email, "password": PASSWORD, "name": "X" })).await.expect(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_2_filters_in_every_combination_give_what_a_look_at_every_event_gives() {
    let app = app().await;
    let admin = life(&app).await;
    app.advance(1);
    let middle = app.stack.clock().now().to_string();
    app.advance(60);
    app.log_in_from("192.0.2.7", "ada@example.com", "wrong").await.expect(401);
    app.log_in_from("192.0.2.7", "ada@example.com", PASSWORD).await.expect(200);
    app.advance(1);
    let end = app.stack.clock().now().to_string();

    let users = app.table("users").await;
    let ada = users.iter().find(|user| user["email"] == "ada@example.com").unwrap()["user_id"].as_str().unwrap();
    let all = app.table("audit-events").await;
    let is_adas = |event: &Value| {
        let key = json!(format!("user#{ada}"));
        event["actor"] == key || event["target"] == key || event["actor"] == "email#ada@example.com"
    };
    let choices: [(&str, &str); 7] = [
        ("userId", ada),
        ("email", "Ada@Example.com"),
        ("action", "UserLoginFailed"),
        ("from", &middle),
        ("ip", "192.0.2.7"),
        ("requestId", "the-unlocking"),
        ("outcome", "failure"),
    ];
    let mut found_something = 0;
    for chosen in 0..1_u32 << choices.len() {
        let chosen: Vec<_> =
            choices.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, it)| it).collect();
        let mut query: Vec<(&str, String)> = chosen.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        query.push(("to", end.clone()));
        let is_wanted = |event: &&Value| {
            chosen.iter().all(|(name, value)| match *name {
                "userId" | "email" => is_adas(event),
                "action" => event["kind"] == *value,
                "from" => event["at"].as_str().unwrap() >= *value,
                "requestId" => event["request_id"] == *value,
                other => event[other] == *value,
            })
        };
        let mut wanted: Vec<&Value> = all.iter().filter(is_wanted).collect();
        wanted.sort_by_key(|event| std::cmp::Reverse(event["at"].as_str()));
        let wanted: Vec<&str> = wanted.iter().map(|event| event["id"].as_str().unwrap()).collect();
        let found = walk(&admin, &query, 7).await;
        assert_eq!(ids(&found), wanted, "{query:?}");
        found_something += usize::from(!wanted.is_empty());
    }
    assert!(found_something > 40, "{found_something} of the combinations hold something");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_2_events_about_a_person_are_theirs_too() {
    let app = app().await;
    let admin = life(&app).await;
    let of_ada = walk(&admin, &[("email", "ada@example.com".to_owned())], 50).await;
    let actions: BTreeSet<_> = of_ada.iter().map(|event| event["action"].as_str().unwrap()).collect();
    for action in ["UserCreated", "UserLoginFailed", "SignupRepeated", "UserAccountUnlocked"] {
        assert!(actions.contains(action), "{action} in {actions:?}");
    }
    let unlocked = of_ada.iter().find(|event| event["action"] == "UserAccountUnlocked").unwrap();
    assert_eq!(unlocked["actor"]["userId"], admin.session["userId"]);
    assert_eq!(unlocked["requestId"], "the-unlocking");
    assert!(unlocked["target"].as_str().unwrap().starts_with("user#"));
    let repeated = of_ada.iter().find(|event| event["action"] == "SignupRepeated").unwrap();
    assert_eq!(repeated["actor"], json!({ "email": "ada@example.com" }));
    let strangers = walk(&admin, &[("email", "nobody@example.com".to_owned())], 50).await;
    assert_eq!(strangers.len(), 2, "an address without an account has its failures");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_272_nothing_is_missed_or_told_twice_while_events_are_written() {
    let app = Arc::new(app().await);
    let admin = app.native(ROOT).await;
    let end = app.stack.clock().now();
    seed(&app, 1_000, end, |i| Event::new(Kind::KeyRotated, Actor::System("seed")).with("number", i)).await;
    let before: BTreeSet<String> =
        app.table("audit-events").await.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    let writer = tokio::spawn({
        let app = app.clone();
        async move {
            for _ in 0..150 {
                app.log_in("nobody@example.com", "wrong").await;
            }
        }
    });
    for query in [vec![], vec![("action", "KeyRotated".to_owned())]] {
        let found = walk(&admin, &query, 50).await;
        let told: Vec<&str> = ids(&found);
        let distinct: BTreeSet<&str> = told.iter().copied().collect();
        assert_eq!(distinct.len(), told.len(), "nothing twice");
        let order: Vec<&str> = found.iter().map(|event| event["at"].as_str().unwrap()).collect();
        assert!(order.is_sorted_by(|a, b| a >= b), "newest first");
        if query.is_empty() {
            assert!(before.iter().all(|id| distinct.contains(id.as_str())), "nothing is missed");
        } else {
            assert!(found.len() >= 1_000);
        }
    }
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_4_what_comes_later_is_told_once_and_in_order() {
    let app = app().await;
    let admin = app.native(ROOT).await;
    app.advance(10);
    let first = logs(&admin, &[]).await.expect(200).body;
    let mut cursor = first["newerCursor"].as_str().unwrap().to_owned();
    let mut told = Vec::new();
    for round in 0..6 {
        for i in 0..3 {
            let id = format!("request-{round}-{i}");
            let login = json!({ "email": format!("nobody{round}{i}@example.com"), "password": "wrong" });
            Answer::to(app.request("POST", "/auth/login").header("x-request-id", &id).json(&login)).await;
        }
        app.advance(16);
        loop {
            let page = logs(&admin, &[("cursor", cursor.clone()), ("limit", "2".to_owned())]).await.expect(200).body;
            cursor = page["newerCursor"].as_str().unwrap().to_owned();
            let events = page["events"].as_array().unwrap();
            told.extend(events.iter().map(|event| event["requestId"].as_str().unwrap().to_owned()));
            if events.is_empty() {
                break;
            }
        }
    }
    told.retain(|id| id.starts_with("request-"));
    let expected: Vec<String> = (0..6).flat_map(|round| (0..3).map(move |i| format!("request-{round}-{i}"))).collect();
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_272_what_a_long_run_tells_has_the_time_at_which_it_is_written() {
    let app = app().await;
    app.account("ada@example.com").await;
    for _ in 0..2 {
        Native::sign_in(&app, "ada@example.com").await;
    }
    app.outbox_is_empty().await;
    app.advance(8 * 86_400);
    let before = app.stack.clock().now();
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "table": "postern-local-sessions", "kind": "delay", "delayMs": 1_500, "times": 1 }))
        .await;
    assert_eq!(app.job("expire-sessions", json!({})).await["report"]["expired"], 2);
    let mut times: Vec<Duration> = Vec::new();
    for event in app.table("audit-events").await.iter().filter(|event| event["kind"] == "SessionExpired") {
        times.push(Timestamp::parse(event["at"].as_str().unwrap().split('#').next().unwrap()).unwrap().since(before));
    }
    times.sort();
    assert!(times[1] - times[0] >= Duration::from_secs(1), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_276_who_reads_the_trail_is_told_to_it_once_a_query() {
    let app = app().await;
    let admin = life(&app).await;
    let query = [("email", "ada@example.com".to_owned()), ("outcome", "success".to_owned())];
    walk(&admin, &query, 2).await;
    assert_eq!(app.count("AuditRead").await, 1, "all pages are one reading");
    let events = app.table("audit-events").await;
    let read = events.iter().find(|event| event["kind"] == "AuditRead").unwrap();
    assert_eq!(read["actor"], format!("user#{}", admin.session["userId"].as_str().unwrap()));
    assert_eq!(read["detail"], json!({ "how": "list", "email": "of an account", "outcome": "success" }));
    assert!(read["subject"].as_str().unwrap().starts_with("user#"), "it is about the person");

    get(&admin, "/admin/audit-logs/export", &[("format", "csv".to_owned())]).await.expect(200);
    assert_eq!(app.count("AuditRead").await, 2);
    // A cursor is no way around: neither another administrator's, nor another query's, nor one for a copy.
    let page = logs(&admin, &[("limit", "2".to_owned())]).await.expect(200).body;
    let cursor = page["nextCursor"].as_str().unwrap().to_owned();
    app.set("users", "email", "bob@example.com", "name", "Bob").await;
    for query in [
        vec![("cursor", cursor.clone()), ("outcome", "failure".to_owned())],
        vec![("cursor", format!("{cursor}A"))],
        vec![("cursor", "AAAA".to_owned())],
        vec![("cursor", "☃".to_owned())],
    ] {
        let answer = logs(&admin, &query).await.refused(422, "validation");
        assert_eq!(answer.body["errors"][0]["field"], "cursor", "{query:?}");
    }
    get(&admin, "/admin/audit-logs/export", &[("format", "csv".to_owned()), ("cursor", cursor.clone())])
        .await
        .refused(422, "validation");
    // Nor for ever.
    app.advance(800);
    logs(&admin, &[("cursor", cursor.clone()), ("limit", "1".to_owned())]).await.expect(200);
    assert_eq!(app.count("AuditRead").await, 3);
    app.advance(200);
    let admin = Native::sign_in(&app, ROOT).await;
    logs(&admin, &[("cursor", cursor.clone()), ("limit", "1".to_owned())]).await.expect(200);
    assert_eq!(app.count("AuditRead").await, 4, "told again after a quarter of an hour");
    app.advance(86_400);
    let admin = Native::sign_in(&app, ROOT).await;
    logs(&admin, &[("cursor", cursor)]).await.refused(422, "validation");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_276_nothing_is_told_when_the_trail_cannot_be_told_of_it() {
    let app = app().await;
    let admin = app.native(ROOT).await;
    app.fault(json!({ "service": "dynamodb", "operation": "PutItem", "table": "postern-local-audit-events", "kind": "error" }))
        .await;
    logs(&admin, &[]).await.refused(503, "unavailable");
    get(&admin, "/admin/audit-logs/export", &[("format", "ndjson".to_owned())]).await.refused(503, "unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_285_the_trail_is_for_administrators() {
    let app = app().await;
    let admin = app.native(ROOT).await;
    let ada = app.native("ada@example.com").await;
    for path in ["/admin/audit-logs", "/admin/audit-logs/export?format=csv"] {
        app.get(path).await.refused(401, "unauthenticated");
        get(&ada, path, &[]).await.refused(403, "forbidden");
    }
    let denied = walk(&admin, &[("action", "AccessDenied".to_owned())], 50).await;
    let told: BTreeSet<&str> = denied.iter().map(|event| event["detail"]["what"].as_str().unwrap()).collect();
    assert_eq!(told, BTreeSet::from(["admin-audit-logs", "admin-audit-export"]));
    assert!(denied.iter().all(|event| event["outcome"] == "failure"));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_298_what_is_malformed_is_refused_by_name() {
    let app = app().await;
    let admin = app.native(ROOT).await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=5&limit=6", "limit"),
        ("userId=ada", "userId"),
        ("email=ada", "email"),
        ("action=Nothing", "action"),
        ("action=userLoggedIn", "action"),
        ("from=yesterday", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "to"),
        ("ip=999.1.1.1", "ip"),
        ("outcome=maybe", "outcome"),
        ("useId=1", ""),
        (&format!("requestId={}", "x".repeat(65)), "requestId"),
    ] {
        let answer = get(&admin, &format!("/admin/audit-logs?{query}"), &[]).await.refused(422, "validation");
        assert_eq!(answer.body["errors"][0]["field"], field, "{query}");
    }
    get(&admin, "/admin/audit-logs/export", &[]).await.refused(422, "validation");
    get(&admin, "/admin/audit-logs/export?format=xlsx", &[]).await.refused(422, "validation");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_268_and_case_277_every_event_says_when_where_who_and_what() {
    let app = app().await;
    let admin = life(&app).await;
    let events = walk(&admin, &[], 50).await;
    assert!(events.len() > 20);
    for event in &events {
        let at = event["at"].as_str().unwrap();
        assert_eq!(Timestamp::parse(at).unwrap().to_string(), at);
        for member in ["id", "action", "requestId"] {
            assert!(event[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {event}");
        }
        assert_eq!(event["actor"].as_object().unwrap().len(), 1, "{event}");
        let is_by_a_job = event["actor"].get("system").is_some();
        assert!(is_by_a_job || event["ip"].is_string() && event["userAgent"] == "test", "{event}");
    }
    // The id of the answer is the id of the events, and each action is told once.
    let answer = app.log_in("ada@example.com", "wrong").await.expect(401);
    let id = answer.header("x-request-id").to_owned();
    let found = walk(&admin, &[("requestId", id)], 50).await;
    assert_eq!(found.iter().map(|event| event["action"].as_str().unwrap()).collect::<Vec<_>>(), ["UserLoginFailed"]);
}
