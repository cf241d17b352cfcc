//! Requests that nobody sends by accident, and what is believed of those that are well formed (WEB-6, B19).

use std::io::{Read, Write};

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp};

use super::APP;

#[tokio::test(flavor = "multi_thread")]
async fn case_292_bodies_of_every_bad_kind_are_4xx() {
    let app = TestApp::start().await;
    let send = |body: Vec<u8>| {
        Answer::to(app.request("POST", "/auth/login").header("content-type", "application/json").body(body))
    };
    for body in [
        b"".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        br#"{"email":NaN}"#.to_vec(),
        b"{} {}".to_vec(),
        b"\x1f\x8b\x08".to_vec(),
    ] {
        let answer = send(body.clone()).await;
        assert!(matches!(answer.status, 400 | 422), "{body:?}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let deep = send(b"[".repeat(60_000)).await;
    assert!(matches!(deep.status, 400 | 422), "{}", deep.text);
    for size in [64 * 1024 + 1, 1 << 20, 5 << 20] {
        send(vec![b' '; size]).await.refused(413, "too_large");
    }
    // Larger than an event can be: the gateway itself refuses it, in the same words.
    for size in [(6 << 20) + 1, (10 << 20) + 1] {
        let request =
            app.request("POST", "/auth/login").header("content-type", "application/json").header("origin", APP);
        let answer = Answer::to(request.body(vec![b' '; size])).await.refused(413, "too_large");
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("x-frame-options")), (APP, "DENY"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_293_headers_up_to_the_gateways_limit_are_read() {
    let app = TestApp::start().await;
    let with = |size: usize| Answer::to(app.request("GET", "/auth/verify-token").header("x-filler", "f".repeat(size)));
    with(9_000).await.refused(401, "unauthenticated");
    assert_eq!(with(10_500).await.status, 431);
    let mut many = app.request("GET", "/auth/verify-token");
    for n in 0..90 {
        many = many.header(format!("x-{n}"), "v");
    }
    assert_eq!(Answer::to(many).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_295_repeated_parameters_are_refused_where_they_would_matter() {
    let app = TestApp::start().await;
    let native = app.native("ada@example.com").await;
    for query in ["all=true&all=false", "all=yes", "all="] {
        let request = app.request("POST", &format!("/auth/logout?{query}")).bearer_auth(&native.access);
        Answer::to(request).await.refused(422, "validation");
    }
    native.verify(&native.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_046_the_callers_address_is_the_gateways_word_alone() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let mut request = app.request_from("203.0.113.9", "POST", "/auth/login");
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"] {
        request = request.header(name, "198.51.100.1");
    }
    Answer::to(request.json(&json!({ "email": "ada@example.com", "password": PASSWORD }))).await.expect(200);
    let mapped = app.request_from("::ffff:1.2.3.4", "POST", "/auth/login");
    Answer::to(mapped.json(&json!({ "email": "ada@example.com", "password": "wrong" }))).await.expect(401);
    let events = app.table("audit-events").await;
    let ip = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap()["ip"].clone();
    assert_eq!((ip("UserLoggedIn"), ip("UserLoginFailed")), (json!("203.0.113.9"), json!("1.2.3.4")));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_141_links_in_mails_come_from_the_settings_not_from_headers() {
    let app = TestApp::start().await;
    let request = app
        .request("POST", "/auth/signup")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example");
    Answer::to(request.json(&json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" })))
        .await
        .expect(202);
    let mail = app.mail("ada@example.com", 1).await;
    assert!(mail.contains(&format!("{}/verify-email?token=", app.stack.url())) && !mail.contains("evil"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_http_does_not_disturb_the_stack() {
    let app = TestApp::start().await;
    let address = app.url("").replace("http://", "");
    for request in [
        "GET\r\n\r\n",
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
    ] {
        let address = address.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(std::time::Duration::from_millis(500))).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 64];
            let read = stream.read(&mut answer).unwrap_or(0);
            String::from_utf8_lossy(&answer[..read]).into_owned()
        });
        let answer = answer.await.unwrap();
        assert!(answer.is_empty() || answer.contains(" 4"), "{answer}");
    }
    app.get("/health/auth").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_routes_refuse_what_makes_no_sense() {
    let app = TestApp::start().await;
    for (path, body) in [
        ("/_local/clock", json!({})),
        ("/_local/clock", json!({ "set": "tomorrow" })),
        ("/_local/faults", json!({ "service": "s3", "kind": "error" })),
    ] {
        let answer = app.post(path, body).await;
        assert_eq!((answer.status, answer.code()), (422, "validation"), "{path}: {}", answer.text);
    }
    assert_eq!(app.post("/_local/jobs/nothing", Value::Null).await.status, 404);
    let moved = app.post("/_local/clock", json!({ "set": "2030-01-01T00:00:00Z" })).await.expect(200);
    assert!(moved.text_of("now").starts_with("2030-01-01T00:00:00"));
}
