//! What is in the logs, and what is not (OPS-5, cases 269 and 270): of this process, and of a complete run of all tests.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, Native, PASSWORD, TestApp, logs};

/// What a line holds that no log may hold.
pub(crate) fn forbidden(line: &str) -> Option<String> {
    for secret in ["prt_A", "eyJ0", "eyJh", "__Host-", "password\":\"", PASSWORD, "Set-Cookie"] {
        if line.contains(secret) {
            return Some(secret.to_owned());
        }
    }
    if line.split("token=").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric())) {
        return Some("token=".to_owned());
    }
    let is_of_address = |c: char| c.is_ascii_alphanumeric() || "._%+-@".contains(c);
    let email = line.split(|c| !is_of_address(c)).find(|word| {
        let (local, domain) = word.split_once('@').unwrap_or_default();
        !local.is_empty() && domain.trim_matches('.').contains('.')
    });
    let ip = line.split(|c: char| !c.is_ascii_alphanumeric() && !"_.:".contains(c)).find(|word| {
        let word = word.trim_end_matches([':', '.']);
        let host = word.split(':').next().unwrap_or_default();
        host.parse::<Ipv4Addr>().is_ok() || (word.len() > 4 && word.parse::<Ipv6Addr>().is_ok())
    });
    email.or(ip).map(str::to_owned)
}

/// The whole lines of a file. The last may be half written: other tests of a process go on.
fn whole_lines(file: &Path) -> String {
    let mut text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    text
}

/// Reads a file of lines: each is JSON, and none holds what none may hold. How many there are.
fn search(file: &Path) -> usize {
    let text = whole_lines(file);
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{}: not JSON: {line}", file.display());
        assert_eq!(forbidden(line), None, "{}: {line}", file.display());
    }
    text.lines().count()
}

#[test]
fn case_270_the_search_finds_what_it_searches_for() {
    for bad in [
        r#"{"m":"mail to ada@example.com failed"}"#,
        r#"{"m":"from 203.0.113.7"}"#,
        r#"{"m":"from 203.0.113.7:443"}"#,
        r#"{"m":"from 2001:db8::7"}"#,
        r#"{"m":"Bearer eyJhbGciOiJSUzI1NiJ9"}"#,
        r#"{"m":"prt_AQGc3d"}"#,
        r#"{"m":"/verify-email?token=x"}"#,
    ] {
        assert!(forbidden(bad).is_some(), "{bad}");
    }
    let good = r#"{"m":"a…@example.com from 203.0.113.* at 2026-11-21T01:50:00.007Z, shared::log, 12:30:00, 0.1.0"}"#;
    assert_eq!(forbidden(good), None);
}

/// The lines, as deployed, that name a request.
fn lines_of(request_id: &str) -> Vec<Value> {
    let text = whole_lines(&logs::keep().deployed);
    let lines = text.lines().filter(|line| line.contains(request_id));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn case_270_the_logs_of_a_life_hold_no_address_token_or_password() {
    let app = TestApp::start().await;
    let mut native = app.native("logged@example.com").await;
    app.advance(61);
    native.refresh().await;
    app.log_in("logged@example.com", "wrong password").await.expect(401);
    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/verify-email/resend", json!({ "email": "logged2@example.com" })).await.expect(202);
    native.logout().await.expect(204);
    for job in handlers::JOBS {
        app.post(&format!("/_local/jobs/{}", job.name), json!({})).await;
    }
    let behind = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaOnOutage", "open")]).await;
    let solved = behind.solved(json!({})).await;
    let form = json!({ "email": "logged@example.com", "password": PASSWORD, "name": "X", "captchaToken": solved });
    behind.fault(json!({ "service": "captcha", "kind": "error", "times": 1 })).await;
    behind.post("/auth/signup", form.clone()).await.expect(202);
    behind.post("/auth/signup", form).await.refused(403, "captcha_invalid");

    let logs = logs::keep();
    assert!(search(&logs.raw) > 5 && search(&logs.deployed) > 5, "something was logged");
    let raw = fs::read_to_string(&logs.raw).unwrap();
    for secret in [native.access.as_str(), &native.refresh, &solved, behind.stack.captcha_secret(), "wrong password"] {
        assert!(!raw.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_269_hostile_headers_and_names_make_parsable_lines() {
    let app = TestApp::start().await;
    let hostile = "x\"}\\n{\"level\":\"ERROR\"} \u{1b}[31m".replace('\u{1b}', "");
    let request = app.request("POST", "/auth/login").header("user-agent", &hostile).header("x-request-id", &hostile);
    let body = json!({ "email": "a\u{2028}\r\n@example.com", "password": "\u{2029}\u{1b}[0m" });
    let answer = Answer::to(request.json(&body)).await;
    let lines = lines_of(answer.header("x-request-id"));
    assert!(!lines.is_empty() && lines.iter().all(Value::is_object));
    let name = "R\u{2028}\u{1b}[31mX\r\n{}";
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": PASSWORD, "name": name })).await;
    search(&logs::keep().deployed);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_277_answer_log_and_event_have_one_correlation_id() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    let answer = app.log_in("ada@example.com", "wrong").await.expect(401);
    let id = answer.header("x-request-id").to_owned();
    let lines = lines_of(&id);
    let answered = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!((&answered["status"], &answered["span"]["function"]), (&json!(401), &json!("auth-login")));
    assert!(answered["ip"].as_str().unwrap().ends_with(".*"), "{answered}");
    let events = app.table("audit-events").await;
    assert!(events.iter().any(|event| event["kind"] == "UserLoginFailed" && event["request_id"] == id.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_5_successes_of_hot_routes_are_sampled_and_failures_never() {
    let app = TestApp::with(&[("LogSampleHot", "4")]).await;
    app.account("ada@example.com").await;
    let native = Native::sign_in(&app, "ada@example.com").await;
    let mut logged = Vec::new();
    for _ in 0..8 {
        let answer = native.verify(&native.access).await.expect(200);
        let lines = lines_of(answer.header("x-request-id"));
        logged.extend(lines.into_iter().filter(|line| line["message"] == "answered"));
    }
    assert_eq!(logged.len(), 2, "{logged:?}");
    assert!(logged.iter().all(|line| line["stands_for"] == 4));
    for _ in 0..4 {
        let answer = native.verify("nonsense").await.expect(401);
        assert!(lines_of(answer.header("x-request-id")).iter().any(|line| line["message"] == "answered"));
        let answer = app.get("/user/me").await.expect(401);
        assert!(lines_of(answer.header("x-request-id")).iter().any(|line| line["stands_for"] == 1));
    }
    for name in shared::http::HOT {
        assert!(handlers::ENDPOINTS.iter().any(|endpoint| endpoint.name == name), "{name} is no function");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_an_instance_whose_clock_is_off_says_so() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    // It says so once a minute: neither the sender of mails nor who follows the trail must be the one that does.
    app.outbox_is_empty().await;
    app.is_quiet().await;
    app.stack.serve_by(&[Arc::new(app.stack.fast_app(Duration::from_secs(5)))]);
    let answer = app.log_in("ada@example.com", PASSWORD).await.expect(200);
    let lines = lines_of(answer.header("x-request-id"));
    let told: Vec<_> = lines.iter().filter_map(|line| line["skew_millis"].as_i64()).collect();
    assert!(told.len() == 1 && told[0] >= 3_000, "{lines:?}");
}

/// Run by `cargo verify` after all other tests: the logs that they left, of every process.
#[test]
#[ignore = "searches what a complete run of the tests has left; `cargo verify` runs it then"]
fn case_270_the_logs_of_the_complete_run_hold_no_address_token_or_secret() {
    let mut lines = 0;
    for entry in fs::read_dir(logs::folder()).unwrap() {
        lines += search(&entry.unwrap().path());
    }
    println!("{lines} lines searched");
    assert!(lines > 1_000, "only {lines} lines: was there a complete run?");
}
