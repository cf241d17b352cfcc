//! Rotation under constant load (KEYS-1, KEYS-2): somebody rotates every ten minutes of moved time, by hand and by the
//! schedule at once, and now and then a run dies; meanwhile several instances sign and verify, and outsiders verify with
//! copies of the JWKS that are up to two hours old.
//!
//! A key is published for two hours before it signs, so of the rotations that are asked for every ten minutes one takes
//! place every two hours: that is the fastest that verifiers with caches can follow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::app::App;
use shared::clock::Timestamp;
use shared::keys::jwk::PublicJwk;
use tests::{Native, TestApp};

use crate::job_runs;

const STEP: u64 = 600;
const LIFE: u64 = 900;
/// API Gateway keeps a JWKS for so long.
const CACHED: u64 = 7200;

type Jwks = BTreeMap<String, PublicJwk>;

async fn jwks(app: &TestApp) -> Jwks {
    let answer = app.get("/.well-known/jwks.json").await.expect(200).body;
    let key = |key: &Value| (key["kid"].as_str().unwrap().to_owned(), serde_json::from_value(key.clone()).unwrap());
    answer["keys"].as_array().unwrap().iter().map(key).collect()
}

/// As any JWT library would.
fn verifies(jwks: &Jwks, token: &str) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    jwks.get(&kid_of(token)).is_some_and(|key| key.verify(message.as_bytes(), &signature))
}

fn kid_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// What was seen of the keys and of the tokens.
#[derive(Default)]
struct Watch {
    now: u64,
    /// Tokens that are alive, and when each was made.
    alive: Vec<(String, u64)>,
    signers: BTreeSet<String>,
    /// What an outsider keeps for two hours, and since when.
    outsider: (Jwks, u64),
    verifications: usize,
}

impl Watch {
    fn made(&mut self, token: &str) {
        self.signers.insert(kid_of(token));
        self.alive.push((token.to_owned(), self.now));
    }

    /// Every living token, everywhere: at each of our instances, in each of their JWKS, and at an outsider.
    async fn verify(&mut self, app: &TestApp, instances: usize) {
        self.alive.retain(|(_, made)| self.now - made < LIFE);
        if self.outsider.0.is_empty() || self.now - self.outsider.1 >= CACHED {
            self.outsider = (jwks(app).await, self.now);
        }
        for published in join_all((0..instances).map(|_| jwks(app))).await {
            assert!((2..=4).contains(&published.len()), "next, current and at most two retired: {}", published.len());
            for (token, made) in &self.alive {
                assert!(verifies(&published, token), "its key is gone, {} s after it was made", self.now - made);
            }
        }
        for (token, made) in &self.alive {
            let age = self.now - self.outsider.1;
            assert!(verifies(&self.outsider.0, token), "made {} s ago, unknown to a copy {age} s old", self.now - made);
            let verify = |_| async { app.request("GET", "/auth/verify-token").bearer_auth(token).send().await };
            for answer in join_all((0..instances).map(verify)).await {
                assert_eq!(answer.unwrap().status(), 200, "{} s after it was made", self.now - made);
                self.verifications += 1;
            }
        }
    }
}

/// When the trail says that a step was taken with each key.
async fn steps(app: &TestApp, step: &str) -> BTreeMap<String, Timestamp> {
    let events = app.table("audit-events").await.into_iter();
    let events = events.filter(|event| event["kind"] == "KeyRotated" && event["detail"]["step"] == step);
    let taken = events.map(|event| {
        let at = event["at"].as_str().unwrap().split('#').next().unwrap().to_owned();
        (event["target"].as_str().unwrap().to_owned(), Timestamp::parse(&at).unwrap())
    });
    taken.collect()
}

/// A run that dies after so many calls to AWS.
async fn killed(app: &TestApp, instance: &App, input: Value, calls: usize) {
    // A full log forgets as much as it takes in.
    app.stack.aws().calls().clear();
    job_runs::killed(app, instance, &handlers::jobs::rotate_keys::JOB, input, calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_1_rotated_every_ten_minutes_under_constant_load_not_one_verification_fails() {
    let app = TestApp::start().await;
    let instances: Vec<Arc<App>> = (0..3).map(|_| Arc::new(app.stack.cold_app())).collect();
    app.stack.serve_by(&instances);
    let mut watch = Watch::default();
    let (mut ada, mut bob) = (app.native("ada@example.com").await, app.native("bob@example.com").await);
    watch.made(&ada.access);
    watch.made(&bob.access);
    // More than a day: a dozen rotations.
    for step in 0..156_usize {
        // Rings are read, the keys move, and requests go on with what is in memory.
        app.advance(STEP - 30);
        watch.now += STEP - 30;
        watch.verify(&app, instances.len()).await;
        let by_hand = app.stack.invoke("jobs-rotate-keys", json!({ "action": "rotate" }));
        let at = json!({ "source": "aws.scheduler", "time": app.stack.clock().now().to_string() });
        let dying = async {
            if step % 4 == 3 {
                killed(&app, &instances[0], json!({ "action": "rotate" }), 2 + step % 17).await;
            }
        };
        let (_, by_hand, by_schedule, _, _) =
            tokio::join!(dying, by_hand, app.stack.invoke("jobs-rotate-keys", at), ada.refresh(), bob.refresh());
        assert!(by_hand.is_ok() && by_schedule.is_ok(), "{by_hand:?} {by_schedule:?}");
        watch.made(&ada.access);
        watch.made(&bob.access);
        watch.verify(&app, instances.len()).await;
        app.advance(30);
        watch.now += 30;
        watch.verify(&app, instances.len()).await;
    }
    let rotations = watch.signers.len() - 1;
    println!("{rotations} rotations, {} verifications, none failed", watch.verifications);
    assert!(rotations >= 10, "{rotations} rotations");
    let (created, promoted) = (steps(&app, "created").await, steps(&app, "promoted").await);
    assert!(promoted.len() >= rotations);
    for (kid, promoted) in promoted {
        let known = promoted.since(created[&kid]).as_secs();
        assert!(known >= CACHED, "{kid} signed when it had been published for {known} s");
    }

    // A day without a run, and then one: whoever is signed in stays so.
    app.advance(86_400);
    app.job("rotate-keys", json!({})).await;
    let native = Native::sign_in(&app, "ada@example.com").await;
    native.verify(&native.access).await.expect(200);
    ada.refresh().await;
    assert!(verifies(&jwks(&app).await, &ada.access));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_2_an_emergency_that_dies_anywhere_is_finished_by_the_same_command() {
    let retire = |kid: &str| json!({ "action": "retire-now", "kid": kid });
    let calls = {
        let app = TestApp::start().await;
        let native = app.native("ada@example.com").await;
        let run = app.job("rotate-keys", retire(&kid_of(&native.access))).await;
        app.stack.aws().calls().list(run["runId"].as_str()).len()
    };
    assert!(calls > 8, "{calls} calls");
    for calls in 1..=calls {
        let app = TestApp::start().await;
        let native = app.native("ada@example.com").await;
        app.outbox_is_empty().await;
        let stolen = kid_of(&native.access);
        killed(&app, &app.stack.app(), retire(&stolen), calls).await;
        // Its lease is over; whoever signs in meanwhile can.
        app.advance(61);
        Native::sign_in(&app, "ada@example.com").await;
        app.job("rotate-keys", retire(&stolen)).await;
        app.advance(61);
        native.verify(&native.access).await.refused(401, "token_invalid");
        assert!(!jwks(&app).await.contains_key(&stolen), "killed after {calls} calls");
        let after = Native::sign_in(&app, "ada@example.com").await;
        after.verify(&after.access).await.expect(200);
    }
}
