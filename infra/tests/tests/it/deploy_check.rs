//! The check that CodeDeploy runs before new versions get calls: what it lets pass, what it does not, and that nothing of
//! the person whom it makes up remains.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use handlers::DEPLOY_CHECK;
use handlers::deploy::check::{self, Versions};
use serde_json::{Value, json};
use shared::environment::Environment;
use tests::TestApp;

/// What CodeDeploy sends.
fn order(execution: &str) -> Value {
    json!({ "DeploymentId": "d-8XKZ5JQ3B", "LifecycleEventHookExecutionId": execution })
}

/// Runs a check: what CodeDeploy was told, and the fault that was found.
async fn checked(app: &TestApp, execution: &str) -> (String, String) {
    let report = app.stack.invoke(DEPLOY_CHECK, order(execution)).await.unwrap();
    let told = app.stack.aws().hook_statuses().into_iter().find(|told| told.execution_id == execution).unwrap();
    assert_eq!(report["hasPassed"], told.status == "Succeeded");
    (told.status, report["fault"].as_str().unwrap_or_default().to_owned())
}

async fn passes(app: &TestApp, execution: &str) {
    assert_eq!(checked(app, execution).await, ("Succeeded".to_owned(), String::new()));
}

/// The fault that a check finds.
async fn fails(app: &TestApp, execution: &str) -> String {
    let (status, fault) = checked(app, execution).await;
    assert_eq!(status, "Failed");
    fault
}

/// Everything but the trail and what follows from it.
async fn people(app: &TestApp) -> Vec<Value> {
    let mut rows = Vec::new();
    for table in ["users", "logins", "organizations", "sessions", "challenges", "outbox"] {
        rows.extend(app.table(table).await);
    }
    rows.extend(app.table("settings").await.into_iter().filter(|row| row["kind"] == "synthetic"));
    rows.extend(app.table("attempts").await.into_iter().filter(is_of_an_account));
    rows
}

fn is_of_an_account(counter: &Value) -> bool {
    counter["key"].as_str().is_some_and(|key| key.starts_with("login#"))
}

/// An answer of API Gateway's format.
fn answer(status: u16, body: Value) -> Value {
    json!({ "statusCode": status, "headers": {}, "isBase64Encoded": false, "body": body.to_string() })
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_versions_that_sign_people_in_may_serve_and_nobody_is_left() {
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.outbox_is_empty().await;
    let before = people(&app).await;
    let mails = app.stack.aws().mailbox().list(None).len();
    let events = app.events().await.len();
    passes(&app, "first").await;
    assert_eq!(people(&app).await, before);
    assert_eq!(app.stack.aws().mailbox().list(None).len(), mails);
    let lived: Vec<String> = app.events().await.split_off(events);
    assert_eq!((lived.first().unwrap().as_str(), lived.last().unwrap().as_str()), ("UserCreated", "UserDeleted"));
    for kind in ["UserLoggedIn", "AuthSessionCreated", "UserLogout", "UserLoginFailed"] {
        assert!(lived.iter().any(|it| it == kind), "{lived:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_nobody_is_counted_and_nobody_is_told() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    app.at_noon();
    let mut admin = app.browser("root@example.com").await;
    let order = json!({ "url": app.receiver("crm"), "events": ["UserCreated", "UserDeleted", "UserLoggedIn"] });
    admin.send("POST", "/admin/webhooks", &order).await.expect(201);
    app.followed().await;
    let figures = async || admin.get("/admin/metrics/logins").await.expect(200).body;
    let before = figures().await;
    passes(&app, "counted").await;
    app.followed().await;
    app.deliveries_rest().await;
    let after = figures().await;
    for figure in before.as_object().unwrap().keys().filter(|name| !["at", "from", "to"].contains(&name.as_str())) {
        assert_eq!(after[figure], before[figure], "{figure}");
    }
    assert_eq!(app.table("deliveries").await.len(), 0);
    let at = app.stack.clock().now().to_string();
    let (from, before) = (at[..10].to_owned(), "9999");
    let counts = app.stack.app().store.events_of_day(&from, before).await.unwrap();
    assert_eq!(counts.by_kind.get("UserCreated"), Some(&1), "root, and nobody else");
    assert_eq!(counts.by_kind.get("UserDeleted"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_a_version_with_a_fault_is_stopped() {
    let app = TestApp::start().await;
    // Tokens that are good, but somebody else's.
    let ada = app.native("ada@example.com").await;
    let stranger = json!({ "status": "complete", "accessToken": ada.access, "refreshToken": ada.refresh });
    let internal = json!({ "code": "internal", "requestId": "some-request" });
    let wrong = |event: &Value| event["body"].as_str().is_some_and(|body| body.contains("not the password"));
    let good = json!({ "active": true, "userId": "somebody" });
    app.outbox_is_empty().await;
    let rest = people(&app).await;
    type Version = Box<dyn Fn(&Value) -> Option<Value> + Send + Sync>;
    let always = |status: u16, body: &Value| -> Version {
        let answer = answer(status, body.clone());
        Box::new(move |_| Some(answer.clone()))
    };
    let garbled = json!({ "accessToken": "a.b.c", "refreshToken": "x" });
    let cases: Vec<(&str, Version, &str)> = vec![
        ("auth-login", always(500, &internal), "auth-login answered 500 (code internal, request some-request)"),
        ("auth-login", always(200, &json!({})), "auth-login answered 200"),
        ("auth-login", always(200, &garbled), "keys-jwks answered"),
        ("auth-login", always(200, &stranger), "keys-jwks answered"),
        ("auth-login", Box::new(move |event| wrong(event).then(|| answer(200, json!({})))), "auth-login answered 200"),
        ("auth-login", Box::new(|_| Some(json!("nonsense"))), "auth-login answered 0"),
        ("keys-jwks", always(200, &json!({ "keys": [] })), "keys-jwks answered 200"),
        ("keys-jwks", always(200, &json!({})), "keys-jwks answered 200"),
        ("auth-verify-token", always(200, &good), "auth-verify-token answered 200"),
        ("auth-verify-token", always(401, &json!({ "code": "unauthenticated" })), "auth-verify-token answered 401"),
        ("authorizer", Box::new(|_| Some(json!({ "isAuthorized": true }))), "authorizer answered isAuthorized true"),
        ("authorizer", Box::new(|_| Some(json!({ "isAuthorized": false }))), "authorizer answered isAuthorized false"),
        ("auth-refresh", always(503, &json!({ "code": "unavailable" })), "auth-refresh answered 503"),
        ("auth-logout", always(204, &json!({})), "auth-verify-token answered 200"),
    ];
    for (number, (binary, version, expected)) in cases.into_iter().enumerate() {
        app.stack.publish(binary, version);
        let fault = fails(&app, &format!("case-{number}")).await;
        assert!(fault.starts_with(expected), "{number}: {fault}");
        assert_eq!(people(&app).await, rest, "{number}");
        app.stack.publish(binary, |_| None);
    }
    passes(&app, "after all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_what_does_not_answer_does_not_pass() {
    let app = TestApp::start().await;
    for (number, fault) in [
        json!({ "service": "kms", "operation": "Sign", "kind": "error" }),
        json!({ "service": "lambda", "kind": "error" }),
        json!({ "service": "lambda", "operation": "Invoke", "kind": "error", "skip": 8 }),
        json!({ "service": "dynamodb", "table": "sessions", "operation": "TransactWriteItems", "kind": "error", "times": 3 }),
        json!({ "service": "dynamodb", "table": "users", "kind": "error" }),
    ]
    .into_iter()
    .enumerate()
    {
        app.fault(fault.clone()).await;
        fails(&app, &format!("fault-{number}")).await;
        app.no_faults();
        assert_eq!(people(&app).await, Vec::<Value>::new(), "{fault}");
    }
    // Several checks at once may meet a limit of the account's: that passes.
    app.fault(json!({ "service": "lambda", "operation": "Invoke", "kind": "throttle", "times": 2 })).await;
    passes(&app, "throttled").await;
    // Who cannot be told is not told that all is well.
    app.fault(json!({ "service": "codedeploy", "kind": "error" })).await;
    let failed = app.stack.invoke(DEPLOY_CHECK, order("untold")).await.unwrap_err();
    assert!(failed.contains("CodeDeploy"), "{failed}");
    app.no_faults();
    assert!(app.stack.aws().hook_statuses().iter().all(|told| told.execution_id != "untold"));
    assert_eq!(people(&app).await, Vec::<Value>::new());
    // Its call comes again, and so may one whose answer was lost: the first word counts.
    passes(&app, "untold").await;
    passes(&app, "untold").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_checks_at_once_do_not_see_each_other() {
    let app = Arc::new(TestApp::start().await);
    let running = app.clone();
    let told = tests::at_once(6, move |number| {
        let app = running.clone();
        async move { checked(&app, &format!("at-once-{number}")).await }
    })
    .await;
    assert!(told.iter().all(|(status, _)| status == "Succeeded"), "{told:?}");
    assert_eq!(people(&app).await, Vec::<Value>::new());
}

fn versions(app: &TestApp) -> Versions {
    let functions = &app.stack.template().functions;
    let function = functions.iter().find(|function| function.binary == DEPLOY_CHECK).unwrap();
    let environment: Environment = function.environment.clone().into_iter().collect();
    Versions::read(&environment).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_what_a_check_leaves_that_died_the_next_removes() {
    let app = TestApp::start().await;
    // It dies with its session begun and its account signed in.
    app.fault(json!({ "service": "lambda", "operation": "Invoke", "kind": "delay", "delayMs": 60_000, "skip": 1 }))
        .await;
    let (instance, versions) = (app.stack.app(), versions(&app));
    let died = tokio::spawn(async move {
        let order = serde_json::from_value(order("died")).unwrap();
        check::handle(&instance, &versions, &order).await.map(drop)
    });
    while app.table("sessions").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    died.abort();
    assert!(died.await.unwrap_err().is_cancelled());
    app.no_faults();
    let left = app.table("users").await;
    assert_eq!((left.len(), &left[0]["roles"]), (1, &json!(["owner"])));
    assert_eq!(app.table("sessions").await.len(), 1);

    // It may still be at work.
    passes(&app, "soon").await;
    assert_eq!(app.table("users").await, left);
    app.advance(301);
    passes(&app, "later").await;
    assert_eq!(people(&app).await, Vec::<Value>::new());
    assert_eq!(app.count("UserDeleted").await, 3);
}

/// The table cannot be written for a while, so the account stays until the next check.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_an_account_that_cannot_be_removed_is_a_fault() {
    let app = TestApp::start().await;
    let removal = json!({ "service": "dynamodb", "table": "organizations", "kind": "error", "skip": 1 });
    app.fault(removal).await;
    assert!(fails(&app, "stuck").await.contains("DynamoDB"));
    app.no_faults();
    assert_eq!(app.table("users").await.len(), 1);
    app.advance(301);
    passes(&app, "unstuck").await;
    assert_eq!(people(&app).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_3_the_strictest_settings_do_not_stop_a_check() {
    let limits = [("LockAfter", "3"), ("SuspiciousAfter", "1"), ("RoutePerMinute", "1"), ("RouteBurst", "1")];
    let others = [("CaptchaProvider", "turnstile"), ("Profile", "asvs"), ("Edge", "cloudfront")];
    let app = TestApp::with(&[&limits[..], &others[..]].concat()).await;
    for execution in ["one", "two", "three"] {
        passes(&app, execution).await;
    }
    app.outbox_is_empty().await;
    assert_eq!(app.stack.aws().mailbox().list(None).len(), 0, "a warning of a failure has nowhere to go");
}

/// Whoever takes part in the life is held up by it, and nobody else is: others' versions may be the old ones.
#[test]
fn deploy_3_each_function_that_is_checked_waits_for_the_check() {
    let read = |id: &str, attribute: &str| Some(format!("{id}.{attribute}"));
    let template =
        template::Template::read(tests::TEMPLATE, &Default::default(), &read).unwrap_or_else(|it| panic!("{it}"));
    let check = template.functions.iter().find(|function| function.binary == DEPLOY_CHECK).unwrap();
    assert_eq!(check.deployment, None, "it would wait for itself");
    let guarded: BTreeSet<String> = template
        .functions
        .iter()
        .filter(|it| it.deployment.as_ref().is_some_and(|it| it.before.as_deref() == Some("DeployCheck.Ref")))
        .map(|it| format!("{}.Version", it.logical_id))
        .collect();
    let lived: BTreeSet<String> =
        check.environment.values().filter(|value| value.ends_with(".Version")).cloned().collect();
    assert_eq!((lived.len(), &guarded), (6, &lived));
}
