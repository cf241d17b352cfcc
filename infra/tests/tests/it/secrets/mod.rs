//! The service's own secrets: rotation without an honest refusal, and the days of CSRF tokens (KEYS-4, F42, F49).

mod refusals;
mod versions;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::TestApp;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;
/// How long a version is published before it is used.
const SETTLE: u64 = 10 * MINUTE;
/// How long it stays afterwards: 180 days and the begun one for device cookies, an hour for late readers, a day to spare.
const KEEP: u64 = 182 * DAY + 3600;

/// A stack whose first version is old enough for a second one.
async fn settled() -> TestApp {
    let app = TestApp::start().await;
    app.advance(SETTLE);
    app
}

/// Runs the job by hand: there is a second version from now on.
async fn rotate(app: &TestApp) {
    assert_eq!(run(app, json!({ "action": "rotate-secrets" })).await, ["created secrets/2"]);
}

/// What a run of the job did with the secrets.
async fn run(app: &TestApp, input: Value) -> Vec<String> {
    let run = app.job("rotate-keys", input).await;
    let steps = run["report"]["steps"].as_array().unwrap_or_else(|| panic!("{run}")).clone();
    steps.iter().filter_map(Value::as_str).filter(|step| step.contains("secrets/")).map(str::to_owned).collect()
}

/// The versions that the table holds.
async fn versions(app: &TestApp) -> Vec<u64> {
    let keys = app.table("signing-keys").await;
    let secrets = keys.iter().filter(|item| item["ring"] == "secrets");
    let mut versions: Vec<u64> = secrets.map(|item| item["version"].as_f64().unwrap() as u64).collect();
    versions.sort_unstable();
    versions
}

fn bytes_of(refresh_token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(refresh_token.strip_prefix("prt_").unwrap()).unwrap()
}

fn version_of(refresh_token: &str) -> u8 {
    bytes_of(refresh_token)[0]
}

/// A token of the right shape that says it is of a version, as somebody could make it up.
fn forged(refresh_token: &str, version: u8) -> String {
    let mut bytes = bytes_of(refresh_token);
    bytes[0] = version;
    format!("prt_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// How many events tell of a step of a key.
fn told(events: &[Value], step: &str, target: &str) -> usize {
    events.iter().filter(|event| event["target"] == target && event["detail"]["step"] == step).count()
}
