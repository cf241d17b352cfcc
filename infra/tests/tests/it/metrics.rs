//! Metrics: right over many instances, for scrapers and administrators only, and in nobody's way (OPS-3, OPS-8, F31).

use std::sync::Arc;

use serde_json::{Value, json};
use tests::{Answer, Browser, TestApp};

async fn page(app: &TestApp) -> String {
    let request = app.request("GET", "/metrics").bearer_auth(app.stack.metrics_token());
    let answer = Answer::to(request).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text
}

/// A sample's value; zero when there is none.
fn value(page: &str, sample: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

/// Lets a minute pass, and a request in which what was gathered is written.
async fn written(app: &TestApp) {
    app.advance(61);
    app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_3_metrics_are_for_the_bearer_of_the_token_and_for_listed_addresses() {
    let app = TestApp::with(&[("MetricsAllowedIps", "192.0.2.0/24")]).await;
    app.get("/metrics").await.refused(403, "forbidden");
    let token = app.stack.metrics_token().to_owned();
    for bad in ["", "x", &token[1..], &format!("{token}x"), &token.to_uppercase()] {
        Answer::to(app.request("GET", "/metrics").bearer_auth(bad)).await.refused(403, "forbidden");
    }
    let basic = app.request("GET", "/metrics").header("authorization", format!("Basic {token}"));
    Answer::to(basic).await.refused(403, "forbidden");
    Answer::to(app.request_from("192.0.2.200", "GET", "/metrics")).await.expect(200);
    Answer::to(app.request_from("192.0.3.1", "GET", "/metrics")).await.refused(403, "forbidden");
    let page = page(&app).await;
    assert!(page.starts_with("# HELP postern_events_total ") && page.ends_with('\n'), "{page}");
    assert!(!app.dump().await.contains(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_3_what_several_instances_saw_is_one_sum() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let instances: Vec<_> = (0..3).map(|_| Arc::new(app.stack.cold_app())).collect();
    app.stack.serve_by(&instances);
    for _ in 0..12 {
        native.verify(&native.access).await.expect(200);
    }
    app.log_in("ada@example.com", "wrong").await.expect(401);
    app.advance(61);
    native.refresh().await;
    // One after the other: readers of streams take turns as well, so nobody knows whose is next.
    for instance in &instances {
        app.stack.serve_by(std::slice::from_ref(instance));
        written(&app).await;
    }
    app.followed().await;
    let page = page(&app).await;
    assert_eq!(value(&page, r#"postern_requests_total{function="auth-verify-token",code="ok"}"#), 12);
    assert_eq!(value(&page, r#"postern_request_duration_seconds_count{function="auth-verify-token"}"#), 12);
    assert_eq!(value(&page, r#"postern_request_duration_seconds_bucket{function="auth-verify-token",le="+Inf"}"#), 12);
    assert_eq!(value(&page, r#"postern_logins_total{outcome="success",reason="pwd"}"#), 1);
    assert_eq!(value(&page, r#"postern_logins_total{outcome="failure",reason="invalid_credentials"}"#), 1);
    assert_eq!(value(&page, r#"postern_refreshes_total{outcome="rotated"}"#), 1);
    // Another instance gives the same page.
    app.stack.serve_by(&instances[..1]);
    assert_eq!(page, self::page(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_3_refreshes_and_csrf_checks_are_told_apart() {
    let app = TestApp::start().await;
    let mut browser = app.browser("ada@example.com").await;
    browser.post("/auth/refresh").await.expect(200);
    browser.post_with("/auth/refresh", "wrong").await.refused(403, "csrf_invalid");
    let native = tests::Native::sign_in(&app, "ada@example.com").await;
    native.logout().await.expect(204);
    native.present(&native.refresh).await.refused(401, "session_revoked");
    written(&app).await;
    app.followed().await;
    let page = page(&app).await;
    for (sample, expected) in [
        (r#"postern_csrf_checks_total{outcome="valid"}"#, 1),
        (r#"postern_csrf_checks_total{outcome="invalid"}"#, 1),
        (r#"postern_refreshes_total{outcome="kept"}"#, 1),
        (r#"postern_refreshes_total{outcome="revoked"}"#, 1),
        (r#"postern_requests_total{function="auth-refresh",code="csrf_invalid"}"#, 1),
        (r#"postern_requests_total{function="auth-logout",code="ok"}"#, 1),
    ] {
        assert_eq!(value(&page, sample), expected, "{sample} in\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_a_table_of_counters_that_fails_is_in_nobodys_way_and_the_drops_are_counted() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    native.verify(&native.access).await.expect(200);
    for kind in ["error", "throttle"] {
        app.fault(json!({ "service": "dynamodb", "table": "postern-local-metrics", "kind": kind })).await;
        app.advance(61);
        native.verify(&native.access).await.expect(200);
        assert_eq!(native.refresh().await.body["rotated"], true);
        app.no_faults();
    }
    // Who waited for it would be told after 4.5 seconds to come again.
    app.fault(json!({ "service": "dynamodb", "table": "postern-local-metrics", "kind": "delay", "delayMs": 60_000 }))
        .await;
    app.advance(61);
    native.verify(&native.access).await.expect(200);
    app.no_faults();
    app.log_in("ada@example.com", "wrong").await.expect(401);
    assert_eq!(app.count("UserLoginFailed").await, 1);
    written(&app).await;
    let page = page(&app).await;
    assert!(value(&page, "postern_metrics_dropped_total") >= 6, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn design_8_writing_the_metrics_costs_a_request_no_round_trip() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    native.verify(&native.access).await.expect(200);
    app.advance(50);
    // The ring is read anew before the metrics are due.
    app.advance(12);
    let verify = native.verify(&native.access).await.expect(200);
    let traced = app.calls_of(&verify).await;
    let mut calls: Vec<&str> =
        traced["calls"].as_array().unwrap().iter().map(|it| it["operation"].as_str().unwrap()).collect();
    calls.sort_unstable();
    assert_eq!(traced["roundTrips"], 1, "{traced}");
    assert_eq!(calls, ["GetItem", "GetItem", "Query", "TransactWriteItems"]);
    let verify = native.verify(&native.access).await.expect(200);
    assert_eq!(app.calls_of(&verify).await["calls"].as_array().unwrap().len(), 2, "once a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_8_administrators_see_failures_by_hour_networks_and_lockouts() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    app.at_noon();
    app.account("ada@example.com").await;
    for n in 0..7 {
        app.log_in_from(if n < 5 { "192.0.2.7" } else { "2001:db8::1" }, "ada@example.com", "wrong").await;
    }
    app.advance(3600);
    app.log_in_from("192.0.2.8", "nobody@example.com", "wrong").await.expect(401);
    app.followed().await;
    let admin = app.browser("root@example.com").await;
    app.followed().await;
    let figures = admin.get("/admin/metrics/logins").await.expect(200).body;
    let failures = app.count("UserLoginFailed").await;
    assert_eq!(
        (figures["failures"].as_u64(), figures["lockouts"].as_u64()),
        (Some(failures as u64), Some(1)),
        "{figures}"
    );
    assert_eq!(figures["successes"], 1);
    let hours = figures["byHour"].as_array().unwrap();
    assert_eq!(hours.len(), 24);
    let of_hours: Vec<u64> = hours[22..].iter().map(|hour| hour["failures"].as_u64().unwrap()).collect();
    assert_eq!(of_hours, [failures as u64 - 1, 1], "{figures}");
    assert_eq!(figures["networks"][0], json!({ "name": "192.0.2.7", "count": 5 }), "{figures}");
    assert_eq!(figures["reasons"][0]["name"], "invalid_credentials");
    let rate = figures["lockoutRate"].as_f64().unwrap();
    assert!((rate - 1.0 / failures as f64).abs() < 1e-9, "{rate}");
    Browser::sign_in(&app, "ada@example.com").await;
    let user: Value =
        app.browser("cyd@example.com").await.get("/admin/metrics/logins").await.refused(403, "forbidden").body;
    assert_eq!(user["code"], "forbidden");
}
