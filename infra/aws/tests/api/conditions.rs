//! What the store builds on: conditions, transactions, races. These hold against the embedded DynamoDB, and, for a
//! second opinion, against another emulator (docs/second-opinion.md).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::Client;

/// So many callers race.
const CALLERS: usize = 32;

pub(crate) async fn with_table() -> Client {
    let client = Client::start().await;
    client.create_table("users").await;
    client
}

pub(crate) fn key(pk: &str) -> Value {
    json!({ "pk": { "S": pk } })
}

/// Does something many times at once, and tells how often it was done.
async fn winners(client: &Arc<Client>, operation: &'static str, input: impl Fn(usize) -> Value) -> usize {
    let mut racing = tokio::task::JoinSet::new();
    for i in 0..CALLERS {
        let (client, input) = (Arc::clone(client), input(i));
        racing.spawn(async move { client.dynamodb(operation, input).await.is_ok() });
    }
    racing.join_all().await.into_iter().filter(|won| *won).count()
}

#[tokio::test]
async fn a_refused_condition_shows_the_item_as_it_is_to_those_who_ask() {
    let client = with_table().await;
    client.put("users", "a").await.unwrap();
    let create = json!({"TableName": "users", "Item": {"pk": {"S": "a"}, "n": {"N": "2"}},
        "ConditionExpression": "attribute_not_exists(pk)"});
    let refused = client.dynamodb("PutItem", create.clone()).await.unwrap_err();
    assert_eq!((&refused["code"], &refused["Item"]), (&json!("ConditionalCheckFailedException"), &Value::Null));
    let mut asking = create;
    asking["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let refused = client.dynamodb("PutItem", asking.clone()).await.unwrap_err();
    assert_eq!(refused["Item"], json!({"pk": {"S": "a"}, "n": {"N": "1"}}));
    assert_eq!(client.get("users", "a").await["n"], json!({"N": "1"}));
    // Of an item that is not there, there is nothing to show.
    asking["Item"]["pk"] = json!({"S": "b"});
    asking["ConditionExpression"] = json!("attribute_exists(pk)");
    assert_eq!(client.dynamodb("PutItem", asking).await.unwrap_err()["Item"], Value::Null);
}

#[tokio::test]
async fn conditions_compare_as_the_store_means_them() {
    let client = with_table().await;
    let item = json!({"pk": {"S": "a"}, "n": {"N": "10"}, "digits": {"S": "10"}, "entries": {"L": [{"N": "1"}]},
        "nothing": {"NULL": true}});
    client.dynamodb("PutItem", json!({"TableName": "users", "Item": item})).await.unwrap();
    let holds = async |condition: &str, value: Value| {
        let mut update = json!({"TableName": "users", "Key": key("a"), "UpdateExpression": "SET seen = :seen",
            "ConditionExpression": condition, "ExpressionAttributeValues": {":seen": {"BOOL": true}}});
        if !value.is_null() {
            update["ExpressionAttributeValues"][":v"] = value;
        }
        match client.dynamodb("UpdateItem", update).await {
            Ok(_) => true,
            Err(refused) => {
                assert_eq!(refused["code"], "ConditionalCheckFailedException", "{condition}: {refused}");
                false
            }
        }
    };
    for (condition, value, expected) in [
        // Numbers are numbers: 9 is less than 10, though not as text.
        ("n > :v", json!({"N": "9"}), true),
        ("n < :v", json!({"N": "10"}), false),
        ("n >= :v", json!({"N": "10.0"}), true),
        // A number is no text, whatever it looks like.
        ("n = :v", json!({"S": "10"}), false),
        ("digits = :v", json!({"S": "10"}), true),
        ("n <> :v", json!({"S": "10"}), true),
        // What is not there compares with nothing, unless one asks for that.
        ("absent = :v", json!({"N": "1"}), false),
        ("absent < :v", json!({"N": "1"}), false),
        ("absent <> :v", json!({"N": "1"}), true),
        ("attribute_not_exists(absent)", Value::Null, true),
        ("attribute_not_exists(absent) OR absent < :v", json!({"N": "1"}), true),
        ("NOT attribute_exists(absent)", Value::Null, true),
        // A null is there.
        ("attribute_exists(nothing)", Value::Null, true),
        ("nothing = :v", json!({"NULL": true}), true),
        ("size(entries) = :v", json!({"N": "1"}), true),
        ("contains(entries, :v)", json!({"N": "1"}), true),
        ("begins_with(digits, :v)", json!({"S": "1"}), true),
        ("attribute_type(n, :v)", json!({"S": "N"}), true),
        ("n BETWEEN :v AND :v", json!({"N": "10"}), true),
        ("n IN (:v)", json!({"N": "10"}), true),
        ("size(absent) = :v", json!({"N": "0"}), false),
    ] {
        assert_eq!(holds(condition, value).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn a_reserved_word_needs_a_name_and_every_name_and_value_a_use() {
    let client = with_table().await;
    let update = |expression: &str, names: Value, values: Value| {
        let mut update = json!({"TableName": "users", "Key": key("a"), "UpdateExpression": expression});
        if !names.is_null() {
            update["ExpressionAttributeNames"] = names;
        }
        if !values.is_null() {
            update["ExpressionAttributeValues"] = values;
        }
        update
    };
    let value = json!({":v": {"N": "1"}});
    for bad in [
        update("SET state = :v", Value::Null, value.clone()),
        update("SET #s = :v", Value::Null, value.clone()),
        update("SET n = :v", json!({"#unused": "state"}), value.clone()),
        update("SET n = :v", Value::Null, json!({":v": {"N": "1"}, ":unused": {"N": "1"}})),
        update("SET n = :missing", Value::Null, value.clone()),
        update("SET pk = :v", Value::Null, json!({":v": {"S": "b"}})),
        update("SET n = m + :v", Value::Null, value.clone()),
        update("SET n = :v", Value::Null, json!({":v": {"N": "one"}})),
    ] {
        let refused = client.dynamodb("UpdateItem", bad.clone()).await.expect_err(&bad.to_string());
        assert_eq!(refused["code"], "ValidationException", "{bad}");
    }
    client.dynamodb("UpdateItem", update("SET #s = :v", json!({"#s": "state"}), value)).await.unwrap();
    assert_eq!(client.get("users", "a").await["state"], json!({"N": "1"}));
}

#[tokio::test]
async fn an_update_changes_an_attribute_in_one_way() {
    let client = with_table().await;
    for expression in ["SET n = :v, n = :v", "SET n = :v REMOVE n"] {
        let update = json!({"TableName": "users", "Key": key("a"), "UpdateExpression": expression,
            "ExpressionAttributeValues": {":v": {"N": "1"}}});
        assert_eq!(client.dynamodb("UpdateItem", update).await.unwrap_err()["code"], "ValidationException");
    }
}

#[tokio::test]
async fn updates_count_append_and_keep_what_is_there() {
    let client = with_table().await;
    let update = async |expression: &str, values: Value| {
        let update = json!({"TableName": "users", "Key": key("a"), "UpdateExpression": expression,
            "ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW"});
        client.dynamodb("UpdateItem", update).await.unwrap()["Attributes"].clone()
    };
    let one = json!({":v": {"N": "1"}});
    assert_eq!(update("ADD n :v", one.clone()).await["n"], json!({"N": "1"}));
    assert_eq!(update("ADD n :v", one.clone()).await["n"], json!({"N": "2"}));
    assert_eq!(update("SET initial = if_not_exists(initial, :v)", one.clone()).await["initial"], json!({"N": "1"}));
    let kept = update("SET initial = if_not_exists(initial, :v), n = n + :v", json!({":v": {"N": "5"}})).await;
    assert_eq!((&kept["initial"], &kept["n"]), (&json!({"N": "1"}), &json!({"N": "7"})));
    let list = update(
        "SET entries = list_append(if_not_exists(entries, :none), :v)",
        json!({":none": {"L": []}, ":v": {"L": [{"S": "x"}]}}),
    );
    assert_eq!(list.await["entries"], json!({"L": [{"S": "x"}]}));
    // Both sides of an assignment are those of before.
    let swapped = update("SET initial = n, n = initial, m = :v", one).await;
    assert_eq!((&swapped["initial"], &swapped["n"]), (&json!({"N": "7"}), &json!({"N": "1"})));
}

#[tokio::test]
async fn an_update_that_makes_an_item_has_no_old_one() {
    let client = with_table().await;
    let update = json!({"TableName": "users", "Key": key("a"), "UpdateExpression": "ADD n :v",
        "ExpressionAttributeValues": {":v": {"N": "1"}}, "ReturnValues": "ALL_OLD"});
    let first = client.dynamodb("UpdateItem", update.clone()).await.unwrap();
    assert!(first["Attributes"].as_object().is_none_or(serde_json::Map::is_empty), "{first}");
    let second = client.dynamodb("UpdateItem", update).await.unwrap();
    assert_eq!(second["Attributes"], json!({"pk": {"S": "a"}, "n": {"N": "1"}}));
}

fn create(pk: &str) -> Value {
    let item = json!({"pk": {"S": pk}, "n": {"N": "1"}});
    json!({"Put": {"TableName": "users", "Item": item, "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}})
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_says_whose_condition_failed() {
    let client = with_table().await;
    client.put("users", "b").await.unwrap();
    let check = json!({"ConditionCheck": {"TableName": "users", "Key": key("nobody"),
        "ConditionExpression": "attribute_exists(pk)"}});
    let update = json!({"Update": {"TableName": "users", "Key": key("c"), "UpdateExpression": "SET n = :v",
        "ExpressionAttributeValues": {":v": {"N": "9"}}}});
    let parts = json!([create("a"), create("b"), update, check]);
    let refused = client.dynamodb("TransactWriteItems", json!({"TransactItems": parts})).await.unwrap_err();
    assert_eq!(refused["code"], "TransactionCanceledException");
    let codes: Vec<&str> = refused["CancellationReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["Code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"]);
    assert_eq!(refused["CancellationReasons"][1]["Item"], json!({"pk": {"S": "b"}, "n": {"N": "1"}}));
    for untouched in ["a", "c"] {
        assert_eq!(client.get("users", untouched).await, Value::Null);
    }

    let delete = json!({"Delete": {"TableName": "users", "Key": key("b"), "ConditionExpression": "n = :v",
        "ExpressionAttributeValues": {":v": {"N": "1"}}}});
    let parts = json!([create("a"), delete]);
    client.dynamodb("TransactWriteItems", json!({"TransactItems": parts})).await.unwrap();
    assert_eq!((client.get("users", "a").await.is_object(), client.get("users", "b").await), (true, Value::Null));
}

#[tokio::test]
async fn a_transaction_that_could_not_be_meant_is_refused_whole() {
    let client = with_table().await;
    let twice = json!([create("a"), create("a")]);
    let many: Vec<Value> = (0..101).map(|i| create(&i.to_string())).collect();
    for parts in [twice, json!(many), json!([])] {
        let refused = client.dynamodb("TransactWriteItems", json!({"TransactItems": parts})).await.unwrap_err();
        assert_eq!(refused["code"], "ValidationException");
    }
    let hundred: Vec<Value> = (0..100).map(|i| create(&i.to_string())).collect();
    client.dynamodb("TransactWriteItems", json!({"TransactItems": hundred})).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_comes_again_under_its_token_happens_once() {
    let client = with_table().await;
    let add = |n: &str| {
        json!({"ClientRequestToken": "7d1c8b1a", "TransactItems": [{"Update": {"TableName": "users", "Key": key("a"),
            "UpdateExpression": "ADD n :v", "ExpressionAttributeValues": {":v": {"N": n}}}}]})
    };
    for _ in 0..3 {
        client.dynamodb("TransactWriteItems", add("1")).await.unwrap();
    }
    assert_eq!(client.get("users", "a").await["n"], json!({"N": "1"}));
    let other = client.dynamodb("TransactWriteItems", add("2")).await.unwrap_err();
    assert_eq!(other["code"], "IdempotentParameterMismatchException");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_race_for_one_item_one_wins() {
    let client = Arc::new(with_table().await);
    let put = |i: usize| {
        json!({"TableName": "users", "Item": {"pk": {"S": "slug"}, "n": {"N": i.to_string()}},
            "ConditionExpression": "attribute_not_exists(pk)"})
    };
    assert_eq!(winners(&client, "PutItem", put).await, 1);

    let advance = |i: usize| {
        json!({"TableName": "users", "Key": key("slug"), "UpdateExpression": "SET gen = :one, who = :who",
            "ConditionExpression": "attribute_not_exists(gen)",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":who": {"N": i.to_string()}}})
    };
    assert_eq!(winners(&client, "UpdateItem", advance).await, 1);

    let consume = |i: usize| {
        let use_up = json!({"Update": {"TableName": "users", "Key": key("slug"), "UpdateExpression": "SET used_by = :who",
            "ConditionExpression": "attribute_not_exists(used_by)", "ExpressionAttributeValues": {":who": {"N": i.to_string()}}}});
        json!({"TransactItems": [use_up, create(&format!("by {i}"))]})
    };
    assert_eq!(winners(&client, "TransactWriteItems", consume).await, 1);
    let who = client.get("users", "slug").await["used_by"]["N"].as_str().unwrap().to_owned();
    assert!(client.get("users", &format!("by {who}")).await.is_object(), "the winner's other item is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_count_is_lost() {
    let client = Arc::new(with_table().await);
    let reserve = |_| {
        json!({"TableName": "users", "Key": key("a"), "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "UPDATED_NEW"})
    };
    assert_eq!(winners(&client, "UpdateItem", reserve).await, CALLERS);
    assert_eq!(client.get("users", "a").await["n"], json!({"N": CALLERS.to_string()}));
}
