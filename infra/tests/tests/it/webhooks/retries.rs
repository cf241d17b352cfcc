//! What becomes of deliveries that fail, that are told again, and that wait: each reaches its receiver once, or ends.

use serde_json::{Value, json};
use tests::{Browser, TestApp};

use super::{ADMIN, answer, fail_to_log_in, log, retry, signature, start, webhook};

#[tokio::test(flavor = "multi_thread")]
async fn case_261_a_failed_delivery_is_tried_again_with_the_same_id_and_a_new_time() {
    let app = start().await;
    app.stack.clock().stop();
    let mut admin = app.browser(ADMIN).await;
    let (id, secret) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 500, "body": "not now", "times": 2 })).await;
    fail_to_log_in(&app).await;
    assert_eq!(retry(&app).await["delivered"], 0, "not due yet");
    app.advance(61);
    assert_eq!(retry(&app).await["postponed"], 1);
    app.advance(400);
    assert_eq!(retry(&app).await["delivered"], 1);
    let messages = app.received(3).await;
    let header = |i: usize, name: &str| messages[i]["headers"][name].as_str().unwrap().to_owned();
    for i in 0..3 {
        assert_eq!((header(i, "webhook-id"), &messages[i]["body"]), (header(0, "webhook-id"), &messages[0]["body"]));
        assert_eq!(header(i, "webhook-signature"), signature(&secret, &messages[i]));
    }
    assert!(header(0, "webhook-timestamp") < header(1, "webhook-timestamp"));
    assert!(header(1, "webhook-timestamp") < header(2, "webhook-timestamp"));
    let admin = super::admin(&app).await;
    let delivery = &log(&admin, &id).await[0];
    let statuses: Vec<&Value> = delivery["tries"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(
        (statuses, &delivery["tries"][0]["answer"]),
        (vec![&json!(500), &json!(500), &json!(200)], &json!("not now"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_261_a_redirect_is_a_failure_and_is_not_followed() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    for status in [301, 302, 307, 308] {
        answer(&app, json!({ "status": status, "location": app.receiver("elsewhere"), "times": 1 })).await;
        fail_to_log_in(&app).await;
        app.advance(20);
    }
    let messages = app.received(4).await;
    assert!(messages.iter().all(|it| it["to"] == "crm"), "{messages:?}");
    assert_eq!(app.table("deliveries").await.iter().filter(|it| it["state"] == "waiting").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_261_who_is_gone_is_not_called_again() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 410 })).await;
    fail_to_log_in(&app).await;
    assert_eq!(app.count("WebhookDisabled").await, 1);
    fail_to_log_in(&app).await;
    app.advance(86_400);
    retry(&app).await;
    assert_eq!(app.received(1).await.len(), 1);
    let admin = super::admin(&app).await;
    assert!(admin.get("/admin/webhooks").await.body["webhooks"][0]["disabledAt"].is_string());
    let deliveries = log(&admin, &id).await;
    assert_eq!(
        (deliveries.len(), &deliveries[0]["state"], &deliveries[0]["deadReason"]),
        (1, &json!("dead"), &json!("gone"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_261_a_receiver_has_ten_seconds_and_holds_nobody_up() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "delayMs": 60_000, "times": 1 })).await;
    let started = std::time::Instant::now();
    app.log_in("nobody@example.com", "wrong").await.expect(401);
    app.followed().await;
    Browser::sign_in(&app, ADMIN).await;
    assert!(started.elapsed() < std::time::Duration::from_secs(9), "the stream and sign-ins do not wait");
    app.deliveries_rest().await;
    // Not the minute that the receiver takes.
    assert!((8..50).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    let delivery = app.table("deliveries").await.remove(0);
    assert_eq!(delivery["tries"][0]["answer"], "no answer within 10 seconds");
    assert_eq!((&delivery["state"], delivery["tries"][0].get("status")), (&json!("waiting"), None));
}

/// The stream tells of the only delivery again, twice in each of three batches.
async fn tell_again(app: &TestApp, webhook: &str) {
    let delivery = app.table("deliveries").await[0]["delivery"].clone();
    let record = json!({ "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "eventVersion": "1.1",
        "dynamodb": { "Keys": { "destination": { "S": webhook }, "delivery": { "S": delivery } }, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "KEYS_ONLY", "ApproximateCreationDateTime": 1.0 } });
    for _ in 0..3 {
        let batch = json!({ "Records": [record, record] });
        let answer = app.stack.invoke("jobs-send-webhooks", batch).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_267_what_waits_for_its_next_try_waits_whatever_the_stream_tells_again() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 500 })).await;
    fail_to_log_in(&app).await;
    let due = app.table("deliveries").await[0]["due_at"].clone();
    tell_again(&app, &id).await;
    // Hours later, too, when it is the retry job's.
    app.advance(7_200);
    tell_again(&app, &id).await;
    let delivery = app.table("deliveries").await.remove(0);
    assert_eq!((&delivery["attempts"], &delivery["due_at"]), (&json!(1.0), &due));
    assert_eq!(app.received(1).await.len(), 1);
    assert_eq!(retry(&app).await["postponed"], 1);
    assert_eq!(app.table("deliveries").await[0]["attempts"], 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_delivery_that_cannot_be_made_is_in_no_others_way_and_ends() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (broken, _) = webhook(&app, &mut admin, "broken", json!(["UserLoginFailed"])).await;
    let (good, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 500 })).await;
    fail_to_log_in(&app).await;
    answer(&app, json!({})).await;
    app.set("settings", "key", &broken, "secrets", "nothing that could be read").await;
    app.advance(61);
    let report = retry(&app).await;
    assert_eq!((&report["delivered"], &report["failed"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(retry(&app).await["failed"], 0, "it waits");
    let state = || async { app.table("deliveries").await };
    assert!(state().await.iter().any(|it| it["destination"] == good.as_str() && it.get("delivered_at").is_some()));
    app.advance(4 * 86_400);
    assert_eq!(retry(&app).await["dead"], 1);
    let dead = state().await.into_iter().find(|it| it["destination"] == broken.as_str()).unwrap();
    assert_eq!((&dead["dead_reason"], &dead["attempts"]), (&json!("waited too long"), &json!(1.0)), "{dead}");
    assert_eq!(app.count("WebhookUndeliverable").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_267_an_event_that_is_told_twice_is_one_delivery_and_one_that_is_claimed_twice_is_one_message() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    fail_to_log_in(&app).await;
    tell_again(&app, &id).await;
    retry(&app).await;
    assert_eq!((app.received(1).await.len(), app.table("deliveries").await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_261_after_ten_tries_over_three_days_a_delivery_is_dead_and_can_be_asked_for_again() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    let (id, _) = webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 500 })).await;
    fail_to_log_in(&app).await;
    let mut hours = 0;
    while app.count("WebhookUndeliverable").await == 0 {
        app.advance(3600);
        retry(&app).await;
        hours += 1;
        assert!(hours < 100, "it never ends");
    }
    assert!(hours > 60, "{hours} h are not about three days");
    let dead = app.table("deliveries").await.remove(0);
    assert_eq!((&dead["dead_reason"], &dead["attempts"]), (&json!("tried too often"), &json!(10.0)), "{dead}");
    app.followed().await;
    assert_eq!(app.job("spike-detector", json!({})).await["report"]["opened"], json!(["webhooks_undeliverable"]));
    assert_eq!(app.table("deliveries").await.len(), 1, "nobody is told of deaths, or they would never end");

    answer(&app, json!({})).await;
    let mut admin = super::admin(&app).await;
    let delivery = dead["delivery"].as_str().unwrap();
    let again = format!("/admin/webhooks/{id}/deliveries/{delivery}/redeliver");
    assert_eq!(admin.post(&again).await.expect(202).body["status"], "redelivery_requested");
    // It has just failed: its breaker leaves it alone for ten seconds.
    app.advance(11);
    assert_eq!(retry(&app).await["delivered"], 1);
    let messages = app.received(11).await;
    assert!(messages.iter().all(|it| it["headers"]["webhook-id"] == delivery));
    assert_eq!(app.count("WebhookRedelivered").await, 1);
    admin.post(&format!("/admin/webhooks/{id}/deliveries/nothing/redeliver")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn f44_a_receiver_that_is_down_for_three_days_gets_everything_later_and_costs_nobody_anything() {
    let app = start().await;
    let mut admin = app.browser(ADMIN).await;
    webhook(&app, &mut admin, "crm", json!(["UserLoginFailed"])).await;
    answer(&app, json!({ "status": 503 })).await;
    for _ in 0..18 {
        app.advance(4 * 3600);
        for n in 0..2 {
            app.log_in(&format!("nobody{n}@example.com"), "wrong").await.expect(401);
        }
        // The stream goes on: what happens is counted at once.
        app.followed().await;
        app.deliveries_rest().await;
        retry(&app).await;
    }
    let calls = app.received(0).await.len();
    assert!(calls < 80, "{calls} calls to a receiver that is down: it is left alone");
    answer(&app, json!({})).await;
    for _ in 0..60 {
        app.advance(3600);
        retry(&app).await;
    }
    let deliveries = app.table("deliveries").await;
    assert_eq!(deliveries.len(), 36);
    for delivery in &deliveries {
        let is_over = delivery.get("delivered_at").is_some() || delivery["dead_reason"] == "waited too long";
        assert!(is_over, "{delivery}");
    }
    let delivered = deliveries.iter().filter(|it| it.get("delivered_at").is_some()).count();
    assert!(delivered >= 34, "{delivered}");
    assert_eq!(app.count("WebhookUndeliverable").await, 36 - delivered);
}
