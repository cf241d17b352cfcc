//! Mail: sent once, after the commit, through outages (F12…F14, F17).

use serde_json::{Value, json};
use tests::{Browser, TestApp};

/// Waits until the stream's try has failed, and the message waits for its next one.
async fn first_try_is_over(app: &TestApp) {
    app.mails_rest().await;
    assert_eq!(messages(app).await[0]["attempts"], 1.0);
}

async fn messages(app: &TestApp) -> Vec<Value> {
    app.table("outbox").await
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_mail_that_ses_does_not_take_is_tried_again_until_it_does() {
    let app = TestApp::start().await;
    for kind in ["throttle", "error"] {
        app.fault(json!({ "service": "ses", "kind": kind })).await;
        let email = format!("{kind}@example.com");
        let body = json!({ "email": email, "password": tests::PASSWORD, "name": "Ada" });
        app.post("/auth/signup", body).await.expect(202);
        // The stream's try, and then the retry job's, each later than the one before.
        for _ in 0..3 {
            app.advance(3600);
            app.job("retry-mail", json!({})).await;
        }
        assert!(app.mails(&email).is_empty());
        app.no_faults();
        app.advance(3600);
        app.job("retry-mail", json!({})).await;
        app.mail(&email, 1).await;
        app.outbox_is_empty().await;
        assert_eq!(app.mails(&email).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_nothing_is_sent_after_its_link_has_expired() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": tests::PASSWORD, "name": "Ada" }))
        .await
        .expect(202);
    first_try_is_over(&app).await;
    app.advance(25 * 3600);
    app.no_faults();
    app.job("retry-mail", json!({})).await;
    assert!(app.mails("ada@example.com").is_empty());
    let message = &messages(&app).await[0];
    assert_eq!((message["dead_reason"].as_str(), message.get("sealed")), (Some("expired"), None));
    assert_eq!(app.count("MailUndeliverable").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_mail_that_fails_too_often_is_dead_and_told() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "ses", "kind": "throttle" })).await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": tests::PASSWORD, "name": "Ada" }))
        .await
        .expect(202);
    for _ in 0..40 {
        app.advance(1800);
        app.job("retry-mail", json!({})).await;
    }
    let message = &messages(&app).await[0];
    assert_eq!(
        (message["dead_reason"].as_str(), message["attempts"].as_f64()),
        (Some("tried too often"), Some(12.0)),
        "{message}"
    );
    assert_eq!(app.count("MailUndeliverable").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_duplicated_and_replayed_stream_records_send_nothing_twice() {
    let app = TestApp::start().await;
    app.sign_up("ada@example.com").await;
    app.outbox_is_empty().await;
    let id = messages(&app).await[0]["message_id"].clone();
    let record = |sequence: &str, id: &Value| {
        json!({ "eventID": sequence, "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "eventVersion": "1.1",
            "dynamodb": { "Keys": { "message_id": { "S": id } }, "SequenceNumber": sequence, "SizeBytes": 1, "StreamViewType": "NEW_IMAGE", "ApproximateCreationDateTime": 1.0 } })
    };
    for _ in 0..3 {
        let batch =
            json!({ "Records": [record("1", &id), record("1", &id), record("2", &json!("gone")), record("3", &id)] });
        let answer = app.stack.invoke("jobs-send-mail", batch).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }
    assert_eq!(app.mails("ada@example.com").len(), 1);

    // What SES did not take waits for its time, whatever the stream tells again.
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    let bob = json!({ "email": "bob@example.com", "password": tests::PASSWORD, "name": "Bob" });
    app.post("/auth/signup", bob).await.expect(202);
    let waiting = || async { messages(&app).await.into_iter().find(|it| it.get("state").is_some()) };
    app.mails_rest().await;
    let message = waiting().await.unwrap();
    assert_eq!(message["attempts"], 1.0);
    let batch = json!({ "Records": [record("4", &message["message_id"]), record("5", &message["message_id"])] });
    app.stack.invoke("jobs-send-mail", batch).await.unwrap();
    assert_eq!(waiting().await.unwrap()["attempts"], 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_record_that_cannot_be_claimed_is_reported_and_its_successors_wait() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "dynamodb", "operation": "UpdateItem", "table": "postern-local-outbox", "kind": "error", "times": 3 })).await;
    // Three failing tries are one call of the SDK: the batch comes again, and is sent.
    app.sign_up("ada@example.com").await;
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 1);
    assert!(app.stack.dead_letters().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_a_claim_whose_answer_is_lost_is_still_ours() {
    let app = TestApp::start().await;
    app.fault(json!({ "service": "dynamodb", "operation": "UpdateItem", "table": "postern-local-outbox", "kind": "drop_after_commit", "times": 1 })).await;
    app.sign_up("ada@example.com").await;
    app.outbox_is_empty().await;
    assert_eq!(app.mails("ada@example.com").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_record_given_up_by_the_stream_is_dead_lettered_and_still_sent_by_the_retry_job() {
    let app = TestApp::start().await;
    app.fault(
        json!({ "service": "dynamodb", "operation": "UpdateItem", "table": "postern-local-outbox", "kind": "error" }),
    )
    .await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": tests::PASSWORD, "name": "Ada" }))
        .await
        .expect(202);
    for _ in 0..1000 {
        if !app.stack.dead_letters().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.stack.dead_letters().len(), 1);
    app.no_faults();
    app.advance(120);
    app.job("retry-mail", json!({})).await;
    app.mail("ada@example.com", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_mail_never_blocks_a_sign_in() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.fault(json!({ "service": "ses", "kind": "delay", "delayMs": 60_000 })).await;
    let started = std::time::Instant::now();
    Browser::sign_in(&app, "ada@example.com").await;
    app.post("/auth/verify-email/resend", json!({ "email": "ada@example.com" })).await.expect(202);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "a busy machine is slow, but not as slow as that");
}

#[tokio::test(flavor = "multi_thread")]
async fn note_1_every_mail_has_both_forms_and_one_recipient() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": tests::PASSWORD, "name": "X" }))
        .await
        .expect(202);
    app.mail("ada@example.com", 3).await;
    for mail in app.stack.aws().mailbox().list(None) {
        assert_eq!(mail.to, ["ada@example.com"]);
        assert!(
            mail.html.contains("<html") && !mail.text.contains('<') && mail.subject.starts_with("Postern: "),
            "{}",
            mail.subject
        );
    }
}
