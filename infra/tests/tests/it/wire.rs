//! The wire budget (DESIGN §8): sequential round trips to AWS, counted where they arrive.

use serde_json::{Value, json};
use tests::{Answer, Browser, Native, PASSWORD, TestApp};

/// Round trips and calls, by service and operation in the order they were started.
async fn budget(app: &TestApp, answer: &Answer) -> (u64, Vec<String>) {
    let traced = app.calls_of(answer).await;
    let name = |call: &Value| format!("{} {}", call["wave"], call["operation"].as_str().unwrap());
    let mut calls: Vec<String> = traced["calls"].as_array().unwrap().iter().map(name).collect();
    calls.sort();
    (traced["roundTrips"].as_u64().unwrap(), calls)
}

/// `1 GetItem, 1 UpdateItem ×2`, spelt out.
fn steps(text: &str) -> Vec<String> {
    let times =
        |step: &str| step.split_once(" ×").map_or((step.to_owned(), 1), |(s, n)| (s.to_owned(), n.parse().unwrap()));
    text.split(", ").map(times).flat_map(|(step, n)| vec![step; n]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn design_8_every_operation_keeps_its_budget() {
    let app = TestApp::start().await;
    // The first requests of a process read keys and secrets; budgets are for the warm ones.
    let mut native = app.native("warm@example.com").await;
    app.account("ada@example.com").await;
    app.account("cyd@example.com").await;

    let sign_up = app
        .post("/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD, "name": "Bob" }))
        .await
        .expect(202);
    let (trips, calls) = budget(&app, &sign_up).await;
    assert_eq!((trips, calls.last().map(String::as_str)), (2, Some("2 TransactWriteItems")), "{calls:?}");

    let login = app.post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await.expect(200);
    assert_eq!(
        budget(&app, &login).await,
        (2, steps("1 GetItem, 1 UpdateItem ×3, 2 Sign, 2 TransactWriteItems, 2 UpdateItem ×2"))
    );
    // A browser that is known has one counter of its own beside its share of the route.
    let mut browser = Browser::sign_in(&app, "ada@example.com").await;
    let known = browser.log_in_from("192.0.2.1", "ada@example.com", PASSWORD).await.expect(200);
    let known = budget(&app, &known).await;
    assert_eq!(known, (2, steps("1 GetItem, 1 UpdateItem ×2, 2 Sign, 2 TransactWriteItems, 2 UpdateItem")));

    let refused = app.post("/auth/login", json!({ "email": "ada@example.com", "password": "wrong" })).await.expect(401);
    assert_eq!(budget(&app, &refused).await, (2, steps("1 GetItem, 1 UpdateItem ×3, 2 PutItem")));

    let verify = native.verify(&native.access).await.expect(200);
    assert_eq!(budget(&app, &verify).await, (1, vec!["1 GetItem".into(), "1 GetItem".into()]));

    let forgot = app.post("/auth/password/forgot", json!({ "email": "bob@example.com" })).await.expect(202);
    assert_eq!(budget(&app, &forgot).await, (2, steps("1 GetItem ×2, 1 UpdateItem, 2 TransactWriteItems")));
    app.post("/auth/password/forgot", json!({ "email": "ada@example.com" })).await.expect(202);
    let token = app.link("ada@example.com", "reset-password").await;
    // The link; whose it is, whether it is the newest, what is locked; the transaction.
    let new = "Nine quiet rivers, 2 old maps";
    let reset = app.post("/auth/password/reset", json!({ "token": token, "password": new })).await.expect(200);
    let reset = budget(&app, &reset).await;
    assert_eq!(reset, (3, steps("1 GetItem, 1 UpdateItem, 2 GetItem ×3, 3 TransactWriteItems")));

    // The session and its person; their password; a signature; the transaction.
    let form = json!({ "currentPassword": PASSWORD, "newPassword": new });
    let change = app.request("POST", "/auth/password/change").bearer_auth(&native.access).json(&form);
    let change = Answer::to(change).await.expect(200);
    native.access = change.text_of("accessToken");
    let change = budget(&app, &change).await;
    assert_eq!(
        change,
        (4, steps("1 GetItem ×2, 2 GetItem, 2 UpdateItem ×2, 3 Sign, 3 UpdateItem, 4 TransactWriteItems"))
    );

    app.advance(30);
    let kept = native.refresh().await;
    let steps = ["1 GetItem", "1 GetItem", "2 Sign", "3 TransactWriteItems"].map(str::to_owned).to_vec();
    assert_eq!(budget(&app, &kept).await, (3, steps.clone()));

    app.advance(31);
    // What was gathered is written here, beside the work of a request that asks nothing; see `metrics.rs` for its cost.
    app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401);
    let with_ring = ["1 GetItem", "1 GetItem", "1 Query", "2 Sign", "3 TransactWriteItems"].map(str::to_owned).to_vec();
    let rotated = native.refresh().await;
    // A minute has passed: the ring is read again, and costs no round trip of its own.
    assert_eq!(budget(&app, &rotated).await, (3, with_ring));

    app.advance(61);
    app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401);
    let verify = native.verify(&native.access).await.expect(200);
    let with_ring = ["1 GetItem", "1 GetItem", "1 Query"].map(str::to_owned).to_vec();
    assert_eq!(budget(&app, &verify).await, (1, with_ring));

    let jwks = app.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(budget(&app, &jwks).await, (0, vec![]));

    let csrf = Browser::sign_in(&app, "cyd@example.com").await.get("/auth/csrf").await.expect(200);
    assert_eq!(budget(&app, &csrf).await, (0, vec![]));

    let logout = native.logout().await.expect(204);
    assert_eq!(budget(&app, &logout).await, (1, vec!["1 TransactWriteItems".into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn design_8_keeping_up_with_the_secrets_costs_no_round_trip() {
    let app = TestApp::start().await;
    let mut native = app.native("ada@example.com").await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    for _ in 0..2 {
        // Whoever follows the trail reads the rings, too, and must not be first.
        app.is_quiet().await;
        // Both rings are due: each is one more call beside the first reads.
        app.advance(301);
        app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401);
        let steps = ["1 GetItem", "1 GetItem", "1 Query", "1 Query", "2 Sign", "3 TransactWriteItems"];
        assert_eq!(budget(&app, &native.refresh().await).await, (3, steps.map(str::to_owned).to_vec()));
        app.advance(301);
        let login = app.post("/auth/login", body.clone()).await.expect(200);
        let (trips, calls) = budget(&app, &login).await;
        assert_eq!((trips, calls.iter().filter(|call| *call == "1 Query").count()), (2, 2), "{calls:?}");
    }
    // A new version is unwrapped once; that is the one request in three months that waits for it.
    app.job("rotate-keys", json!({ "action": "rotate-secrets" })).await;
    app.advance(301);
    let (trips, calls) = budget(&app, &native.refresh().await).await;
    assert!(trips <= 4 && calls.iter().filter(|call| call.ends_with("Decrypt")).count() == 1, "{calls:?}");
    app.advance(301);
    app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401);
    assert_eq!(budget(&app, &native.refresh().await).await.0, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn design_8_what_is_refused_at_the_door_costs_nothing() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    let altered = format!("{}A", native.access);
    for answer in [
        app.post("/auth/refresh", json!({ "refreshToken": "prt_guess" })).await.expect(401),
        Native::verify(&native, &altered).await.expect(401),
        app.get("/nowhere").await.expect(404),
        app.post("/auth/login", json!({})).await.expect(422),
        app.post("/auth/verify-email", json!({ "token": "x" })).await.expect(400),
    ] {
        assert_eq!(budget(&app, &answer).await, (0, vec![]), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_request_is_priced() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let login = app.post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await.expect(200);
    let traced = app.calls_of(&login).await;
    let price = traced["priceUsd"].as_f64().unwrap();
    assert!(price > 3e-6 && price < 2e-5, "{traced}");
    assert_eq!(traced["path"], "/auth/login");
}
