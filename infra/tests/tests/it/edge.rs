//! DEPLOY-4: behind an edge nobody is let in who went around it, and the edge is believed who calls. `through` is the edge
//! here: it sends the secret that the settings know by its hash.

use reqwest::RequestBuilder;
use ring::digest;
use serde_json::{Value, json};
use shared::secret::PlainToken;
use tests::{Answer, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";

fn hash(secret: &str) -> String {
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn behind(hashes: &str) -> TestApp {
    TestApp::with(&[("Edge", "cloudfront"), ("EdgeSecretHashes", hashes)]).await
}

/// A request as the distribution passes it on.
fn through(request: RequestBuilder, secret: &str, viewer: &str) -> RequestBuilder {
    request.header("x-origin-verify", secret).header("x-viewer-address", viewer)
}

/// Whence sign-ins have failed, sorted.
async fn failures(app: &TestApp) -> Vec<String> {
    let events = app.table("audit-events").await;
    let failures = events.iter().filter(|event| event["kind"] == "UserLoginFailed");
    let mut addresses: Vec<String> = failures.map(|event| event["ip"].as_str().unwrap().to_owned()).collect();
    addresses.sort();
    addresses
}

/// A sign-in of somebody else each time: no account is locked.
fn log_in(app: &TestApp, number: usize) -> RequestBuilder {
    let body = json!({ "email": format!("{number}@example.com"), "password": PASSWORD });
    // The gateway sees the distribution, always.
    app.request_from("130.176.0.1", "POST", "/auth/login").json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_nobody_goes_around_the_edge_to_any_route() {
    let secret = PlainToken::generate().expose().to_owned();
    let app = behind(&hash(&secret)).await;
    let routes = app.stack.template().functions.iter().flat_map(|function| &function.routes);
    let mut seen = 0;
    for route in routes {
        let method = if route.method == template::ANY { "OPTIONS" } else { &route.method };
        let path = if route.path == template::DEFAULT { "/auth/login" } else { &route.path };
        let wrong = PlainToken::generate().expose().to_owned();
        for presented in ["", &wrong, &hash(&secret), &secret[1..]] {
            let request = through(app.request(method, path), presented, "192.0.2.1");
            let answer = Answer::to(request.header("origin", "http://localhost:3000")).await;
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
        }
        assert_eq!(Answer::to(app.request(method, path)).await.status, 403, "{method} {path}");
        seen += 1;
    }
    assert!(seen > 50);
    // Nothing was done for any of them.
    assert!(app.table("attempts").await.is_empty() && failures(&app).await.is_empty());
    Answer::to(app.request("POST", "/auth/login")).await.refused(403, "forbidden");
    Answer::to(through(app.request("GET", "/health/auth"), &secret, "192.0.2.1")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_callers_are_known_by_the_address_that_the_edge_tells() {
    let secret = PlainToken::generate().expose().to_owned();
    let app = behind(&hash(&secret)).await;
    let wrong = json!({ "email": ADA, "password": "wrong" });
    for viewer in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.9"] {
        let request = app.request_from("130.176.0.1", "POST", "/auth/login").json(&wrong);
        Answer::to(through(request, &secret, viewer)).await.refused(401, "invalid_credentials");
    }
    assert_eq!(failures(&app).await, ["192.0.2.1", "192.0.2.9", "2001:db8::1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_limits_count_callers_and_not_the_edge() {
    let secret = PlainToken::generate().expose().to_owned();
    let app = behind(&hash(&secret)).await;
    let mut statuses = Vec::new();
    for number in 0..7 {
        statuses.push(Answer::to(through(log_in(&app, number), &secret, "192.0.2.1")).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(Answer::to(through(log_in(&app, 7), &secret, "192.0.2.2")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_an_edge_that_does_not_say_who_calls_is_a_fault_and_lets_nobody_in() {
    let secret = PlainToken::generate().expose().to_owned();
    let app = behind(&hash(&secret)).await;
    for viewer in ["", "somebody", "192.0.2.1, 192.0.2.2", "192.0.2.1:443"] {
        Answer::to(through(log_in(&app, 0), &secret, viewer)).await.refused(500, "internal");
    }
    Answer::to(log_in(&app, 0).header("x-origin-verify", &secret)).await.refused(500, "internal");
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_two_secrets_count_while_one_takes_over_from_the_other() {
    let [old, new] = [(); 2].map(|()| PlainToken::generate().expose().to_owned());
    let app = behind(&format!("{},{}", hash(&old), hash(&new))).await;
    for secret in [&old, &new] {
        Answer::to(through(app.request("GET", "/health/auth"), secret, "192.0.2.1")).await.expect(200);
    }
    let app = behind(&hash(&new)).await;
    Answer::to(through(app.request("GET", "/health/auth"), &old, "192.0.2.1")).await.refused(403, "forbidden");
}

/// What checks a new version before it is let into the world has no secret, and needs none: it has the right to call it.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_whoever_may_call_a_function_by_itself_needs_no_edge() {
    let app = behind(&hash("nobody has this")).await;
    let mut event: Value = serde_json::from_str(
        &std::fs::read_to_string(crate::scripts::in_repository("events/health-auth.json")).unwrap(),
    )
    .unwrap();
    let answer = app.stack.invoke("health-auth", event.clone()).await.unwrap();
    assert_eq!(answer["statusCode"], 403, "an event of API Gateway: {answer}");
    event["requestContext"].as_object_mut().unwrap().remove("apiId");
    let answer = app.stack.invoke("health-auth", event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_4_without_an_edge_nobody_is_believed_about_an_address() {
    let app = TestApp::start().await;
    let request = app.request_from("192.0.2.7", "POST", "/auth/login").json(&json!({ "email": ADA, "password": "x" }));
    Answer::to(through(request, "secret", "192.0.2.1")).await.refused(401, "invalid_credentials");
    assert_eq!(failures(&app).await, ["192.0.2.7"]);
}

/// `cargo dev --set Edge=cloudfront` would let nobody in: there is no distribution, so the local gateway plays it.
#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_nobody_brings_is_played() {
    let app = TestApp::with(&[("Edge", "cloudfront")]).await;
    let request = app.request_from("192.0.2.7", "POST", "/auth/login").json(&json!({ "email": ADA, "password": "x" }));
    // What a caller claims is replaced.
    Answer::to(through(request, "secret", "192.0.2.1")).await.refused(401, "invalid_credentials");
    assert_eq!(failures(&app).await, ["192.0.2.7"]);
}
