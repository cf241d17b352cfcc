//! The compliance report (AUDIT-5) and the security checklist (OPS-9), by route and by mail.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp};

const ROOT: &str = "root@example.com";
const ADA: &str = "ada@example.com";
const DAY: u64 = 86_400;

const COMPLIANCE: &str = "/admin/reports/compliance";
const SECURITY: &str = "/admin/reports/security";

/// The lines of the checklist, by name.
fn item<'l>(list: &'l Value, check: &str) -> &'l Value {
    list["items"].as_array().unwrap().iter().find(|item| item["check"] == check).unwrap()
}

/// State and count of a line.
fn seen(list: &Value, check: &str) -> (String, Option<u64>) {
    let item = item(list, check);
    (item["state"].as_str().unwrap().to_owned(), item["count"].as_u64())
}

/// Signs in where CloudFront says that the caller is there.
async fn sign_in_from(app: &TestApp, country: &str) -> String {
    let body = json!({ "email": ADA, "password": PASSWORD, "tokenDelivery": "body" });
    let request = app.request("POST", "/auth/login").header("cloudfront-viewer-country", country);
    Answer::to(request.json(&body)).await.expect(200).body["session"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_an_auditor_sees_what_is_kept_signed_read_and_erased() {
    let app = TestApp::with(&[("AdminEmails", ROOT)]).await;
    app.at_noon();
    let born = app.stack.clock().now();
    let ada = app.native(ADA).await;
    app.log_in(ADA, "wrong").await.expect(401);
    app.advance(DAY);
    let mut admin = app.browser(ROOT).await;
    app.job("daily-report", json!({})).await;
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    let due = json!({ "source": "aws.scheduler", "time": app.stack.clock().now().to_string() });
    app.stack.invoke("jobs-rotate-keys", due).await.unwrap_or_else(|failed| panic!("{failed}"));
    admin.get("/admin/audit-logs/export?format=csv").await.expect(200);
    let erased = format!("/admin/users/{}/erase-audit", ada.session["userId"].as_str().unwrap());
    admin.send("POST", &erased, &json!({ "reason": "asked by letter" })).await.expect(200);

    app.followed().await;
    let report = admin.get(COMPLIANCE).await.expect(200).body;
    assert_eq!((&report["retention"]["days"], &report["retention"]["isKeptTo"]), (&json!(90), &json!(true)));
    let chain = &report["chain"];
    assert_eq!(
        (&chain["state"], chain["signatureAgeSeconds"].as_u64().is_some_and(|age| age < 60)),
        (&json!("signed"), true),
        "{chain}"
    );
    let yesterday = &report["events"]["days"][0];
    assert_eq!(yesterday["day"], born.to_string()[..10]);
    assert_eq!((&yesterday["byKind"]["UserLoginFailed"], &yesterday["byKind"]["UserCreated"]), (&json!(1), &json!(1)));
    assert_eq!(report["events"]["total"], yesterday["byKind"]);
    assert_eq!((&report["events"]["today"]["AuditErased"], &report["events"]["missing"]), (&json!(1), &json!([])));

    let told = |action: &str, n: usize| {
        let kind = report["trail"].as_array().unwrap().iter().find(|told| told["action"] == action).unwrap();
        kind["newest"][n].clone()
    };
    assert_eq!(told("AuditErased", 0)["detail"]["why"], "asked by letter");
    assert_eq!(told("AuditRead", 0)["detail"]["how"], "compliance report", "who asks is told first");
    assert_eq!(told("AuditRead", 1)["detail"]["how"], "export as CSV");
    assert_eq!(told("AuditPurged", 0), Value::Null);

    let keys = report["keys"].as_array().unwrap();
    let current = keys.iter().find(|key| key["state"] == "current" && key["key"] != "secrets").unwrap();
    assert_eq!((current["ageDays"].as_u64() <= Some(2), &current["isOverdue"]), (true, &json!(false)));
    assert!(
        keys.iter().any(|key| key["key"] == "secrets") && current["due"].as_str().unwrap() > born.to_string().as_str()
    );
    let state = |list: &str, name: &str, of: &str| {
        report[list].as_array().unwrap().iter().find(|it| it[name] == of).unwrap()["state"].clone()
    };
    assert_eq!(
        (state("checks", "check", "jwks"), state("checks", "check", "backups")),
        (json!("well"), json!("not_required"))
    );
    assert_eq!(state("jobs", "job", "jobs-rotate-keys"), "on_time");
    assert_eq!(state("jobs", "job", "jobs-purge-audit"), "never_done");
    assert_eq!(report["jobs"].as_array().unwrap().len(), handlers::JOBS.len());

    app.advance(2 * DAY);
    let mut admin = Browser::sign_in(&app, ROOT).await;
    let off = json!({ "enabled": false, "reason": "=maintenance" });
    admin.send("PUT", "/admin/jobs/jobs-purge-audit", &off).await.expect(200);
    let report = admin.get(COMPLIANCE).await.expect(200).body;
    assert_eq!(report["chain"]["state"], "stale");
    assert_eq!(report["events"]["missing"].as_array().unwrap().len(), 2, "two days that nobody reported");
    let jobs = report["jobs"].as_array().unwrap();
    let rotation = jobs.iter().find(|job| job["job"] == "jobs-rotate-keys").unwrap();
    assert_eq!(rotation["state"], "overdue");
    let csv = admin.get(&format!("{COMPLIANCE}?days=1&format=csv")).await.expect(200);
    assert!(csv.header("content-type").starts_with("text/csv"));
    let line = csv.text.lines().find(|line| line.contains("jobs-purge-audit")).unwrap();
    assert_eq!(line, "\"jobs\",\"\",\"jobs-purge-audit\",\"switched_off\",\"'=maintenance\"", "no cell is a formula");
    assert!(
        csv.text.starts_with("section,at,what,value,detail\r\n")
            && csv.text.contains("\"chain\",\"\",\"state\",\"stale\"")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_5_a_chain_that_was_cut_is_told() {
    let app = TestApp::with(&[("AdminEmails", ROOT)]).await;
    let admin = app.browser(ROOT).await;
    let state = async || admin.get(COMPLIANCE).await.expect(200).body["chain"]["state"].clone();
    assert_eq!(admin.get(COMPLIANCE).await.expect(200).body["chain"].get("signedAt"), None);
    app.trail_is_chained().await;
    assert_eq!(state().await, "unsigned");
    app.trail_is_chained().await;
    app.job("sign-audit-checkpoint", json!({})).await;
    assert_eq!(state().await, "signed");
    let signed = admin.get(COMPLIANCE).await.expect(200).body["chain"]["signedLinks"].as_u64().unwrap();
    app.take("audit-chain", "seq", &format!("{signed:012}")).await;
    assert_eq!(state().await, "broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_9_the_checklist_tells_what_is_known_and_what_is_not() {
    let app = TestApp::with(&[("AdminEmails", ROOT), ("Edge", "cloudfront")]).await;
    app.account("bob@example.com").await;
    app.sign_up("cyd@example.com").await;
    let admin = app.browser(ROOT).await;
    let list = admin.get(SECURITY).await.expect(200).body;
    for check in ["unconfirmed_addresses", "unusual_places", "no_second_factor"] {
        let item = item(&list, check);
        assert_eq!((&item["state"], item.get("count")), (&json!("not_available"), None), "no made-up zero: {item}");
        assert!(item["why"].as_str().unwrap().len() > 10);
    }
    assert_eq!(seen(&list, "locked_accounts"), ("clear".to_owned(), Some(0)));

    let long_ago = app.stack.clock().now() - Duration::from_secs(8 * DAY);
    app.set_number("users", "email", "cyd@example.com", "created_at", long_ago.millis()).await;
    app.account(ADA).await;
    sign_in_from(&app, "DE").await;
    sign_in_from(&app, "DE").await;
    let abroad = sign_in_from(&app, "NG").await;
    let admin = Browser::sign_in(&app, ROOT).await;
    let mut mallory = Native::sign_in(&app, ADA).await;
    let old = mallory.refresh.clone();
    app.advance(61);
    mallory.refresh().await;
    app.advance(61);
    mallory.present(&old).await.expect(401);
    app.job("count-sessions", json!({})).await;
    for (who, tries) in [("bob@example.com", 5), (ADA, 5), ("nobody@example.com", 5)] {
        for _ in 0..tries {
            app.log_in(who, "wrong").await.expect(401);
        }
    }
    let token = app.link(ADA, "unlock").await;
    app.post("/auth/unlock", json!({ "token": token })).await.expect(200);
    app.job("daily-report", json!({})).await;
    app.followed().await;
    let list = admin.get(SECURITY).await.expect(200).body;
    let look = |count| ("look".to_owned(), Some(count));
    assert_eq!(seen(&list, "locked_accounts"), look(1), "Ada's is open again, and nobody has none");
    assert_eq!(seen(&list, "unconfirmed_addresses"), look(1));
    assert_eq!(seen(&list, "unusual_places"), look(1));
    let found = &item(&list, "unusual_places")["found"][0];
    assert_eq!((&found["sessionId"], &found["what"]), (&json!(abroad), &json!("in NG, others in DE")));
    assert_eq!(seen(&list, "refresh_replays"), look(1));
    assert_eq!(seen(&list, "no_second_factor"), ("not_available".to_owned(), None));

    app.outbox_is_empty().await;
    let mail = app.mail_about(ROOT, "day in figures").await;
    let has =
        |label: &str, value: &str| mail.lines().any(|line| line.starts_with(label) && line.trim_end().ends_with(value));
    assert!(has("Accounts locked now", " 1") && has("Accounts without second factor", " not available"), "{mail}");
    assert!(has("Addresses unconfirmed a week", " 1") && has("Sessions in unusual countries", " 1"), "{mail}");

    let csv = admin.get(&format!("{SECURITY}?format=csv")).await.expect(200).text;
    assert!(
        csv.contains("\"Accounts without second factor\",\"not available\",\"there are no second factors yet\""),
        "{csv}"
    );
    assert!(csv.contains(&abroad));
    app.advance(16 * 60);
    let admin = Browser::sign_in(&app, ROOT).await;
    let list = admin.get(SECURITY).await.expect(200).body;
    assert_eq!(seen(&list, "locked_accounts"), ("clear".to_owned(), Some(0)), "locks end by themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_9_open_alerts_and_failing_checks_are_on_the_list() {
    let app = TestApp::with(&[("AdminEmails", ROOT), ("PublicUrl", "http://localhost:1")]).await;
    for n in 0..51 {
        app.log_in(&format!("nobody{n}@example.com"), "wrong").await.expect(401);
    }
    app.followed().await;
    app.job("spike-detector", json!({})).await;
    app.job("monitor-jwks", json!({})).await;
    let admin = app.native(ROOT).await;
    let list = Answer::to(app.request("GET", SECURITY).bearer_auth(&admin.access)).await.expect(200).body;
    assert_eq!(item(&list, "open_alerts")["found"][0]["what"], "login_failures");
    assert!(item(&list, "failing_checks")["found"][0]["what"].as_str().unwrap().starts_with("jwks: "), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_276_and_285_only_administrators_read_reports_and_the_trail_is_told() {
    let app = TestApp::with(&[("AdminEmails", ROOT)]).await;
    let admin = app.browser(ROOT).await;
    let eve = app.browser("eve@example.com").await;
    for path in [COMPLIANCE, SECURITY] {
        app.get(path).await.refused(401, "unauthenticated");
        eve.get(path).await.refused(403, "forbidden");
    }
    assert_eq!((app.count("AccessDenied").await, app.count("AuditRead").await), (2, 0));
    for (query, field) in
        [("days=0", "days"), ("days=91", "days"), ("days=x", "days"), ("format=xml", "format"), ("day=1", "")]
    {
        let answer = admin.get(&format!("{COMPLIANCE}?{query}")).await.refused(422, "validation");
        assert_eq!(answer.body["errors"][0]["field"], field, "{query}");
    }
    admin.get(&format!("{SECURITY}?days=3")).await.refused(422, "validation");
    admin.get(COMPLIANCE).await.expect(200);
    admin.get(SECURITY).await.expect(200);
    assert_eq!(app.count("AuditRead").await, 2);

    // Whoever reads must be told of: if the trail cannot be written, nothing is shown.
    app.fault(json!({ "service": "dynamodb", "operation": "PutItem", "kind": "error" })).await;
    admin.get(COMPLIANCE).await.refused(503, "unavailable");
    admin.get(SECURITY).await.refused(503, "unavailable");
    app.no_faults();
}

#[tokio::test(flavor = "multi_thread")]
async fn case_285_an_administrator_who_signed_in_too_long_ago_is_refused_and_the_trail_is_told() {
    let app = TestApp::with(&[("AdminEmails", ROOT)]).await;
    app.account(ADA).await;
    let mut admin = app.browser(ROOT).await;
    app.advance(301);
    let unlock = json!({ "email": ADA, "reason": "asked" });
    admin.send("POST", "/admin/unlock-account", &unlock).await.refused(401, "step_up_required");
    let events = admin.get("/admin/audit-logs?action=AccessDenied").await.expect(200).body["events"].take();
    assert_eq!(events.as_array().unwrap().len(), 1);
    assert_eq!(events[0]["detail"], json!({ "reason": "step-up required", "what": "admin-unlock-account" }));
    app.fault(json!({ "service": "dynamodb", "operation": "PutItem", "kind": "error" })).await;
    admin.send("POST", "/admin/unlock-account", &unlock).await.refused(503, "unavailable");
    app.no_faults();
    let mut admin = Browser::sign_in(&app, ROOT).await;
    admin.send("POST", "/admin/unlock-account", &unlock).await.expect(200);
}
