//! The stack's functions behind Lambda's own API, as a program outside of the stack reaches them.

use serde_json::{Value, json};
use tests::TestApp;

/// Asks Lambda as an SDK would: status, the function's error if there is one, and the body.
async fn ask(app: &TestApp, method: &str, path: &str, body: Value) -> (u16, Option<String>, Value) {
    let url = format!("{}/2015-03-31/functions{path}", app.stack.aws().endpoint());
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = reqwest::Client::new().request(method, url);
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    let answer = request.send().await.unwrap();
    let error = answer.headers().get("x-amz-function-error").map(|it| it.to_str().unwrap().to_owned());
    (answer.status().as_u16(), error, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_the_template_is_found_by_its_tags() {
    let app = TestApp::start().await;
    let mut names = Vec::new();
    let mut page = String::new();
    loop {
        let (_, _, listed) = ask(&app, "GET", &format!("?{page}"), Value::Null).await;
        names.extend(
            listed["Functions"].as_array().unwrap().iter().map(|it| it["FunctionName"].as_str().unwrap().to_owned()),
        );
        let Some(marker) = listed["NextMarker"].as_str() else { break };
        page = format!("Marker={marker}");
    }
    let functions = &app.stack.template().functions;
    assert_eq!(names.len(), functions.len());
    let mut logical_ids = Vec::new();
    for name in &names {
        let (_, _, function) = ask(&app, "GET", &format!("/{name}"), Value::Null).await;
        let tag = |tag: &str| function["Tags"][format!("aws:cloudformation:{tag}")].as_str().unwrap().to_owned();
        assert_eq!(tag("stack-name"), "postern-local");
        assert_eq!(function["Configuration"]["Environment"]["Variables"]["STACK_NAME"], "postern-local");
        logical_ids.push(tag("logical-id"));
    }
    logical_ids.sort();
    assert_eq!(logical_ids, functions.iter().map(|it| it.logical_id.clone()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_run_through_lambda_and_tells_what_it_refuses() {
    let app = TestApp::start().await;
    let (_, _, listed) = ask(&app, "GET", "?MaxItems=50", Value::Null).await;
    let is_meant = |it: &&Value| it["FunctionName"].as_str().unwrap().starts_with("postern-local-JobsRotateKeys-");
    let name = listed["Functions"].as_array().unwrap().iter().find(is_meant).unwrap()["FunctionName"].clone();
    let path = format!("/{}/invocations", name.as_str().unwrap());
    let (status, error, run) = ask(&app, "POST", &path, json!({})).await;
    assert_eq!((status, error, &run["outcome"]), (200, None, &json!("done")));
    let (status, error, failed) = ask(&app, "POST", &path, json!({ "action": "rotate-kyes" })).await;
    assert_eq!((status, error.as_deref()), (200, Some("Unhandled")));
    assert!(failed["errorMessage"].as_str().unwrap().contains("rotate-kyes"), "{failed}");
    let calls = app.get("/_local/calls").await.expect(200).body["calls"].take();
    let invoked = calls.as_array().unwrap().iter().filter(|it| it["service"] == "lambda" && it["function"] == name);
    assert_eq!(invoked.count(), 2);
}
