//! Administrators see and end everybody's sessions (SESS-5; SECURITY.md case 285).

use std::collections::BTreeSet;

use reqwest::header::{HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp};

const ROOT: &str = "root@example.com";
const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

async fn start() -> TestApp {
    TestApp::with(&[("AdminEmails", ROOT)]).await
}

/// The sessions of an answer, and where the next page begins.
fn page(answer: &Answer) -> (Vec<Value>, Option<String>) {
    let sessions = answer.body["sessions"].as_array().unwrap().clone();
    (sessions, answer.body["nextCursor"].as_str().map(str::to_owned))
}

async fn found(admin: &Browser<'_>, query: &str) -> Vec<Value> {
    page(&admin.get(&format!("/admin/sessions?{query}")).await.expect(200)).0
}

fn ids(sessions: &[Value]) -> BTreeSet<&str> {
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_5_an_administrator_finds_sessions_by_person_network_and_device() {
    let app = start().await;
    let admin = app.browser(ROOT).await;
    let ada = app.native(ADA).await;
    let eve = app.native(EVE).await;
    let body = json!({ "email": ADA, "password": PASSWORD });
    let firefox = HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0");
    let request = app.request_from("198.51.100.9", "POST", "/auth/login").json(&body);
    Answer::to(request.headers([(USER_AGENT, firefox)].into_iter().collect())).await.expect(200);

    let all = found(&admin, "").await;
    assert_eq!(all.len(), 4);
    let of_eve = all.iter().find(|session| session["id"] == eve.session["id"]).unwrap();
    assert_eq!((&of_eve["email"], &of_eve["userId"]), (&json!(EVE), &eve.session["userId"]));
    assert!(of_eve.get("current").is_none());
    for (query, count) in [
        (format!("email={ADA}"), 2),
        (format!("userId={}", ada.session["userId"].as_str().unwrap()), 2),
        (format!("email={ADA}&userId={}", eve.session["userId"].as_str().unwrap()), 0),
        ("email=nobody@example.com".to_owned(), 0),
        ("ip=198.51.100.200".to_owned(), 1),
        ("device=FIREFOX".to_owned(), 1),
        (format!("email={EVE}&device=firefox"), 0),
        ("userId=&email=".to_owned(), 4),
    ] {
        assert_eq!(found(&admin, &query).await.len(), count, "{query}");
    }
    // The newest of a person comes first, and whatever has ended is not there.
    assert_eq!(found(&admin, &format!("email={ADA}")).await[0]["device"]["name"], "Firefox on Linux");
    ada.logout().await.expect(204);
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&eve.access)).await.expect(204);
    assert_eq!(found(&admin, "").await.len(), 2);
    assert_eq!(found(&admin, &format!("email={EVE}")).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_5_pages_hold_every_session_once() {
    let app = start().await;
    let admin = app.browser(ROOT).await;
    for email in [ADA, EVE] {
        app.account(email).await;
        for _ in 0..4 {
            Native::sign_in(&app, email).await;
        }
    }
    let all = found(&admin, "").await;
    assert_eq!(ids(&all).len(), 9);
    for (filter, wanted) in [("", 9), ("&email=ada@example.com", 4), ("&device=test", 9)] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("/admin/sessions?limit=2{filter}&cursor={cursor}");
            let (sessions, next) = page(&admin.get(&path).await.expect(200));
            assert!(sessions.len() <= 2);
            seen.extend(sessions);
            pages += 1;
            let Some(next) = next else { break };
            cursor = next;
        }
        assert_eq!((seen.len(), ids(&seen).len()), (wanted, wanted), "{filter}");
        assert!(pages <= wanted / 2 + 1, "{pages} pages");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_298_what_no_filter_can_be_is_refused_by_name() {
    let app = start().await;
    let admin = app.browser(ROOT).await;
    app.native(ADA).await;
    let first = admin.get("/admin/sessions?limit=1").await.expect(200).text_of("nextCursor");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=51", "limit"),
        ("limit=1.5", "limit"),
        ("limit=9223372036854775808", "limit"),
        ("limit=1&limit=2", "limit"),
        ("userId=x", "userId"),
        ("email=x", "email"),
        ("ip=203.0.113.0/24", "ip"),
        ("cursor=x", "cursor"),
        (&format!("cursor={first}&userId=019cadd0-5a00-7000-8000-000000000001"), "cursor"),
        (&format!("device={}", "x".repeat(101)), "device"),
    ] {
        let answer = admin.get(&format!("/admin/sessions?{query}")).await.refused(422, "validation");
        assert_eq!(answer.body["errors"][0]["field"], field, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_285_only_administrators_see_and_end_sessions_of_others() {
    let app = start().await;
    let mut admin = app.browser(ROOT).await;
    let mut eve = app.browser(EVE).await;
    let ada = app.native(ADA).await;
    let (user, session) = (ada.session["userId"].as_str().unwrap(), ada.session["id"].as_str().unwrap());
    let path = format!("/admin/sessions/{user}/{session}");

    app.get("/admin/sessions").await.refused(401, "unauthenticated");
    for path in ["/admin/sessions", "/admin/metrics/sessions"] {
        eve.get(path).await.refused(403, "forbidden");
    }
    eve.send("DELETE", &path, &json!({})).await.refused(403, "forbidden");
    assert_eq!(app.count("AccessDenied").await, 3);
    Answer::to(admin.request("DELETE", &path)).await.refused(403, "csrf_invalid");
    ada.verify(&ada.access).await.expect(200);

    let root = admin.get("/auth/verify-token").await.expect(200).text_of("userId");
    for nobodys in [format!("/admin/sessions/{root}/{session}"), "/admin/sessions/x/y".to_owned(), format!("{path}0")] {
        admin.send("DELETE", &nobodys, &json!({})).await.refused(404, "not_found");
    }
    admin.send("DELETE", &path, &json!({})).await.expect(204);
    ada.verify(&ada.access).await.refused(401, "session_revoked");
    admin.send("DELETE", &path, &json!({})).await.refused(404, "not_found");
    let events = app.table("audit-events").await;
    let revoked: Vec<&Value> = events.iter().filter(|event| event["kind"] == "RefreshTokenRevoked").collect();
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0]["actor"], format!("user#{root}"));
    assert_eq!(revoked[0]["target"], format!("session#{session}"));
    assert_eq!((&revoked[0]["detail"]["of"], &revoked[0]["detail"]["by"]), (&json!(user), &json!("administrator")));

    // To look, a sign-in of this morning is good enough; to end a session it is not.
    app.advance(301);
    admin.get("/admin/sessions").await.expect(200);
    admin.send("DELETE", &path, &json!({})).await.refused(401, "step_up_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_5_figures_tell_what_the_last_count_found() {
    let app = start().await;
    app.stack.clock().stop();
    let admin = app.browser(ROOT).await;
    let figures = admin.get("/admin/metrics/sessions").await.expect(200);
    assert_eq!(figures.body, json!({}), "nothing was counted yet");

    let mut ada = app.native(ADA).await;
    let gone = Native::sign_in(&app, ADA).await;
    gone.logout().await.expect(204);
    let everywhere = app.native(EVE).await;
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&everywhere.access)).await.expect(204);
    app.advance(600);
    ada.refresh().await;
    app.job("count-sessions", json!({})).await;
    let figures = admin.get("/admin/metrics/sessions").await.expect(200).body;
    assert_eq!((&figures["live"], &figures["people"], &figures["startedLastDay"]), (&json!(2), &json!(2), &json!(2)));
    assert_eq!(figures["averageDurationSeconds"], 300, "600 s and 0 s");
    assert_eq!(figures["topDevices"], json!([{ "name": "test", "sessions": 2 }]));
    assert_eq!(figures["byType"], json!({ "other": 2 }));

    // The figures stay those of the last count, and say when that was.
    app.advance(60);
    Native::sign_in(&app, ADA).await;
    assert_eq!(admin.get("/admin/metrics/sessions").await.expect(200).body, figures);
    app.job("count-sessions", json!({})).await;
    let later = admin.get("/admin/metrics/sessions").await.expect(200).body;
    assert_eq!(later["live"], 3);
    assert!(later["countedAt"].as_str() > figures["countedAt"].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_5_whose_sessions_they_are_is_known_or_there_is_no_list() {
    let app = start().await;
    let admin = app.browser(ROOT).await;
    app.native(ADA).await;
    app.fault(json!({ "service": "dynamodb", "operation": "BatchGetItem", "kind": "error" })).await;
    admin.get("/admin/sessions").await.refused(503, "unavailable");
    app.no_faults();
    assert_eq!(found(&admin, "").await.len(), 2);
}
