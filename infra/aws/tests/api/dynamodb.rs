//! DynamoDB through the front.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use embedded_aws::Options;
use serde_json::{Value, json};

use crate::client::Client;

#[tokio::test]
async fn what_is_put_can_be_got() {
    let client = Client::start().await;
    client.create_table("users").await;
    client.put("users", "a").await.unwrap();
    assert_eq!(client.get("users", "a").await, json!({"pk": {"S": "a"}, "n": {"N": "1"}}));
    assert_eq!(client.get("users", "b").await, Value::Null);
}

#[tokio::test]
async fn capacity_is_shown_to_those_who_asked_only() {
    let client = Client::start().await;
    client.create_table("users").await;
    let key = json!({"TableName": "users", "Key": {"pk": {"S": "a"}}});
    assert_eq!(client.dynamodb("GetItem", key.clone()).await.unwrap(), json!({}));
    let mut asking = key;
    asking["ReturnConsumedCapacity"] = json!("TOTAL");
    let answer = client.dynamodb("GetItem", asking).await.unwrap();
    assert_eq!(answer["ConsumedCapacity"]["CapacityUnits"], 0.5);
}

#[tokio::test]
async fn errors_are_those_of_the_engine() {
    let client = Client::start().await;
    assert_eq!(client.put("nowhere", "a").await.unwrap_err()["code"], "ResourceNotFoundException");
    client.create_table("users").await;
    let empty = json!({"TableName": "users", "Key": {}});
    assert_eq!(client.dynamodb("GetItem", empty).await.unwrap_err()["code"], "ValidationException");
    assert_eq!(client.dynamodb("Juggle", json!({})).await.unwrap_err()["code"], "UnknownOperationException");
}

#[tokio::test]
async fn something_else_is_refused_in_plain_words() {
    let client = Client::start().await;
    let (status, text) = client.post(&[("x-amz-target", "AmazonSQS.SendMessage")], "{}".into()).await.unwrap();
    assert_eq!((status, text.contains("AmazonSQS")), (400, true));
    let (status, text) = client.post(&[], "{}".into()).await.unwrap();
    assert_eq!((status, text.contains("X-Amz-Target")), (400, true));
}

#[tokio::test]
async fn expired_items_go_when_the_clock_is_moved() {
    let now = Arc::new(AtomicI64::new(1_793_491_200_000));
    let clock = Arc::clone(&now);
    let options = Options { clock: Arc::new(move || clock.load(Ordering::Relaxed)), ..Options::default() };
    let client = Client::start_with(options).await;
    client.create_table("sessions").await;
    let item = json!({"pk": {"S": "a"}, "ttl": {"N": "1793491260"}});
    client.dynamodb("PutItem", json!({"TableName": "sessions", "Item": item})).await.unwrap();
    let mut changes = client.aws.changes();
    now.fetch_add(120_000, Ordering::Relaxed);
    tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("a sweep");
    assert_eq!(client.get("sessions", "a").await, Value::Null);
}

#[tokio::test]
async fn stacks_live_side_by_side() {
    let (one, two) = (Client::start().await, Client::start().await);
    one.create_table("users").await;
    two.create_table("users").await;
    one.put("users", "a").await.unwrap();
    assert_eq!(two.get("users", "a").await, Value::Null);
    drop(one);
    two.put("users", "b").await.unwrap();
}

#[tokio::test]
async fn a_dropped_stack_no_longer_listens() {
    let client = Client::start().await;
    let address = client.aws.endpoint().strip_prefix("http://").unwrap().to_owned();
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    drop(client);
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn continuous_backups_are_switched_per_table() {
    let client = Client::start().await;
    let of = |table: &str| json!({"TableName": table});
    let unknown = client.dynamodb("DescribeContinuousBackups", of("users")).await.unwrap_err();
    assert_eq!(unknown["code"], "TableNotFoundException");
    client.create_table("users").await;
    client.create_table("logins").await;
    let switch = |on: bool| json!({"TableName": "users", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}});
    let recovery = |answer: &Value| answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"].clone();
    client.dynamodb("UpdateContinuousBackups", switch(true)).await.unwrap();
    let on = recovery(&client.dynamodb("DescribeContinuousBackups", of("users")).await.unwrap());
    assert_eq!(on["PointInTimeRecoveryStatus"], "ENABLED");
    assert!(on["LatestRestorableDateTime"].is_number() && on["EarliestRestorableDateTime"].is_number());
    let other = recovery(&client.dynamodb("DescribeContinuousBackups", of("logins")).await.unwrap());
    assert_eq!(other, json!({"PointInTimeRecoveryStatus": "DISABLED"}));
    let off = recovery(&client.dynamodb("UpdateContinuousBackups", switch(false)).await.unwrap());
    assert_eq!(off["PointInTimeRecoveryStatus"], "DISABLED");
}
