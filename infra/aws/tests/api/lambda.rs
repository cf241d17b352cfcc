//! Lambda: functions that a test brings, behind Lambda's own API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use embedded_aws::{DeployedFunction, Fault, FaultKind, FunctionError, Service};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::client::Client;

const API: &str = "/2015-03-31/functions";

/// Functions that answer with their event and version; one that fails, and one that takes too long.
async fn client(count: usize) -> (Client, mpsc::UnboundedReceiver<Value>) {
    let client = Client::start().await;
    let names = (0..count).map(|n| format!("F{n:02}")).chain(["Fails".to_owned(), "Sleeps".to_owned()]);
    let functions = names.map(|name| DeployedFunction {
        environment: BTreeMap::from([("STAGE".to_owned(), "test".to_owned())]),
        timeout: Duration::from_millis(1_000),
        alias: Some("live".to_owned()),
        ..DeployedFunction::of_stack("stack", &name)
    });
    let (seen, events) = mpsc::unbounded_channel();
    let run = Arc::new(move |invocation: embedded_aws::Invocation| {
        let seen = seen.clone();
        let running: std::pin::Pin<Box<dyn Future<Output = embedded_aws::Invoked> + Send>> = Box::pin(async move {
            seen.send(invocation.event.clone()).unwrap();
            match invocation.logical_id.as_str() {
                "Fails" => Err(FunctionError { kind: "Broken".to_owned(), message: "it is broken".to_owned() }),
                "Sleeps" => std::future::pending().await,
                _ => Ok(json!({ "event": invocation.event, "version": invocation.version })),
            }
        });
        running
    });
    assert!(client.aws.deploy(functions.collect(), run));
    (client, events)
}

fn name(logical_id: &str) -> String {
    DeployedFunction::of_stack("stack", logical_id).name
}

#[tokio::test]
async fn a_version_or_an_alias_is_invoked_and_answers() {
    let (client, _events) = client(1).await;
    for (qualifier, version) in [("", "$LATEST"), (":1", "1"), (":live", "1"), ("?Qualifier=live", "1")] {
        let path = match qualifier.strip_prefix('?') {
            Some(query) => format!("{API}/{}/invocations?{query}", name("F00")),
            None => format!("{API}/{}{qualifier}/invocations", name("F00")),
        };
        let (status, head, body) = client.rest("POST", &path, &[], r#"{"a":1}"#).await;
        assert_eq!((status, body), (200, json!({ "event": { "a": 1 }, "version": version })), "{qualifier}");
        assert_eq!(
            (head["x-amz-executed-version"].to_str().unwrap(), head.get("x-amz-function-error")),
            (version, None)
        );
    }
    let call = client.aws.calls().list(None).pop().unwrap();
    assert_eq!(
        (call.service, call.operation.as_str(), call.function),
        (Service::Lambda, "Invoke", Some(format!("{}:live", name("F00"))))
    );
}

#[tokio::test]
async fn a_function_that_fails_or_takes_too_long_was_invoked_all_the_same() {
    let (client, _events) = client(0).await;
    for (function, error) in [
        ("Fails", json!({ "errorType": "Broken", "errorMessage": "it is broken" })),
        (
            "Sleeps",
            json!({ "errorType": "Sandbox.Timedout", "errorMessage": "Error: Task timed out after 1.00 seconds" }),
        ),
    ] {
        let (status, head, body) = client.rest("POST", &format!("{API}/{}/invocations", name(function)), &[], "").await;
        assert_eq!((status, body), (200, error));
        assert_eq!(head["x-amz-function-error"], "Unhandled");
    }
}

#[tokio::test]
async fn an_event_is_taken_and_nobody_waits() {
    let (client, mut events) = client(0).await;
    let path = format!("{API}/{}/invocations", name("Sleeps"));
    let (status, _, _) = client.rest("POST", &path, &[("x-amz-invocation-type", "DryRun")], "{}").await;
    assert_eq!(status, 204);
    let (status, _, _) = client.rest("POST", &path, &[("x-amz-invocation-type", "Event")], r#"{"b":2}"#).await;
    assert_eq!(status, 202);
    assert_eq!(events.recv().await.unwrap(), json!({ "b": 2 }), "only what was not a dry run");
}

#[tokio::test]
async fn what_cannot_be_invoked_is_refused_as_lambda_does() {
    let (client, _events) = client(1).await;
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let refused = async |function: &str, kind: &str, body: &str| {
        let path = format!("{API}/{function}/invocations");
        let (status, head, body) = client.rest("POST", &path, &[("x-amz-invocation-type", kind)], body).await;
        assert_eq!(body["Type"], "User", "{body}");
        (status, head["x-amzn-errortype"].to_str().unwrap().to_owned())
    };
    let expected = |status: u16, code: &str| (status, code.to_owned());
    let unknown = expected(404, "ResourceNotFoundException");
    assert_eq!(refused("nobody", "RequestResponse", "{}").await, unknown);
    assert_eq!(refused(&format!("{}:2", name("F00")), "RequestResponse", "{}").await, unknown);
    let unreadable = expected(400, "InvalidRequestContentException");
    assert_eq!(refused(&name("F00"), "RequestResponse", "{").await, unreadable);
    assert_eq!(refused(&name("F00"), "Event", &large).await, expected(413, "RequestTooLargeException"));
}

#[tokio::test]
async fn functions_are_listed_in_pages_and_described() {
    let (client, _events) = client(60).await;
    let (mut marker, mut listed) = (String::new(), BTreeSet::new());
    for expected in [50, 12] {
        let (status, _, page) = client.rest("GET", &format!("{API}/{marker}"), &[], "").await;
        assert_eq!(status, 200);
        let functions = page["Functions"].as_array().unwrap();
        assert_eq!(functions.len(), expected);
        assert!(functions.iter().all(|it| it["Environment"]["Variables"]["STAGE"] == "test"));
        listed.extend(functions.iter().map(|it| it["FunctionName"].as_str().unwrap().to_owned()));
        marker = format!("?Marker={}", page["NextMarker"].as_str().unwrap_or_default());
    }
    assert_eq!((listed.len(), marker.as_str()), (62, "?Marker="));
    let (_, _, page) = client.rest("GET", &format!("{API}?MaxItems=7"), &[], "").await;
    assert_eq!(page["Functions"].as_array().unwrap().len(), 7);

    let (_, _, function) = client.rest("GET", &format!("{API}/{}", name("F07")), &[], "").await;
    assert_eq!(function["Tags"]["aws:cloudformation:stack-name"], "stack");
    assert_eq!(function["Tags"]["aws:cloudformation:logical-id"], "F07");
    assert_eq!(function["Configuration"]["Version"], "$LATEST");
    let path = format!("{API}/{}/configuration?Qualifier=live", name("F07"));
    let (_, _, configuration) = client.rest("GET", &path, &[], "").await;
    assert_eq!((&configuration["Version"], &configuration["State"]), (&json!("1"), &json!("Active")));
    assert!(configuration["FunctionArn"].as_str().unwrap().ends_with(&format!("{}:1", name("F07"))));
}

#[tokio::test]
async fn faults_hit_lambda_and_codedeploy_as_they_hit_the_others() {
    let (client, mut events) = client(1).await;
    let path = format!("{API}/{}/invocations", name("F00"));
    for (kind, status, code) in
        [(FaultKind::Throttle, 429, "TooManyRequestsException"), (FaultKind::Error, 500, "ServiceException")]
    {
        let fault = Fault { operation: Some("Invoke".to_owned()), times: Some(1), ..Fault::new(Service::Lambda, kind) };
        client.aws.faults().add(fault).unwrap();
        let (answered, head, _) = client.rest("POST", &path, &[], "{}").await;
        assert_eq!((answered, head["x-amzn-errortype"].to_str().unwrap()), (status, code));
    }
    assert!(events.try_recv().is_err(), "nothing ran");
    client.aws.faults().add(Fault::new(Service::Codedeploy, FaultKind::Error)).unwrap();
    let input = json!({ "deploymentId": "d-1", "lifecycleEventHookExecutionId": "h", "status": "Failed" });
    let error = client.codedeploy("PutLifecycleEventHookExecutionStatus", input).await.unwrap_err();
    assert_eq!(error["status"], 500);
    assert_eq!(client.aws.hook_statuses(), []);
}
