//! Looks into the tables, as somebody would who has stolen a dump of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PointInTimeRecoverySpecification};
use serde_json::{Value, json};

use crate::TestApp;

impl TestApp {
    /// Every item of a table, by its name's last part: `users`, `audit-events`.
    pub async fn table(&self, name: &str) -> Vec<Value> {
        let table = self.stack.template().tables.iter().find(|table| table.name.ends_with(&format!("-{name}")));
        let table = table.unwrap_or_else(|| panic!("no table {name}"));
        let items = self.items(&table.name).await;
        items.iter().map(|item| item.iter().map(|(name, value)| (name.clone(), plain(value))).collect()).collect()
    }

    /// Everything in every table, as text.
    pub async fn dump(&self) -> String {
        let mut dump = String::new();
        for table in &self.stack.template().tables {
            dump.push_str(&format!("{:?}\n", self.items(&table.name).await));
        }
        dump
    }

    /// The kinds of events of the trail, oldest first.
    pub async fn events(&self) -> Vec<String> {
        let mut events = self.table("audit-events").await;
        events.sort_by_key(|event| event["at"].as_str().map(str::to_owned));
        events.iter().filter_map(|event| event["kind"].as_str().map(str::to_owned)).collect()
    }

    /// How many events of a kind there are.
    pub async fn count(&self, kind: &str) -> usize {
        self.events().await.iter().filter(|event| *event == kind).count()
    }

    /// Sets an attribute of the item that another attribute names, past every rule: for states that no route makes yet.
    pub async fn set(&self, table: &str, by: &str, is: &str, attribute: &str, value: &str) {
        let table = self.stack.template().tables.iter().find(|found| found.name.ends_with(&format!("-{table}")));
        let table = table.unwrap_or_else(|| panic!("no such table"));
        let is_meant = |item: &HashMap<String, AttributeValue>| item.get(by) == Some(&AttributeValue::S(is.to_owned()));
        let item = self.items(&table.name).await.into_iter().find(is_meant);
        let mut item = item.unwrap_or_else(|| panic!("no item with {by} {is}"));
        item.insert(attribute.to_owned(), AttributeValue::S(value.to_owned()));
        let put = self.dynamodb().put_item().table_name(&table.name).set_item(Some(item)).send().await;
        put.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// Switches the continuous backups of a table on or off, as somebody in the console would.
    pub async fn keep_backups_of(&self, table: &str, on: bool) {
        let table = self.stack.template().tables.iter().find(|found| found.name.ends_with(&format!("-{table}")));
        let table = table.unwrap_or_else(|| panic!("no such table"));
        let wish = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on).build();
        let wish = wish.unwrap_or_else(|error| panic!("{error}"));
        let request = self.dynamodb().update_continuous_backups().table_name(&table.name);
        let done = request.point_in_time_recovery_specification(wish).send().await;
        done.unwrap_or_else(|error| panic!("{error:?}"));
    }

    async fn items(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let client = self.dynamodb();
        let (mut items, mut next) = (Vec::new(), None);
        loop {
            let page = client.scan().table_name(table).set_exclusive_start_key(next).send().await;
            let page = page.unwrap_or_else(|error| panic!("{error:?}"));
            items.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                return items;
            }
        }
    }

    fn dynamodb(&self) -> Client {
        let settings = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", self.stack.aws().endpoint()),
        ];
        let config = shared::aws::sdk_config(&settings.into_iter().collect()).unwrap_or_else(|error| panic!("{error}"));
        Client::new(&config)
    }
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => number.parse::<f64>().map_or(Value::Null, |number| json!(number)),
        AttributeValue::Bool(is) => json!(is),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::M(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        AttributeValue::B(_) => json!("(binary)"),
        _ => Value::Null,
    }
}
