//! The functions' own processes, behind the Runtime API of `infra/runtime`, with the embedded AWS at their endpoint settings and
//! the sample events of `events/` as what they are called with. All else in this crate calls the same code without a process
//! around it; what only a process has (its variables, its cold start, its outputs, its end) is looked at here.
//!
//! `cargo verify --only binaries` builds the binaries named in `infra/xtask/src/verify/binaries.rs` first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use runtime::{Failed, Function, Instance};
use serde_json::{Value, json};
use tests::functions::{built, packaged};
use tests::{Answer, Sample, TestApp, token_in};

use crate::run_logs::forbidden;

/// Whom the samples tell of, and the password that they give her.
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// A deployment that the samples were made for.
const PARAMETERS: [(&str, &str); 4] = [
    ("Stage", "production"),
    ("PublicUrl", "https://auth.example.com"),
    ("FrontendOrigins", "https://app.example.com"),
    ("AppUrl", "https://app.example.com"),
];

/// A process for each function that was called, and the places in the streams that were handed over.
struct Fleet {
    app: TestApp,
    running: BTreeMap<&'static str, Instance>,
    positions: BTreeMap<&'static str, String>,
}

impl Fleet {
    async fn start() -> Self {
        let mut app = TestApp::with(&PARAMETERS).await;
        app.stack.leave_streams().await;
        Self { app, running: BTreeMap::new(), positions: BTreeMap::new() }
    }

    /// Calls a function that is to take the event; the first call is a cold start.
    async fn call(&mut self, name: &'static str, sample: &Sample) -> Value {
        let instance = match self.running.entry(name) {
            Entry::Occupied(running) => running.into_mut(),
            Entry::Vacant(none) => none.insert(started(self.app.function(name, packaged(name))).await),
        };
        let invoked = instance.invoke(sample.event()).await.unwrap_or_else(|failed| panic!("{name}: {failed}"));
        assert!(invoked.took > Duration::ZERO);
        invoked.answer
    }

    async fn answer(&mut self, name: &'static str, sample: &Sample) -> Answer {
        Answer::of_function(&self.call(name, sample).await)
    }

    /// Hands the records that are new in a consumer's stream to its process, as its event source mapping would. How many it
    /// took.
    async fn hand_over(&mut self, consumer: &'static str) -> usize {
        let template = self.app.stack.template();
        let function = template.functions.iter().find(|function| function.binary == consumer).unwrap();
        let source = function.streams[0].clone();
        let table = template.tables.iter().find(|table| table.logical_id == source.table).unwrap().name.clone();
        let mut taken = 0;
        loop {
            let after = self.positions.get(consumer).cloned();
            let limit = usize::try_from(source.batch_size).unwrap();
            let records = self.app.stack.aws().stream_records(&table, after.as_deref(), limit).await.unwrap();
            let Some(last) = records.last() else { return taken };
            self.positions.insert(consumer, last["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned());
            let is_wanted = |record: &Value| source.changes.iter().any(|change| record["eventName"] == **change);
            let wanted: Vec<Value> = records.into_iter().filter(is_wanted).collect();
            if !wanted.is_empty() {
                taken += wanted.len();
                let answer = self.call(consumer, &Sample::of(consumer).of_records(&wanted)).await;
                assert_eq!(answer["batchItemFailures"], json!([]), "{consumer}");
            }
        }
    }

    /// Ends all processes, and searches what they have written.
    async fn end(self) -> usize {
        let mut lines = 0;
        for (name, instance) in self.running {
            assert!(instance.init_time() > Duration::ZERO);
            assert!(instance.peak_memory().is_some_and(|bytes| bytes > 1_000_000), "{name}");
            let (_, log) = instance.stop().await.unwrap();
            lines += log.len();
            log.iter().for_each(|line| assert_clean(line));
        }
        lines
    }
}

async fn started(function: Function) -> Instance {
    let binary = function.binary.clone();
    assert!(binary.exists(), "{} is not built: run `cargo verify --only binaries`", binary.display());
    Instance::start(function).await.unwrap_or_else(|failed| panic!("{}: {failed}", binary.display()))
}

/// A line is JSON, and holds no address, token or password.
fn assert_clean(line: &str) {
    assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "not JSON: {line}");
    assert_eq!(forbidden(line), None, "{line}");
    assert!(!line.contains(PASSWORD), "{line}");
}

fn keep(cookies: &mut BTreeMap<String, String>, answer: &Answer) {
    cookies.extend(answer.cookies().into_iter().map(|(name, (value, _))| (name, value)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only binaries"]
async fn an_account_lives_from_sign_up_to_sign_out_in_the_functions_own_processes() {
    let mut fleet = Fleet::start().await;
    let run = fleet.call("jobs-rotate-keys", &Sample::of("jobs-rotate-keys")).await;
    assert_eq!(run["outcome"], "done", "{run}");
    let keys = fleet.answer("keys-jwks", &Sample::of("keys-jwks")).await.expect(200);
    assert!(keys.body["keys"].as_array().is_some_and(|keys| !keys.is_empty()), "{}", keys.text);

    fleet.answer("auth-signup", &Sample::of("auth-signup")).await.expect(202);
    fleet.answer("auth-login", &Sample::of("auth-login")).await.refused(403, "email_not_verified");
    assert!(fleet.hand_over("jobs-send-mail").await >= 1);
    let token = token_in(&fleet.app.mails(EMAIL)[0]);
    fleet.answer("auth-verify-email", &Sample::of("auth-verify-email").saying("token", &token)).await.expect(200);
    fleet.hand_over("jobs-send-mail").await;
    assert!(fleet.app.mails(EMAIL)[0].contains("your account is ready"), "{:?}", fleet.app.mails(EMAIL));

    let page = fleet.answer("pages", &Sample::of("pages")).await.expect(200);
    assert!(page.text.starts_with("<!doctype html>") && page.header("content-type").starts_with("text/html"));
    let mut cookies = BTreeMap::new();
    keep(&mut cookies, &fleet.answer("auth-login", &Sample::of("auth-login")).await.expect(200));
    fleet.answer("auth-verify-token", &Sample::of("auth-verify-token").carrying(&cookies)).await.expect(204);
    let bearer = format!("Bearer {}", cookies["__Host-postern_v1_access"]);
    let asked = Sample::of("authorizer").with("/identitySource", json!([bearer]));
    let let_in = fleet.call("authorizer", &asked).await;
    assert_eq!((&let_in["isAuthorized"], &let_in["context"]["roles"]), (&json!(true), &json!("owner")), "{let_in}");

    let csrf = fleet.answer("auth-csrf", &Sample::of("auth-csrf").carrying(&cookies)).await.expect(200);
    let changing = |name: &str, cookies: &BTreeMap<String, String>| {
        Sample::of(name).carrying(cookies).with("/headers/x-csrf-token", json!(csrf.text_of("csrfToken")))
    };
    fleet.answer("auth-refresh", &Sample::of("auth-refresh").carrying(&cookies)).await.refused(403, "csrf_invalid");
    let kept = fleet.answer("auth-refresh", &changing("auth-refresh", &cookies)).await.expect(200);
    assert_eq!(kept.body["rotated"], false, "{}", kept.text);
    // The processes have the machine's clock, which no test moves: the session is made older instead.
    let session = fleet.app.table("sessions").await[0].clone();
    let minutes_ago = session["rotated_at"].as_f64().unwrap() as i64 - 120_000;
    let id = session["session_id"].as_str().unwrap();
    fleet.app.set_number("sessions", "session_id", id, "rotated_at", minutes_ago).await;
    let rotated = fleet.answer("auth-refresh", &changing("auth-refresh", &cookies)).await.expect(200);
    assert_eq!(rotated.body["rotated"], true, "{}", rotated.text);
    keep(&mut cookies, &rotated);

    let change = changing("auth-password-change", &cookies);
    keep(&mut cookies, &fleet.answer("auth-password-change", &change).await.expect(200));
    fleet.answer("auth-login", &Sample::of("auth-login")).await.refused(401, "invalid_credentials");
    let sign_in = Sample::of("auth-login").saying("password", "eight foggy lanterns");
    fleet.answer("auth-login", &sign_in).await.expect(200);

    // Signing out here and everywhere, with a CSRF token for the session that the change of the password renewed.
    let csrf = fleet.answer("auth-csrf", &Sample::of("auth-csrf").carrying(&cookies)).await.expect(200);
    let sign_out = changing("auth-logout", &cookies).with("/headers/x-csrf-token", json!(csrf.text_of("csrfToken")));
    fleet.answer("auth-logout", &sign_out).await.expect(204);
    let ended = fleet.answer("auth-verify-token", &Sample::of("auth-verify-token").carrying(&cookies)).await;
    assert_eq!(ended.status, 401);
    let asked = Sample::of("authorizer")
        .with("/identitySource", json!([format!("Bearer {}", cookies["__Host-postern_v1_access"])]));
    assert_eq!(fleet.call("authorizer", &asked).await["isAuthorized"], false);

    assert!(fleet.hand_over("jobs-chain-audit").await >= 8);
    fleet.app.trail_is_chained().await;
    assert!(fleet.end().await >= 10, "something was logged");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only binaries"]
async fn case_305_a_function_with_a_broken_configuration_tells_lambda_all_that_is_wrong_and_serves_nothing() {
    let app = TestApp::with(&PARAMETERS).await;
    let mut function = app.function("keys-jwks", built("keys-jwks"));
    function.environment.insert("PUBLIC_URL".to_owned(), String::new());
    function.environment.insert("MAIL_FROM".to_owned(), "nobody".to_owned());
    let failed = Instance::start(function.clone()).await.err().unwrap();
    let Failed::Init { fault, log } = failed else { panic!("{failed}") };
    assert_eq!(fault.error_type, "Runtime.InitError");
    for name in ["PUBLIC_URL", "MAIL_FROM"] {
        assert!(fault.error_message.contains(name), "{fault}");
        assert!(log.iter().any(|line| line.contains(name)), "{log:?}");
    }
    log.iter().for_each(|line| assert_clean(line));

    // A deployment without credentials, for which there is no parameter.
    function.environment = app.stack.environment_of("keys-jwks").unwrap();
    function.environment.remove("AWS_ACCESS_KEY_ID");
    let failed = Instance::start(function).await.err().unwrap();
    assert!(failed.to_string().contains("AWS_ACCESS_KEY_ID"), "{failed}");
}

/// What a process does with a mistake in its code. It has the shell of all functions, and the environment of one.
fn misbehaving(app: &TestApp) -> Function {
    app.function("pages", built("examples").join("misbehaving"))
}

fn told_to(what: &str) -> Value {
    let mut event = Sample::of("pages").event().clone();
    event["rawQueryString"] = json!(format!("do={what}"));
    event["queryStringParameters"] = json!({ "do": what });
    event
}

async fn is_well(instance: &mut Instance) {
    let answer = instance.invoke(&told_to("nothing")).await.unwrap_or_else(|failed| panic!("{failed}")).answer;
    assert_eq!(answer["statusCode"], 204, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only binaries"]
async fn a_panic_fails_one_request_and_the_next_is_served() {
    let app = TestApp::with(&PARAMETERS).await;
    let mut instance = started(misbehaving(&app)).await;
    is_well(&mut instance).await;
    // API Gateway makes a 500 of every failed call.
    let failed = instance.invoke(&told_to("panic")).await.unwrap_err();
    assert!(matches!(&failed, Failed::Function(fault) if fault.error_message.contains("panicked")), "{failed}");
    is_well(&mut instance).await;

    // An answer that Lambda does not take fails no other, either.
    let failed = instance.invoke(&told_to("flood")).await.unwrap_err();
    assert!(matches!(failed, Failed::TooLarge), "{failed}");
    is_well(&mut instance).await;

    let (_, log) = instance.stop().await.unwrap();
    log.iter().for_each(|line| assert_clean(line));
    let told = log.iter().find(|line| line.contains("panicked")).unwrap();
    assert!(told.contains("a…@example.com") && told.contains("misbehaving.rs"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cargo verify --only binaries"]
async fn a_process_that_ends_or_hangs_is_told_apart_from_one_that_fails() {
    let app = TestApp::with(&PARAMETERS).await;
    let failed = started(misbehaving(&app)).await.invoke(&told_to("exit")).await.unwrap_err();
    assert!(matches!(failed, Failed::Exited { status, .. } if status.code() == Some(7)), "{failed}");

    let hurried = Function { timeout: Duration::from_millis(300), ..misbehaving(&app) };
    let failed = started(hurried).await.invoke(&told_to("hang")).await.unwrap_err();
    assert!(matches!(failed, Failed::TimedOut(_)), "{failed}");
    // With Lambda's time at hand, our own deadline comes first: the caller is told when to come again.
    let answer = started(misbehaving(&app)).await.invoke(&told_to("hang")).await.unwrap().answer;
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert!(Answer::of_function(&answer).header("retry-after").parse::<u64>().is_ok(), "{answer}");
}
