//! Faults on demand.

use std::time::{Duration, Instant};

use embedded_aws::{Fault, FaultKind, Service};
use serde_json::{Value, json};

use crate::client::Client;

fn dynamodb(kind: FaultKind) -> Fault {
    Fault::new(Service::Dynamodb, kind)
}

fn two_puts() -> Value {
    let put = |pk: &str| json!({"Put": {"TableName": "users", "Item": {"pk": {"S": pk}}}});
    json!({"TransactItems": [put("a"), put("b")]})
}

#[tokio::test]
async fn a_throttled_operation_passes_once_the_fault_is_used_up() {
    let client = Client::start().await;
    client.create_table("users").await;
    let fault = Fault { operation: Some("PutItem".into()), times: Some(2), ..dynamodb(FaultKind::Throttle) };
    client.aws.faults().add(fault).unwrap();
    for _ in 0..2 {
        let error = client.put("users", "a").await.unwrap_err();
        assert_eq!((&error["code"], &error["status"]), (&json!("ProvisionedThroughputExceededException"), &json!(400)));
    }
    assert_eq!(client.get("users", "a").await, Value::Null);
    client.put("users", "a").await.unwrap();
    assert_ne!(client.get("users", "a").await, Value::Null);
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_write_done_and_no_answer() {
    let client = Client::start().await;
    client.create_table("users").await;
    let fault = Fault { operation: Some("PutItem".into()), times: Some(1), ..dynamodb(FaultKind::DropAfterCommit) };
    client.aws.faults().add(fault).unwrap();
    let put = json!({"TableName": "users", "Item": {"pk": {"S": "a"}}});
    assert_eq!(client.try_dynamodb("PutItem", put).await, None);
    assert_eq!(client.get("users", "a").await, json!({"pk": {"S": "a"}}));
    let call = client.aws.calls().list(None).into_iter().find(|call| call.operation == "PutItem").unwrap();
    assert_eq!((call.status, call.write_units, call.fault.as_deref()), (200, 1.0, Some("drop_after_commit")));
}

#[tokio::test]
async fn a_cancelled_transaction_names_the_item_and_leaves_nothing() {
    let client = Client::start().await;
    client.create_table("users").await;
    for (item, reason, codes) in [
        (1, "ConditionalCheckFailed", json!(["None", "ConditionalCheckFailed"])),
        (0, "TransactionConflict", json!(["TransactionConflict", "None"])),
    ] {
        let fault =
            Fault { item: Some(item), reason: Some(reason.into()), times: Some(1), ..dynamodb(FaultKind::CancelItem) };
        client.aws.faults().add(fault).unwrap();
        let error = client.dynamodb("TransactWriteItems", two_puts()).await.unwrap_err();
        assert_eq!((&error["code"], &error["status"]), (&json!("TransactionCanceledException"), &json!(400)));
        let given: Vec<&Value> =
            error["CancellationReasons"].as_array().unwrap().iter().map(|reason| &reason["Code"]).collect();
        assert_eq!(json!(given), codes);
        assert_eq!(client.get("users", "a").await, Value::Null);
        assert_eq!(client.get("users", "b").await, Value::Null);
    }
    client.dynamodb("TransactWriteItems", two_puts()).await.unwrap();
    assert_ne!(client.get("users", "b").await, Value::Null);
}

#[tokio::test]
async fn every_service_has_its_own_errors() {
    let client = Client::start().await;
    let faults = client.aws.faults();
    for service in [Service::Dynamodb, Service::Kms, Service::Ses] {
        faults.add(Fault { times: Some(1), ..Fault::new(service, FaultKind::Error) }).unwrap();
        faults.add(Fault { times: Some(1), ..Fault::new(service, FaultKind::Throttle) }).unwrap();
    }
    let error = client.dynamodb("ListTables", json!({})).await.unwrap_err();
    assert_eq!((&error["code"], &error["status"]), (&json!("InternalServerError"), &json!(500)));
    let error = client.kms("ListKeys", json!({})).await.unwrap_err();
    assert_eq!((&error["code"], &error["status"]), (&json!("KMSInternalException"), &json!(500)));
    assert_eq!(client.kms_refused("ListKeys", json!({})).await, "ThrottlingException");
    let (status, xml) = client.ses(&[("Action", "GetSendQuota")]).await;
    assert_eq!((status, xml.contains("<Code>InternalFailure</Code>")), (500, true));
    let (status, xml) = client.ses(&[("Action", "GetSendQuota")]).await;
    assert_eq!((status, xml.contains("<Code>Throttling</Code>")), (400, true));
    faults.clear();
    client.dynamodb("ListTables", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_delayed_call_is_done_later() {
    let client = Client::start().await;
    client.create_table("users").await;
    client.aws.faults().add(Fault { delay_ms: Some(60), ..dynamodb(FaultKind::Delay) }).unwrap();
    let start = Instant::now();
    client.put("users", "a").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60));
    let call = client.aws.calls().list(None).pop().unwrap();
    assert!(call.duration_ms >= 60.0 && call.fault.as_deref() == Some("delay"));
}
