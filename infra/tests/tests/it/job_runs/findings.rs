//! What single jobs find, and whom they tell (OPS-6, OPS-7).

use futures_util::future::join_all;
use serde_json::json;
use shared::clock::Timestamp;
use tests::{Native, TestApp};

use super::{DAY, in_production};

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_the_public_keys_are_watched_from_outside() {
    let app = TestApp::start().await;
    let well = app.job("monitor-jwks", json!({})).await;
    assert_eq!((&well["report"]["standing"], &well["report"]["keys"]), (&json!("well"), &json!(2)));
    // The JWKS cannot be answered: its ring is too old to be served, and the table does not answer.
    app.advance(700);
    app.fault(json!({ "service": "dynamodb", "table": "signing-keys", "kind": "error" })).await;
    for _ in 0..2 {
        let ill = app.job("monitor-jwks", json!({})).await;
        assert_eq!(ill["report"]["standing"], "failing", "{ill}");
    }
    app.no_faults();
    assert_eq!(app.job("monitor-jwks", json!({})).await["report"]["standing"], "well");
    assert_eq!((app.count("CheckFailed").await, app.count("CheckRecovered").await), (1, 1));

    // Somebody else's keys at our address.
    let foreign = TestApp::with(&[("PublicUrl", app.stack.url())]).await;
    foreign.advance(3600);
    let ill = foreign.job("monitor-jwks", json!({})).await;
    assert!(ill["report"]["trouble"].as_str().unwrap().contains("is not published"), "{ill}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_7_backups_that_are_off_are_told_in_production_and_only_there() {
    let app = in_production().await;
    let well = app.job("check-backups", json!({})).await;
    assert_eq!(well["report"]["standing"], "well", "{well}");
    let kept: Vec<&str> =
        app.stack.template().tables.iter().filter(|it| it.point_in_time_recovery).map(|it| it.name.as_str()).collect();
    let looked_at = well["report"]["restorableUntil"].as_object().unwrap();
    assert_eq!(looked_at.len(), kept.len());
    assert!(kept.iter().all(|table| looked_at[*table].is_string()), "{well}");

    app.keep_backups_of("users", false).await;
    let ill = app.job("check-backups", json!({})).await;
    assert_eq!(ill["report"]["trouble"], "point-in-time recovery is off: postern-local-users");
    app.keep_backups_of("users", true).await;
    assert_eq!(app.job("check-backups", json!({})).await["report"]["standing"], "well");
    assert_eq!((app.count("CheckFailed").await, app.count("CheckRecovered").await), (1, 1));

    let laptop = TestApp::start().await;
    assert_eq!(laptop.job("check-backups", json!({})).await["report"]["standing"], "well");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_6_every_administrator_gets_each_day_once() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com,ops@example.com")]).await;
    let midnight = Timestamp::parse("2027-01-10T00:00:00Z").unwrap();
    app.stack.clock().set(midnight + std::time::Duration::from_secs(9 * 3600));
    app.native("ada@example.com").await;
    app.log_in("ada@example.com", "wrong").await.expect(401);
    app.advance(DAY);
    Native::sign_in(&app, "ada@example.com").await;
    let reports = || app.mails("root@example.com").into_iter().filter(|mail| mail.contains("day in figures")).count();
    join_all((0..3).map(|_| app.post("/_local/jobs/daily-report", json!({})))).await;
    app.outbox_is_empty().await;
    assert_eq!(reports(), 1);
    let mail = app.mail("ops@example.com", 1).await;
    let has = |label: &str, count: &str| mail.lines().any(|line| line.contains(label) && line.ends_with(count));
    assert!(mail.contains("10 January 2027") && has("Sign-ups", " 1") && has("Failed sign-ins", " 1"), "{mail}");
    assert!(has("Sign-ins", " 1"), "the sign-in of today is not of yesterday: {mail}");
    // Three days without a run: each of them gets its own.
    app.advance(3 * DAY);
    let run = app.job("daily-report", json!({})).await;
    let days: Vec<_> = run["report"]["days"].as_array().unwrap().iter().map(|day| day["day"].clone()).collect();
    assert_eq!(days, ["2027-01-11", "2027-01-12", "2027-01-13"]);
    app.outbox_is_empty().await;
    assert_eq!(reports(), 4);
    // After ten days it is the last seven.
    app.advance(10 * DAY);
    let run = app.job("daily-report", json!({})).await;
    let days: Vec<_> = run["report"]["days"].as_array().unwrap().iter().map(|day| day["day"].clone()).collect();
    assert_eq!((days.len(), &days[0]), (7, &json!("2027-01-17")));
}
