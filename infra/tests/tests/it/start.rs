//! Starting the stack: what stops it is one clear message, and what it kept is there again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use local::{Options, Stack};
use serde_json::json;
use shared::email::Email;

fn options() -> Options {
    let template = include_str!("../../../../template.yaml").to_owned();
    Options {
        template,
        parameters: BTreeMap::new(),
        port: 0,
        data_dir: None,
        elsewhere: None,
        schedules: false,
        samples: true,
    }
}

async fn refusal(options: Options) -> String {
    Stack::start(options).await.err().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let message = refusal(Options { port, ..options() }).await;
    assert_eq!(message, format!("port {port} is taken; choose another with --port"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_template_is_told_by_place() {
    let message = refusal(Options { template: "Resources: [".to_owned(), ..options() }).await;
    assert!(message.contains("not YAML"), "{message}");
    let template = options().template.replace("rate(1 minute)", "rate(1 minuts)");
    let message = refusal(Options { template, ..options() }).await;
    assert!(message.contains("JobsRetryMail") && message.contains("minuts"), "{message}");
    let template = options().template.replace("Binary: user-me", "Binary: user-you");
    assert!(refusal(Options { template, ..options() }).await.contains("without code: user-you"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_2_broken_settings_are_all_named() {
    let settings = [("PublicUrl", "https://a@b"), ("MailFrom", "no..body@x"), ("FrontendOrigins", "https://a@b")];
    let parameters = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let message = refusal(Options { parameters, ..options() }).await;
    assert!(["PUBLIC_URL", "MAIL_FROM", "FRONTEND_ORIGINS"].iter().all(|name| message.contains(name)), "{message}");
    let parameters = BTreeMap::from([("Nope".to_owned(), "1".to_owned())]);
    assert!(refusal(Options { parameters, ..options() }).await.contains("Nope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_there_after_a_restart() {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("postern-{}", shared::id::fresh(shared::clock::Clock::system().now())));
    std::fs::create_dir_all(&folder).unwrap();
    let kept = || Options { data_dir: Some(folder.clone()), ..options() };
    let stack = Stack::start(kept()).await.unwrap();
    let [(email, password, _), _] = stack.sample_accounts().try_into().unwrap();
    drop(stack);

    let stack = Stack::start(kept()).await.unwrap();
    let address = Email::parse(&email).unwrap();
    assert!(stack.app().store.login_by_email(&address).await.unwrap().is_some_and(|login| login.email_verified));
    let login = json!({ "email": email, "password": password });
    let event = json!({ "version": "2.0", "routeKey": "POST /auth/login", "rawPath": "/auth/login", "rawQueryString": "",
        "headers": { "content-type": "application/json" }, "body": login.to_string(), "isBase64Encoded": false,
        "requestContext": { "http": { "method": "POST", "path": "/auth/login", "sourceIp": "127.0.0.1" }, "timeEpoch": 0 } });
    let answer = stack.invoke("auth-login", event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    drop(stack);
    std::fs::remove_dir_all(folder).unwrap();
}
