//! When versions come and go, and what else changes with the day (KEYS-4, F49).

use std::time::Duration;

use serde_json::json;
use shared::clock::Timestamp;
use tests::{Answer, Browser, Native, TestApp};

use super::{DAY, KEEP, MINUTE, SETTLE, rotate, run, settled, told, version_of, versions};

#[tokio::test(flavor = "multi_thread")]
async fn keys_4_an_old_version_is_withdrawn_when_all_that_it_made_is_dead() {
    let app = settled().await;
    app.stack.clock().stop();
    let old = app.native("ada@example.com").await;
    rotate(&app).await;
    let events = app.table("audit-events").await;
    assert_eq!(told(&events, "created", "key#secrets/2"), 1);
    app.advance(SETTLE + KEEP - 12 * DAY);
    let mut young = Native::sign_in(&app, "ada@example.com").await;
    app.advance(6 * DAY);
    young.refresh().await;
    app.advance(6 * DAY - 1);
    assert!(run(&app, json!({})).await.iter().all(|step| !step.starts_with("withdrew")));
    app.advance(1);
    assert_eq!(run(&app, json!({})).await, ["withdrew secrets/1"]);
    assert_eq!(versions(&app).await, [2, 3]);
    let events = app.table("audit-events").await;
    assert_eq!(told(&events, "withdrawn", "key#secrets/1"), 1);

    app.advance(5 * MINUTE);
    young.refresh().await;
    old.present(&old.refresh).await.refused(401, "refresh_invalid");
    assert!(run(&app, json!({})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_4_the_schedule_alone_makes_and_withdraws_versions_and_runs_at_once_make_one() {
    let app = TestApp::with(&[("SecretRotationDays", "10")]).await;
    app.account("ada@example.com").await;
    app.advance(10 * DAY - 3600);
    assert!(run(&app, json!({})).await.is_empty());
    app.advance(3600);
    let runs = tests::at_once(8, |_| Answer::to(app.request("POST", "/_local/jobs/rotate-keys")));
    assert!(runs.await.iter().all(|run| run.status == 200));
    assert_eq!(versions(&app).await, [1, 2]);
    // By hand, before anybody uses the newest: there is nothing to do.
    assert!(run(&app, json!({ "action": "rotate-secrets" })).await.is_empty());
    for _ in 0..50 {
        app.advance(5 * DAY);
        run(&app, json!({})).await;
    }
    let held = versions(&app).await;
    assert!((18..=21).contains(&held.len()) && held.first() > Some(&1), "{held:?}");
    app.advance(SETTLE);
    let native = Native::sign_in(&app, "ada@example.com").await;
    assert_eq!(Some(u64::from(version_of(&native.refresh))), held.last().copied());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_4_trouble_with_the_one_ring_does_not_keep_the_other_waiting() {
    for (operation, is_made) in [("GenerateDataKeyWithoutPlaintext", false), ("CreateKey", true)] {
        let app = TestApp::with(&[("SecretRotationDays", "7")]).await;
        let kids = async || app.get("/.well-known/jwks.json").await.expect(200).body["keys"].as_array().unwrap().len();
        app.advance(31 * DAY);
        app.fault(json!({ "service": "kms", "operation": operation, "kind": "error" })).await;
        app.post("/_local/jobs/rotate-keys", json!({})).await.expect(503);
        app.no_faults();
        app.advance(61);
        assert_eq!(versions(&app).await.len() == 2, is_made);
        assert_eq!(kids().await == 3, !is_made, "the next key was made after the promotion");
        app.job("rotate-keys", json!({})).await;
        app.advance(61);
        assert_eq!((versions(&app).await.len(), kids().await), (2, 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f49_a_page_open_at_midnight_goes_on_and_one_of_the_day_before_is_repaired() {
    let app = TestApp::start().await;
    let at = |text: &str| Timestamp::parse(text).unwrap();
    app.stack.clock().stop();
    app.account("ada@example.com").await;
    let days = [
        ("2026-12-31", "the end of a year"),
        ("2027-02-28", "the end of a short February"),
        ("2027-04-30", "the end of a month"),
        ("2027-12-31", "the end of a year before a leap year"),
        ("2028-02-28", "the eve of a leap day"),
        ("2028-02-29", "a leap day"),
        ("2028-03-31", "the end of a month"),
    ];
    for (day, name) in days {
        let midnight = at(&format!("{day}T00:00:00Z")) + Duration::from_secs(DAY);
        // Opened a minute before midnight, and at the first instant of the day.
        for opened in [midnight - Duration::from_secs(DAY), midnight - Duration::from_secs(MINUTE)] {
            app.stack.clock().set(opened);
            let mut browser = Browser::sign_in(&app, "ada@example.com").await;
            let csrf = browser.csrf().await;
            for good in [
                midnight - Duration::from_millis(1),
                midnight,
                midnight + Duration::from_secs(MINUTE),
                midnight + Duration::from_secs(DAY) - Duration::from_millis(1),
            ] {
                app.stack.clock().set(good);
                let answer = browser.post_with("/auth/refresh", &csrf).await;
                assert_eq!(answer.status, 200, "{name}: opened {opened}, posted {good}: {}", answer.text);
            }
            for bad in [midnight + Duration::from_secs(DAY), opened + Duration::from_secs(2 * DAY)] {
                app.stack.clock().set(bad);
                let answer = browser.post_with("/auth/refresh", &csrf).await.refused(403, "csrf_invalid");
                assert!(answer.cookies().is_empty(), "{name}: nobody is signed out");
            }
            let csrf = browser.csrf().await;
            browser.post_with("/auth/refresh", &csrf).await.expect(200);
        }
    }
}
