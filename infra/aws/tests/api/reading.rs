//! What the store reads many items by: pages of queries and scans, indexes, batches. Holds against another emulator, too.

use serde_json::{Value, json};

use crate::client::Client;
use crate::conditions::{key, with_table};

/// A table as the store's are: a range key, and an index that holds only what is waiting.
async fn with_outbox() -> Client {
    let client = Client::start().await;
    let attribute = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
    let schema = |hash: &str, range: &str| json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]);
    let table = json!({
        "TableName": "outbox",
        "AttributeDefinitions": [attribute("pk", "S"), attribute("sk", "N"), attribute("state", "S"), attribute("due", "N")],
        "KeySchema": schema("pk", "sk"),
        "GlobalSecondaryIndexes": [{"IndexName": "due", "KeySchema": schema("state", "due"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        "BillingMode": "PAY_PER_REQUEST",
    });
    client.dynamodb("CreateTable", table).await.unwrap();
    for i in 1..=25 {
        let mut item = json!({"pk": {"S": "a"}, "sk": {"N": i.to_string()}, "text": {"S": "x"}});
        if i % 2 == 0 {
            item["state"] = json!({"S": "waiting"});
            item["due"] = json!({"N": (100 - i).to_string()});
        }
        client.dynamodb("PutItem", json!({"TableName": "outbox", "Item": item})).await.unwrap();
    }
    client
}

/// All pages of a query: how many items each had, and the items.
async fn pages(client: &Client, mut query: Value) -> (Vec<usize>, Vec<Value>) {
    let (mut sizes, mut items) = (Vec::new(), Vec::new());
    loop {
        let page = client.dynamodb("Query", query.clone()).await.unwrap();
        let found = page["Items"].as_array().unwrap();
        sizes.push(found.len());
        items.extend(found.iter().cloned());
        match page["LastEvaluatedKey"].as_object() {
            Some(last) => query["ExclusiveStartKey"] = json!(last),
            None => return (sizes, items),
        }
    }
}

fn numbers(items: &[Value], name: &str) -> Vec<i64> {
    items.iter().map(|item| item[name]["N"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition_either_way() {
    let client = with_outbox().await;
    let query = json!({"TableName": "outbox", "KeyConditionExpression": "pk = :pk", "Limit": 10, "ConsistentRead": true,
        "ExpressionAttributeValues": {":pk": {"S": "a"}}});
    let (sizes, items) = pages(&client, query.clone()).await;
    assert_eq!((sizes, numbers(&items, "sk")), (vec![10, 10, 5], (1..=25).collect()));
    let mut newest_first = query;
    newest_first["ScanIndexForward"] = json!(false);
    assert_eq!(numbers(&pages(&client, newest_first).await.1, "sk"), (1..=25).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_limit_counts_what_is_read_and_a_filter_what_is_given() {
    let client = with_outbox().await;
    let query = json!({"TableName": "outbox", "KeyConditionExpression": "pk = :pk AND sk > :from", "Limit": 10,
        "FilterExpression": "attribute_exists(due)", "ExpressionAttributeValues": {":pk": {"S": "a"}, ":from": {"N": "5"}}});
    let (sizes, items) = pages(&client, query).await;
    // Whether a page that ends with the last item is followed by an empty one is DynamoDB's own affair.
    assert_eq!((&sizes[..2], numbers(&items, "sk")), (&[5, 5][..], (6..=24).step_by(2).collect()));
}

#[tokio::test]
async fn an_index_holds_only_what_has_its_keys_in_their_order() {
    let client = with_outbox().await;
    let query = json!({"TableName": "outbox", "IndexName": "due", "KeyConditionExpression": "#s = :s AND due <= :now",
        "ExpressionAttributeNames": {"#s": "state"}, "Limit": 5,
        "ExpressionAttributeValues": {":s": {"S": "waiting"}, ":now": {"N": "95"}}});
    let (_, items) = pages(&client, query.clone()).await;
    assert_eq!(numbers(&items, "due"), (76..=94).step_by(2).collect::<Vec<_>>());
    assert!(items.iter().all(|item| item.get("text").is_none() && item["pk"]["S"] == "a"), "keys only");
    // What loses an index key leaves the index.
    let sent = json!({"TableName": "outbox", "Key": {"pk": {"S": "a"}, "sk": {"N": "24"}}, "UpdateExpression": "REMOVE #s",
        "ExpressionAttributeNames": {"#s": "state"}});
    client.dynamodb("UpdateItem", sent).await.unwrap();
    assert_eq!(numbers(&pages(&client, query.clone()).await.1, "due")[0], 78);
    let mut consistent = query;
    consistent["ConsistentRead"] = json!(true);
    assert_eq!(client.dynamodb("Query", consistent).await.unwrap_err()["code"], "ValidationException");
}

#[tokio::test]
async fn a_page_ends_after_a_megabyte() {
    let client = with_table().await;
    let text = "x".repeat(300_000);
    for i in 0..5 {
        let item = json!({"pk": {"S": i.to_string()}, "text": {"S": text}});
        client.dynamodb("PutItem", json!({"TableName": "users", "Item": item})).await.unwrap();
    }
    let page = client.dynamodb("Scan", json!({"TableName": "users"})).await.unwrap();
    let found = page["Items"].as_array().unwrap().len();
    assert!((3..5).contains(&found) && page["LastEvaluatedKey"].is_object(), "{found}");
    let item = json!({"pk": {"S": "large"}, "text": {"S": "x".repeat(400 * 1024)}});
    let refused = client.dynamodb("PutItem", json!({"TableName": "users", "Item": item})).await.unwrap_err();
    assert_eq!(refused["code"], "ValidationException");
}

#[tokio::test]
async fn what_has_expired_may_still_be_there() {
    let client = with_table().await;
    let item = json!({"pk": {"S": "a"}, "ttl": {"N": "1"}});
    client.dynamodb("PutItem", json!({"TableName": "users", "Item": item})).await.unwrap();
    // More than five years past: DynamoDB takes that for a mistake, and never removes it.
    assert!(client.get("users", "a").await.is_object());
}

#[tokio::test]
async fn many_are_got_at_once_and_missing_ones_are_left_out() {
    let client = with_table().await;
    for pk in ["a", "b"] {
        client.put("users", pk).await.unwrap();
    }
    let keys = json!([key("a"), key("b"), key("nobody")]);
    let asked = json!({"RequestItems": {"users": {"Keys": keys, "ConsistentRead": true}}});
    let got = client.dynamodb("BatchGetItem", asked).await.unwrap();
    assert_eq!(got["Responses"]["users"].as_array().unwrap().len(), 2);
    let twice = json!({"RequestItems": {"users": {"Keys": [key("a"), key("a")]}}});
    assert_eq!(client.dynamodb("BatchGetItem", twice).await.unwrap_err()["code"], "ValidationException");
}
