//! Signing keys: what is published, and rotation under load (KEYS-1…3, TOKEN-7).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::TestApp;

const DAY: u64 = 86_400;

async fn kids(app: &TestApp) -> BTreeSet<String> {
    let jwks = app.get("/.well-known/jwks.json").await.expect(200).body;
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid_of(token: &str) -> String {
    use base64::Engine;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_074_the_jwks_holds_public_members_only() {
    for algorithm in ["RS256", "ES256"] {
        let app = TestApp::with(&[("SigningAlgorithm", algorithm)]).await;
        let answer = app.get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(
            (answer.header("cache-control"), answer.header("content-type")),
            ("public, max-age=300", "application/json")
        );
        assert!(answer.text.len() < 150_000);
        let keys = answer.body["keys"].as_array().unwrap().clone();
        assert_eq!(keys.len(), 2, "current and next");
        let allowed = BTreeSet::from(["kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"]);
        for key in &keys {
            assert!(key.as_object().unwrap().keys().all(|member| allowed.contains(member.as_str())), "{key}");
            assert_eq!((&key["alg"], &key["use"]), (&json!(algorithm), &json!("sig")));
        }
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
        let native = app.native("ada@example.com").await;
        native.verify(&native.access).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_078_discovery_says_what_is_true() {
    let app = TestApp::start().await;
    let discovery = app.get("/.well-known/openid-configuration").await.expect(200).body;
    assert_eq!(discovery["issuer"], app.stack.url());
    assert_eq!(discovery["jwks_uri"], format!("{}/.well-known/jwks.json", app.stack.url()));
    assert_eq!(discovery["id_token_signing_alg_values_supported"], json!(["RS256"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_a_rotation_that_is_not_due_changes_nothing_and_runs_at_once_are_harmless() {
    let app = TestApp::start().await;
    let before = kids(&app).await;
    let runs = tests::at_once(8, |_| tests::Answer::to(app.request("POST", "/_local/jobs/rotate-keys"))).await;
    assert!(runs.iter().all(|run| run.status == 200));
    assert_eq!(kids(&app).await, before);

    app.advance(31 * DAY);
    tests::at_once(8, |_| tests::Answer::to(app.request("POST", "/_local/jobs/rotate-keys"))).await;
    let after = kids(&app).await;
    assert_eq!(after.len(), 3, "retired, current, next");
    assert!(before.is_subset(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_1_rotation_under_load_fails_no_verification() {
    let app = TestApp::with(&[("Profile", "consumer")]).await;
    let mut native = app.native("ada@example.com").await;
    let mut alive: Vec<(String, u64)> = vec![(native.access.clone(), 0)];
    let mut signed_by = BTreeSet::from([kid_of(&native.access)]);
    let mut now = 0;
    // Three days of hourly refreshes and runs, with a rotation forced every few hours.
    for hour in 0..72_u64 {
        app.advance(600);
        now += 600;
        native.refresh().await;
        alive.push((native.access.clone(), now));
        signed_by.insert(kid_of(&native.access));
        let action = if hour % 3 == 0 { json!({ "action": "rotate" }) } else { json!({}) };
        app.job("rotate-keys", action).await;
        alive.retain(|(_, made)| now - made < 900);
        let published = kids(&app).await;
        assert!(published.len() <= 4, "{published:?}");
        for (token, made) in &alive {
            assert!(published.contains(&kid_of(token)), "the key of a token {} s old is gone", now - made);
            native.verify(token).await.expect(200);
        }
    }
    assert!(signed_by.len() >= 4, "it did rotate: {signed_by:?}");
    // Keys that left the ring are on their way out of KMS, too.
    assert!(app.stack.aws().calls().list(None).iter().any(|call| call.operation == "ScheduleKeyDeletion"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_1_the_schedule_alone_rotates_once_a_month() {
    let app = TestApp::start().await;
    let first = kids(&app).await;
    for _ in 0..65 {
        app.advance(DAY);
        app.job("rotate-keys", json!({})).await;
    }
    let last = kids(&app).await;
    assert_eq!(last.len(), 2);
    assert!(first.is_disjoint(&last), "two rotations replaced both keys");
    assert_eq!(
        app.count("KeyRotated").await,
        1 + 2 + 2 * 3,
        "secret, first pair, and promote, create, withdraw each time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_in_an_emergency_the_current_key_is_dead_within_a_minute() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let stolen = native.access.clone();
    let retire = json!({ "action": "retire-now", "kid": kid_of(&stolen) });
    app.job("rotate-keys", retire.clone()).await;
    // Nobody is signed out by it: the refresh token gets a token of the new key, at once and on warm instances.
    native.refresh().await;
    native.verify(&native.access).await.expect(200);
    app.advance(61);
    native.verify(&stolen).await.refused(401, "token_invalid");
    assert!(!kids(&app).await.contains(&kid_of(&stolen)));

    // The operator's command repeated: it named a key that is gone, so the new one stays.
    let again = app.job("rotate-keys", retire).await;
    assert!(again["report"]["steps"][0].as_str().unwrap().contains("nothing to retire"), "{again}");
    app.advance(61);
    native.verify(&native.access).await.expect(200);
    assert_eq!(app.post("/_local/jobs/rotate-keys", json!({ "action": "retire_now" })).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_a_key_that_signs_no_more_can_be_withdrawn_too() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    app.advance(3 * 3600);
    app.job("rotate-keys", json!({ "action": "rotate" })).await;
    let retired = kid_of(&native.access);
    let after = tests::Native::sign_in(&app, "ada@example.com").await;
    assert_ne!(kid_of(&after.access), retired);
    app.job("rotate-keys", json!({ "action": "retire-now", "kid": retired })).await;
    app.advance(61);
    assert!(!kids(&app).await.contains(&retired));
    after.verify(&after.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_an_emergency_without_kms_still_leaves_a_key_that_signs() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    app.fault(json!({ "service": "kms", "operation": "ScheduleKeyDeletion", "kind": "error" })).await;
    app.fault(json!({ "service": "kms", "operation": "CreateKey", "kind": "error" })).await;
    let retire = json!({ "action": "retire-now", "kid": kid_of(&native.access) });
    app.post("/_local/jobs/rotate-keys", retire).await.expect(503);
    app.advance(61);
    native.refresh().await;
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_the_only_key_is_not_retired_before_there_is_another() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let stolen = kid_of(&native.access);
    app.take("signing-keys", "state", "next").await;
    let retire = json!({ "action": "retire-now", "kid": stolen });
    app.fault(json!({ "service": "kms", "operation": "CreateKey", "kind": "error" })).await;
    app.post("/_local/jobs/rotate-keys", retire.clone()).await.expect(503);
    app.advance(61);
    native.refresh().await;
    native.verify(&native.access).await.expect(200);

    app.no_faults();
    let run = app.job("rotate-keys", retire).await;
    let steps: Vec<&str> = run["report"]["steps"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(steps[0].starts_with("created ") && steps[1] == format!("retired {stolen} at once"), "{steps:?}");
    app.advance(61);
    assert!(!kids(&app).await.contains(&stolen));
    native.refresh().await;
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_a_run_that_fails_leaves_no_kms_key_behind() {
    let app = TestApp::start().await;
    app.advance(31 * DAY);
    app.fault(json!({ "service": "kms", "operation": "GetPublicKey", "kind": "error" })).await;
    app.post("/_local/jobs/rotate-keys", json!({})).await.expect(503);
    let of =
        |operation: &str| app.stack.aws().calls().list(None).iter().filter(|call| call.operation == operation).count();
    assert_eq!((of("CreateKey"), of("ScheduleKeyDeletion")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_a_run_that_fails_half_way_is_finished_by_the_next() {
    let app = TestApp::start().await;
    app.advance(31 * DAY);
    for (service, operation) in [("kms", "CreateKey"), ("kms", "GetPublicKey"), ("dynamodb", "TransactWriteItems")] {
        app.fault(json!({ "service": service, "operation": operation, "kind": "error" })).await;
        app.post("/_local/jobs/rotate-keys", json!({})).await.expect(503);
        app.no_faults();
        app.advance(120);
        assert!((2..=4).contains(&kids(&app).await.len()));
    }
    app.job("rotate-keys", json!({})).await;
    app.advance(61);
    assert_eq!(kids(&app).await.len(), 3);
    app.native("ada@example.com").await;
}
