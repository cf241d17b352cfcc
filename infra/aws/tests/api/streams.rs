//! Streams, as a Lambda event source reads them.

use std::time::Duration;

use embedded_aws::StreamError;
use serde_json::{Value, json};

use crate::client::Client;

#[tokio::test]
async fn records_come_in_order_with_their_images() {
    let client = Client::start().await;
    client.create_table("users").await;
    client.put("users", "a").await.unwrap();
    let update = json!({"TableName": "users", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET n = n + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}}});
    client.dynamodb("UpdateItem", update).await.unwrap();
    client.dynamodb("DeleteItem", json!({"TableName": "users", "Key": {"pk": {"S": "a"}}})).await.unwrap();
    let before = client.aws.calls().list(None).len();

    let records = client.aws.stream_records("users", None, 100).await.unwrap();
    let names: Vec<&Value> = records.iter().map(|record| &record["eventName"]).collect();
    assert_eq!(json!(names), json!(["INSERT", "MODIFY", "REMOVE"]));
    assert_eq!(records[1]["dynamodb"]["OldImage"]["n"], json!({"N": "1"}));
    assert_eq!(records[1]["dynamodb"]["NewImage"]["n"], json!({"N": "2"}));
    assert!(records[2]["dynamodb"].get("NewImage").is_none());
    assert_eq!(records[0]["dynamodb"]["Keys"], json!({"pk": {"S": "a"}}));
    assert_eq!(records[0]["eventSource"], "aws:dynamodb");
    assert!(records[0]["eventSourceARN"].as_str().unwrap().contains(":table/users/stream/"));

    let first = records[0]["dynamodb"]["SequenceNumber"].as_str();
    assert_eq!(client.aws.stream_records("users", first, 1).await.unwrap(), records[1..2]);
    let last = records[2]["dynamodb"]["SequenceNumber"].as_str();
    assert_eq!(client.aws.stream_records("users", last, 100).await.unwrap(), [] as [Value; 0]);
    assert_eq!(client.aws.calls().list(None).len(), before);
}

#[tokio::test]
async fn a_write_wakes_who_waits() {
    let client = Client::start().await;
    client.create_table("users").await;
    let mut changes = client.aws.changes();
    client.get("users", "a").await;
    let nothing = tokio::time::timeout(Duration::from_millis(50), changes.changed()).await;
    assert!(nothing.is_err(), "a read is no change");
    client.put("users", "a").await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), changes.changed()).await.expect("a change that was not missed");
    let (_, put) = tokio::join!(client.aws.changed(), client.put("users", "b"));
    put.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_an_error() {
    let client = Client::start().await;
    assert!(matches!(client.aws.stream_records("nowhere", None, 1).await, Err(StreamError::NoTable(_))));
    client.create_table("users").await;
    assert!(matches!(client.aws.stream_records("users", Some("7"), 1).await, Err(StreamError::Engine(_))));
}
