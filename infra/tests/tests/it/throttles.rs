//! Throttles by address of the network and by route (LOGIN-3, LOGIN-8), and what counters do when things fail.

use std::sync::Arc;

use serde_json::json;
use tests::{Answer, PASSWORD, TestApp, at_once, retry_after};

use crate::attempts::{ADA, MINUTE, NOBODY, computed, fail};

#[tokio::test(flavor = "multi_thread")]
async fn case_046_headers_that_name_an_address_are_not_believed() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    for i in 0..5 {
        let spoofed = app
            .request_from("192.0.2.7", "POST", "/auth/login")
            .header("x-forwarded-for", format!("198.51.100.{i}"))
            .header("x-real-ip", format!("198.51.100.{i}"))
            .header("true-client-ip", format!("198.51.100.{i}"))
            .header("forwarded", format!("for=198.51.100.{i}"))
            .json(&json!({ "email": format!("p{i}@example.com"), "password": "wrong" }));
        Answer::to(spoofed).await.refused(401, "invalid_credentials");
    }
    app.log_in_from("192.0.2.7", NOBODY, "wrong").await.refused(429, "rate_limited");
    // What is no address is counted with its like, not let through.
    for _ in 0..5 {
        app.log_in_from("a", NOBODY, "wrong").await.refused(401, "invalid_credentials");
    }
    app.log_in_from("b", "other@example.com", "wrong").await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_047_twenty_addresses_of_one_slash_64_are_one_client() {
    let app = TestApp::start().await;
    for host in 0..10 {
        if host == 5 {
            app.advance(MINUTE);
        }
        let answer =
            app.log_in_from(&format!("2001:db8:1:2::{host:x}"), &format!("p{host}@example.com"), "wrong").await;
        answer.refused(401, "invalid_credentials");
    }
    app.advance(MINUTE);
    app.log_in_from("2001:db8:1:2:ffff::14", NOBODY, "wrong").await.refused(429, "rate_limited");
    app.log_in_from("2001:db8:1:3::1", NOBODY, "wrong").await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_048_ten_failures_stop_an_address_for_an_hour_and_no_other() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    app.stack.clock().stop();
    for i in 0..10 {
        app.log_in_from("192.0.2.1", &format!("p{i}@example.com"), "wrong").await.refused(401, "invalid_credentials");
        app.advance(20);
    }
    let stopped = app.log_in_from("192.0.2.1", ADA, PASSWORD).await.refused(429, "rate_limited");
    assert_eq!(retry_after(&stopped), 3600 - 20);
    app.log_in_from("192.0.2.2", ADA, PASSWORD).await.expect(200);
    // Whoever is stopped does not use up the account's own places.
    for _ in 0..8 {
        app.advance(20);
        app.log_in_from("192.0.2.1", ADA, "wrong").await.refused(429, "rate_limited");
    }
    app.log_in_from("192.0.2.3", ADA, PASSWORD).await.expect(200);
    app.advance(3600);
    app.log_in_from("192.0.2.1", ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_057_five_at_once_then_one_in_six_seconds_on_every_limited_route() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    let token = "A".repeat(43);
    let routes = ["/auth/login", "/auth/signup", "/auth/verify-email", "/auth/verify-email/resend", "/auth/unlock"];
    for (i, path) in routes.into_iter().enumerate() {
        let ip = format!("192.0.2.{i}");
        let call = |ip: String, i: usize| {
            let email = format!("p{i}@example.com");
            let body = match path {
                "/auth/login" => json!({ "email": email, "password": "x" }),
                "/auth/signup" => json!({ "email": email, "password": PASSWORD, "name": "N" }),
                "/auth/verify-email/resend" => json!({ "email": email }),
                _ => json!({ "token": token }),
            };
            Answer::to(app.request_from(&ip, "POST", path).json(&body))
        };
        for left in (0..5).rev() {
            let answer = call(ip.clone(), left).await;
            assert_ne!(answer.status, 429, "{path}");
            for prefix in ["", "x-"] {
                assert_eq!(answer.header(&format!("{prefix}ratelimit-limit")), "10", "{path}");
                assert_eq!(answer.header(&format!("{prefix}ratelimit-remaining")), left.to_string(), "{path}");
            }
        }
        let full = call(ip.clone(), 5).await.refused(429, "rate_limited");
        let figures = (retry_after(&full), full.header("ratelimit-reset"), full.header("ratelimit-remaining"));
        assert_eq!(figures, (6, "6", "0"), "{path}");
        app.advance(6);
        let next = call(ip, 6).await;
        assert_ne!(next.status, 429, "{path}");
        assert_eq!(next.header("ratelimit-policy"), "10;w=60;burst=5");
        // Another caller has another share.
        assert_ne!(call("198.51.100.1".to_owned(), 7).await.status, 429, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_057_a_limit_holds_across_twenty_cold_instances() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    let mut allowed = 0;
    for i in 0..20 {
        let instance = Arc::new(app.stack.cold_app());
        let event = json!({
            "version": "2.0", "routeKey": "POST /auth/unlock", "rawPath": "/auth/unlock", "rawQueryString": "",
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "accountId": "1", "apiId": "1", "domainName": "x", "domainPrefix": "x", "requestId": "x", "routeKey": "POST /auth/unlock",
                "stage": "$default", "time": "x", "timeEpoch": 1,
                "http": { "method": "POST", "path": "/auth/unlock", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" }
            },
            "body": json!({ "token": "A".repeat(43) }).to_string(), "isBase64Encoded": false
        });
        let answer = app.stack.invoke_on(instance, "auth-unlock", event).await.unwrap();
        match answer["statusCode"].as_u64() {
            Some(400) => allowed += 1,
            Some(429) => {}
            other => panic!("instance {i}: {other:?} {answer}"),
        }
    }
    assert_eq!(allowed, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_what_fails_on_our_side_counts_against_nobody() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let faults = [
        json!({ "service": "kms", "operation": "Sign", "kind": "error" }),
        json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "error" }),
        json!({ "service": "dynamodb", "table": "logins", "kind": "error" }),
    ];
    for fault in faults {
        for _ in 0..6 {
            app.fault(fault.clone()).await;
            app.log_in(ADA, PASSWORD).await.refused(503, "unavailable");
            app.no_faults();
        }
    }
    fail(&app, ADA, 4).await;
    app.log_in(ADA, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_without_its_counters_nobody_signs_in_and_nothing_is_hashed() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let before = computed(&app);
    for kind in ["error", "throttle"] {
        app.fault(json!({ "service": "dynamodb", "table": "attempts", "kind": kind })).await;
        for password in [PASSWORD, "wrong"] {
            app.log_in(ADA, password).await.refused(503, "unavailable");
        }
        app.no_faults();
    }
    assert_eq!(computed(&app), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_a_lock_is_whole_or_not_at_all() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    fail(&app, ADA, 4).await;
    for item in 0..5 {
        for reason in ["ConditionalCheckFailed", "ThrottlingError"] {
            app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": item, "reason": reason })).await;
            app.log_in(ADA, "wrong").await;
            app.no_faults();
            assert_eq!(app.count("UserAccountLocked").await, 0, "{item} {reason}");
            let orphans =
                app.table("challenges").await.iter().filter(|challenge| challenge["kind"] == "unlock").count();
            assert_eq!(orphans, 0);
            app.advance(15 * MINUTE);
            fail(&app, ADA, 4).await;
        }
    }
    app.outbox_is_empty().await;
    assert!(app.mails(ADA).iter().all(|mail| !mail.contains("/unlock?token=")));
    fail(&app, ADA, 1).await;
    assert_eq!(app.count("UserAccountLocked").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_a_flood_on_a_locked_account_reads_and_does_not_write() {
    let app = Arc::new(TestApp::start().await);
    app.account(ADA).await;
    fail(&app, ADA, 5).await;
    app.log_in(ADA, "wrong").await.refused(423, "account_locked");
    let answers = at_once(200, |_| {
        let app = app.clone();
        async move { app.log_in(ADA, "wrong").await.refused(423, "account_locked") }
    })
    .await;
    let mut reads = 0;
    for answer in &answers {
        for call in app.calls_of(answer).await["calls"].as_array().unwrap() {
            assert_eq!(call["operation"], "GetItem", "{call}");
            reads += 1;
        }
    }
    assert!((1..200).contains(&reads), "one look speaks for all who were waiting: {reads}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_a_lock_that_a_flood_contends_holds_all_the_same() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    fail(&app, ADA, 4).await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "cancel_item", "item": 1, "reason": "TransactionConflict" })).await;
    fail(&app, ADA, 1).await;
    app.no_faults();
    let table = app.table("attempts").await;
    assert_eq!(table.iter().filter(|counter| counter.get("locked_until").is_some()).count(), 1, "{table:?}");
    app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    // And the next one is longer, as if nothing had been in its way.
    app.advance(15 * 60);
    fail(&app, ADA, 5).await;
    let locked = app.log_in(ADA, PASSWORD).await.refused(423, "account_locked");
    assert!(retry_after(&locked) > 15 * 60);
    assert!(app.link(ADA, "unlock").await.len() == 43);
}
