//! The call log.

use serde_json::json;

use crate::client::Client;

#[tokio::test]
async fn a_call_carries_its_origin_units_and_price() {
    let mut client = Client::start().await;
    client.create_table("users").await;
    client.user_agent = "aws-sdk-rust/1.3 md/request#r-1 md/wave#2 lang/rust#1.95";
    client.put("users", "a").await.unwrap();
    client.get("users", "a").await;
    let put = json!({"Put": {"TableName": "users", "Item": {"pk": {"S": "b"}}}});
    client.dynamodb("TransactWriteItems", json!({"TransactItems": [put]})).await.unwrap();
    client.user_agent = "another";
    client.get("users", "a").await;

    let calls = client.aws.calls().list(Some("r-1"));
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.read_units, call.write_units)).collect();
    assert_eq!(seen, [("PutItem", 0.0, 1.0), ("GetItem", 1.0, 0.0), ("TransactWriteItems", 0.0, 2.0)]);
    assert!(calls.iter().all(|call| call.wave == Some(2) && call.tables == ["users"] && call.status == 200));
    assert!((calls[0].price_usd - 0.625e-6).abs() < 1e-12);
    assert!((calls[1].price_usd - 0.125e-6).abs() < 1e-12);
    assert!(calls.windows(2).all(|pair| pair[0].start_ms < pair[1].start_ms && pair[0].id < pair[1].id));
    assert_eq!(client.aws.calls().list(None).last().unwrap().request_id, None);
    client.aws.calls().clear();
    assert_eq!(client.aws.calls().list(None), []);
}

/// What an event of the trail costs. The transaction's factor of two is the table's alone: measured on DynamoDB by the engine's
/// authors (nubo-db/dynoxide, pull request 188).
#[tokio::test]
async fn an_item_in_a_transaction_costs_two_units_and_one_for_each_index() {
    let client = Client::start().await;
    let (names, indexes) =
        (["pk", "all", "kind", "subject", "address", "request"], ["all", "kind", "subject", "address", "request"]);
    let key = |name: &str| json!([{"AttributeName": name, "KeyType": "HASH"}]);
    let index = |name| json!({"IndexName": name, "KeySchema": key(name), "Projection": {"ProjectionType": "ALL"}});
    let table = json!({
        "TableName": "events",
        "AttributeDefinitions": names.map(|name| json!({"AttributeName": name, "AttributeType": "S"})),
        "KeySchema": key("pk"),
        "GlobalSecondaryIndexes": indexes.map(index),
        "BillingMode": "PAY_PER_REQUEST",
    });
    client.dynamodb("CreateTable", table).await.unwrap();
    let event: serde_json::Map<_, _> = names.map(|name| (name.to_owned(), json!({"S": "x"}))).into_iter().collect();
    let put = json!({"Put": {"TableName": "events", "Item": event}});
    client.dynamodb("TransactWriteItems", json!({"TransactItems": [put]})).await.unwrap();
    let call = client.aws.calls().list(None).pop().unwrap();
    assert_eq!((call.operation.as_str(), call.write_units), ("TransactWriteItems", 2.0 + 5.0));
}

#[tokio::test]
async fn a_refused_condition_is_written_down_and_charged() {
    let client = Client::start().await;
    client.create_table("users").await;
    client.put("users", "a").await.unwrap();
    let again =
        json!({"TableName": "users", "Item": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)"});
    client.dynamodb("PutItem", again).await.unwrap_err();
    let call = client.aws.calls().list(None).pop().unwrap();
    assert_eq!(call.error.as_deref(), Some("ConditionalCheckFailedException"));
    assert_eq!((call.status, call.write_units), (400, 1.0));
}

#[tokio::test]
async fn kms_and_ses_have_their_prices() {
    let client = Client::start().await;
    let key = client.kms("CreateKey", json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})).await.unwrap();
    let sign = json!({"KeyId": key["KeyMetadata"]["KeyId"], "Message": "YQ==", "SigningAlgorithm": "ECDSA_SHA_256"});
    client.kms("Sign", sign).await.unwrap();
    let mail = [
        ("Action", "SendEmail"),
        ("Source", "us@example.com"),
        ("Destination.ToAddresses.member.1", "a@example.com"),
        ("Destination.ToAddresses.member.2", "b@example.com"),
    ];
    client.ses(&mail).await;
    let prices: Vec<f64> = client.aws.calls().list(None).iter().map(|call| call.price_usd).collect();
    for (price, expected) in prices.iter().zip([0.03e-4, 0.15e-4, 0.2e-3]) {
        assert!((price - expected).abs() < 1e-12, "{prices:?}");
    }
}

#[tokio::test]
async fn the_log_is_camel_case_json() {
    let client = Client::start().await;
    client.dynamodb("ListTables", json!({})).await.unwrap();
    let call = serde_json::to_value(client.aws.calls().list(None).pop().unwrap()).unwrap();
    let names: Vec<&String> = call.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "durationMs",
            "error",
            "fault",
            "id",
            "operation",
            "priceUsd",
            "readUnits",
            "requestId",
            "service",
            "startMs",
            "startedAt",
            "status",
            "tables",
            "wave",
            "writeUnits"
        ]
    );
    assert_eq!(call["service"], "dynamodb");
}
