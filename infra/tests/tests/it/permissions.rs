//! Least privilege, seen from the calls: whatever a function is seen to ask of AWS, its policy in the template allows.
//!
//! The embedded AWS enforces no policies, so a missing right would show only after a deployment.

use std::collections::BTreeMap;

use embedded_aws::{Call, Service};
use serde_json::json;
use template::{Function, Statement};
use tests::{Browser, Native, PASSWORD, TestApp};

/// The IAM actions that would allow a call, one of which must be granted.
fn actions(call: &Call) -> Vec<String> {
    match (call.service, call.operation.as_str()) {
        // IAM checks a transaction's parts; the log does not tell which part touched which table.
        (Service::Dynamodb, "TransactWriteItems") => ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"]
            .map(|action| format!("dynamodb:{action}"))
            .to_vec(),
        (Service::Lambda, "Invoke") => vec!["lambda:InvokeFunction".to_owned()],
        (service, operation) => vec![format!("{service}:{operation}")],
    }
}

/// Whether a policy allows one of the actions on a table, or on a version of a function.
fn is_allowed(function: &Function, actions: &[String], what: Option<&str>) -> bool {
    let grants = |statement: &&Statement| {
        let is_about = |resource: &String| {
            what.is_none_or(|what| {
                let any_version = what.split_once(':').map(|(name, _)| format!(":function:{name}:*"));
                resource.ends_with(&format!("table/{what}"))
                    || resource.contains(&format!("table/{what}/index/"))
                    || resource.ends_with(&format!(":function:{what}"))
                    || any_version.is_some_and(|any| resource.ends_with(&any))
            })
        };
        statement.actions.iter().any(|action| actions.contains(action)) && statement.resources.iter().any(is_about)
    };
    // Of a key the log of calls does not tell which; so only what is named can be seen to be denied.
    let is_denied = what.is_some() && function.denials.iter().any(|statement| grants(&statement));
    function.policies.iter().any(|statement| grants(&statement)) && !is_denied
}

/// Everything that was asked of AWS for one function.
#[derive(Default)]
struct Seen(BTreeMap<String, Vec<Call>>);

impl Seen {
    async fn requests(&mut self, app: &TestApp) {
        let log = app.get("/_local/calls").await.body;
        for request in log["requests"].as_array().unwrap() {
            let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
            let routes = |function: &&Function| {
                function.routes.iter().any(|route| route.method == method && fits(&route.path, path))
            };
            let Some(function) = app.stack.template().functions.iter().find(routes) else { continue };
            let calls = app.stack.aws().calls().list(request["requestId"].as_str());
            self.0.entry(function.binary.clone()).or_default().extend(calls);
        }
    }

    async fn job(&mut self, app: &TestApp, name: &str, input: serde_json::Value) {
        let run = app.job(name, input).await;
        let calls = app.stack.aws().calls().list(run["runId"].as_str());
        self.0.entry(format!("jobs-{name}")).or_default().extend(calls);
    }
}

fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route.iter().zip(path).all(|(wanted, found)| wanted.starts_with('{') || *wanted == found)
}

/// Every form of the hosted pages, as far as it can be sent without its page.
async fn pages(app: &TestApp) {
    let mut cookies = String::new();
    let send = async |path: &str, form: &str, cookies: &str| {
        let request = app.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        tests::Answer::to(request.body(form.replace(' ', "+"))).await
    };
    let see = async |path: &str, cookies: &str| {
        let request = app.request("GET", path);
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        tests::Answer::to(request).await
    };
    let csrf = |page: &tests::Answer| {
        let after = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("{}", page.text));
        after.split('"').next().unwrap().to_owned()
    };
    let account = format!("email=flo@example.com&password={PASSWORD}");
    send("/signup", &format!("{account}&name=Flo"), &cookies).await.expect(303);
    app.advance(61);
    send("/verify-email/resend", "email=flo@example.com", &cookies).await.expect(303);
    let token = app.link("flo@example.com", "verify-email").await;
    send("/verify-email", &format!("token={token}"), &cookies).await.expect(303);
    send("/signup", &format!("{account}&name=Flo"), &cookies).await.expect(303);
    send("/forgot-password", "email=flo@example.com", &cookies).await.expect(303);
    let token = app.link("flo@example.com", "reset-password").await;
    send("/reset-password", &format!("token={token}&password={PASSWORD}2"), &cookies).await.expect(303);
    let log_in = format!("email=flo@example.com&password={PASSWORD}2");
    for _ in 0..7 {
        send("/login", "email=flo@example.com&password=wrong", &cookies).await;
    }
    let token = app.link("flo@example.com", "unlock").await;
    send("/unlock", &format!("token={token}"), &cookies).await.expect(303);
    app.fault(json!({ "service": "kms", "operation": "Sign", "kind": "error" })).await;
    send("/login", &log_in, &cookies).await;
    app.no_faults();
    let answer = send("/login", &log_in, &cookies).await.expect(303);
    cookies =
        answer.cookies().iter().map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    app.log_in("flo@example.com", &format!("{PASSWORD}2")).await.expect(200);
    let page = see("/account", &cookies).await.expect(200);
    let other = page.text.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let end = format!("csrf={}&session={other}", csrf(&page));
    send("/account/sessions", &end, &cookies).await.expect(303);
    let page = see("/account/password", &cookies).await.expect(200);
    let change = format!("csrf={}&current={PASSWORD}2&password={PASSWORD}", csrf(&page));
    send("/account/password", &change, &cookies).await.expect(303);
    app.advance(61);
    let page = see("/auth/resume", &cookies).await.expect(200);
    send("/auth/resume", &format!("csrf={}", csrf(&page)), &cookies).await.expect(303);
    let page = see("/auth/sign-out", &cookies).await.expect(200);
    send("/auth/sign-out", &format!("csrf={}", csrf(&page)), &cookies).await.expect(303);
    let answer = send("/login", &format!("email=flo@example.com&password={PASSWORD}"), "").await.expect(303);
    cookies =
        answer.cookies().iter().map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let page = see("/account", &cookies).await.expect(200);
    send("/account/sessions", &format!("csrf={}&others=yes", csrf(&page)), &cookies).await.expect(303);
}

/// Everything that administrators do about them, and a scrape.
async fn webhooks_and_metrics(app: &TestApp, admin: &mut Browser<'_>) {
    let order = json!({ "url": app.receiver("crm"), "events": ["AlertChannelSet"] });
    let id = admin.send("POST", "/admin/webhooks", &order).await.expect(201).text_of("id");
    admin.post(&format!("/admin/webhooks/{id}/rotate-secret")).await.expect(200);
    let slack = json!({ "url": app.receiver("slack") });
    admin.send("PUT", "/admin/alert-channels/slack", &slack).await.expect(200);
    admin.send("DELETE", "/admin/alert-channels/slack", &json!(null)).await.expect(204);
    app.followed().await;
    app.deliveries_rest().await;
    let log = admin.get(&format!("/admin/webhooks/{id}/deliveries")).await.expect(200);
    let delivery = log.body["deliveries"][0]["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/admin/webhooks/{id}/deliveries/{delivery}/redeliver")).await.expect(202);
    for path in ["webhooks", "alert-channels", "metrics/logins", "reports/compliance", "reports/security"] {
        admin.get(&format!("/admin/{path}")).await.expect(200);
    }
    let scrape = app.request("GET", "/metrics").bearer_auth(app.stack.metrics_token());
    tests::Answer::to(scrape).await.expect(200);
    let order = json!({ "url": app.receiver("gone"), "events": ["*"] });
    let gone = admin.send("POST", "/admin/webhooks", &order).await.expect(201).text_of("id");
    admin.send("DELETE", &format!("/admin/webhooks/{gone}"), &json!(null)).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_1_every_function_may_do_what_it_is_seen_to_do() {
    let app = TestApp::with(&[("AdminEmails", "root@example.com")]).await;
    let mut seen = Seen::default();
    // The whole life, the ways that fail, and the ways that are rare.
    for name in ["Eve", "Mallory"] {
        app.post("/auth/signup", json!({ "email": "eve@example.com", "password": PASSWORD, "name": name })).await;
    }
    app.account("ada@example.com").await;
    app.post("/auth/signup", json!({ "email": "ada@example.com", "password": PASSWORD, "name": "X" })).await;
    app.sign_up("bob@example.com").await;
    app.advance(61);
    app.post("/auth/verify-email/resend", json!({ "email": "bob@example.com" })).await;
    app.get("/auth/organizations/slug-available/engines").await;
    app.post("/auth/login", json!({ "email": "ada@example.com", "password": "wrong" })).await;
    let mut native = Native::sign_in(&app, "ada@example.com").await;
    app.fault(json!({ "service": "kms", "operation": "Sign", "kind": "error" })).await;
    app.post("/auth/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await;
    app.no_faults();
    let old = native.refresh.clone();
    app.advance(61);
    native.refresh().await;
    native.verify(&native.access).await;
    tests::Answer::to(app.request("GET", "/user/me").bearer_auth(&native.access)).await;
    let mut browser = Browser::sign_in(&app, "ada@example.com").await;
    browser.post("/auth/logout").await;
    app.advance(31);
    native.present(&old).await.expect(401);
    native.present(&old).await.expect(401);
    let native = Native::sign_in(&app, "ada@example.com").await;
    tests::Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&native.access)).await.expect(204);
    for _ in 0..6 {
        app.log_in("ada@example.com", "wrong").await;
    }
    app.log_in("ada@example.com", "wrong").await.expect(423);
    let token = app.link("ada@example.com", "unlock").await;
    app.post("/auth/unlock", json!({ "token": token })).await.expect(200);
    let mut admin = app.browser("root@example.com").await;
    let unlock = json!({ "email": "ada@example.com", "reason": "asked" });
    admin.send("POST", "/admin/unlock-account", &unlock).await.expect(200);
    for query in ["", "?email=ada@example.com", "?action=UserLoggedIn", "?ip=192.0.2.1", "?requestId=some-request"] {
        admin.get(&format!("/admin/audit-logs{query}")).await.expect(200);
    }
    admin.get("/admin/audit-logs/export?format=csv&userId=01a1fc34-ef94-7ec0-8000-000000000000").await.expect(200);
    seen.job(&app, "sign-audit-checkpoint", json!({})).await;
    let id = native.session["userId"].as_str().unwrap().to_owned();
    let erasure = json!({ "reason": "asked" });
    admin.send("POST", &format!("/admin/users/{id}/erase-audit"), &erasure).await.expect(200);
    let off = json!({ "enabled": false, "reason": "asked" });
    admin.send("PUT", "/admin/jobs/jobs-daily-report", &off).await.expect(200);
    admin.get("/admin/jobs").await.expect(200);
    let mut other = app.browser("mallory@example.com").await;
    other.send("POST", "/admin/unlock-account", &unlock).await.expect(403);
    other.get("/user/sessions").await.expect(200);
    app.advance(61);
    other.send("DELETE", "/user/sessions", &json!({})).await.expect(200);
    let ended = Browser::sign_in(&app, "mallory@example.com").await;
    let id = ended.get("/auth/verify-token").await.expect(200).text_of("sessionId");
    other.send("DELETE", &format!("/user/sessions/{id}"), &json!({})).await.expect(204);
    let ended = Browser::sign_in(&app, "mallory@example.com").await.get("/auth/verify-token").await.expect(200);
    let path = format!("/admin/sessions/{}/{}", ended.text_of("userId"), ended.text_of("sessionId"));
    admin.send("DELETE", &path, &json!({})).await.expect(204);
    for (filter, status) in [("", 200), ("?email=ada@example.com", 200)] {
        admin.get(&format!("/admin/sessions{filter}")).await.expect(status);
        other.get(&format!("/admin/sessions{filter}")).await.expect(403);
    }
    admin.get("/admin/metrics/sessions").await.expect(200);
    other.get("/admin/metrics/sessions").await.expect(403);
    other.get("/admin/jobs").await.expect(403);
    webhooks_and_metrics(&app, &mut admin).await;
    seen.requests(&app).await;
    for email in ["ada@example.com", "nobody@example.com"] {
        app.post("/auth/password/forgot", json!({ "email": email })).await.expect(202);
    }
    let new = "Nine quiet rivers, 2 old maps";
    let token = app.link("ada@example.com", "reset-password").await;
    app.post("/auth/password/reset", json!({ "token": token, "password": new })).await.expect(200);
    for current in ["wrong", PASSWORD] {
        let form = json!({ "currentPassword": current, "newPassword": new });
        admin.send("POST", "/auth/password/change", &form).await;
    }
    pages(&app).await;
    seen.requests(&app).await;
    app.get("/openapi.json").await;
    for path in
        ["/assets/pages.css", "/health/auth", "/.well-known/jwks.json", "/.well-known/openid-configuration", "/nowhere"]
    {
        app.get(path).await;
        app.advance(61);
    }
    seen.requests(&app).await;
    let behind = TestApp::with(&[("CaptchaProvider", "turnstile"), ("CaptchaOnOutage", "open")]).await;
    for email in ["ada@example.com", "eve@example.com"] {
        let solved = behind.solved(json!({})).await;
        let form = json!({ "email": email, "password": PASSWORD, "name": "X", "captchaToken": solved });
        behind.post("/auth/signup", form).await.expect(202);
        behind.fault(json!({ "service": "captcha", "kind": "error" })).await;
    }
    seen.requests(&behind).await;

    app.fault(json!({ "service": "ses", "kind": "error" })).await;
    app.post("/auth/signup", json!({ "email": "cyd@example.com", "password": PASSWORD, "name": "Cyd" })).await;
    app.advance(3600);
    app.no_faults();
    seen.job(&app, "retry-mail", json!({})).await;
    app.advance(31 * 86_400);
    for _ in 0..3 {
        seen.job(&app, "rotate-keys", json!({})).await;
        app.advance(3600);
    }
    seen.job(&app, "expire-sessions", json!({})).await;
    seen.job(&app, "count-sessions", json!({})).await;
    app.advance(91 * 86_400);
    seen.job(&app, "sign-audit-checkpoint", json!({})).await;
    seen.job(&app, "purge-audit", json!({})).await;
    app.advance(5 * 86_400);
    seen.job(&app, "sign-audit-checkpoint", json!({})).await;
    seen.job(&app, "purge-audit", json!({})).await;
    seen.job(&app, "daily-report", json!({})).await;
    for trouble in [true, false] {
        if trouble {
            app.fault(json!({ "service": "dynamodb", "table": "signing-keys", "kind": "error" })).await;
        }
        seen.job(&app, "monitor-jwks", json!({})).await;
        app.no_faults();
    }
    seen.job(&app, "check-backups", json!({})).await;
    seen.job(&app, "retry-webhooks", json!({})).await;
    seen.job(&app, "spike-detector", json!({})).await;
    let order = json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "once" });
    let check = app.stack.invoke(handlers::DEPLOY_CHECK, order).await.unwrap();
    assert_eq!(check["hasPassed"], true, "{check}");
    let calls = app.stack.aws().calls().list(check["runId"].as_str());
    seen.0.insert(handlers::DEPLOY_CHECK.to_owned(), calls);
    for job in handlers::JOBS {
        assert!(seen.0.contains_key(job.name), "{} was not seen", job.name);
    }
    let at = json!({ "source": "aws.scheduler", "time": app.stack.clock().now().to_string() });
    seen.job(&app, "daily-report", at).await;

    for (name, calls) in &seen.0 {
        let function = app.stack.template().functions.iter().find(|function| function.binary == *name).unwrap();
        for call in calls {
            let named: Vec<&str> = call.tables.iter().chain(&call.function).map(String::as_str).collect();
            let about = if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() };
            for what in about {
                assert!(is_allowed(function, &actions(call), what), "{name} may not {} {what:?}", call.operation);
            }
        }
    }
    let routes = app
        .stack
        .template()
        .functions
        .iter()
        .filter(|function| !function.routes.is_empty() && function.binary != "http-fallback");
    for function in routes {
        assert!(seen.0.contains_key(&function.binary), "{} was not seen", function.binary);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_3_those_and_only_those_who_gather_may_write_counters() {
    let app = TestApp::start().await;
    let may =
        |function: &&Function| is_allowed(function, &["dynamodb:UpdateItem".to_owned()], Some("postern-local-metrics"));
    let mut writers: Vec<&str> =
        app.stack.template().functions.iter().filter(may).map(|it| it.binary.as_str()).collect();
    writers.sort_unstable();
    let mut expected: Vec<&str> =
        shared::metrics::GATHERING.into_iter().filter(|it| *it != shared::metrics::DELIVERING).collect();
    expected.extend(["jobs-follow-events", "jobs-send-webhooks", "jobs-retry-webhooks"]);
    expected.sort_unstable();
    assert_eq!(writers, expected);
}
