//! Looks into the tables, as somebody would who has stolen a dump of them.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PointInTimeRecoverySpecification};
use serde_json::{Value, json};

use crate::TestApp;

/// An item as DynamoDB holds it.
pub type Item = HashMap<String, AttributeValue>;

/// An item with other texts; `a.b` names a text in a map.
pub fn changed(mut item: Item, changes: &[(&str, &str)]) -> Item {
    for (name, value) in changes {
        let value = AttributeValue::S((*value).to_owned());
        match name.split_once('.') {
            None => {
                item.insert((*name).to_owned(), value);
            }
            Some((map, name)) => {
                if let Some(AttributeValue::M(map)) = item.get_mut(map) {
                    map.insert(name.to_owned(), value);
                }
            }
        }
    }
    item
}

/// An item with another list of texts.
pub fn with_texts(mut item: Item, name: &str, texts: &[String]) -> Item {
    let texts = texts.iter().map(|text| AttributeValue::S(text.clone())).collect();
    item.insert(name.to_owned(), AttributeValue::L(texts));
    item
}

impl TestApp {
    /// Every item of a table, by its name's last part: `users`, `audit-events`.
    pub async fn table(&self, name: &str) -> Vec<Value> {
        let items = self.items(&self.described(name).name).await;
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
        let item = self.item(table, by, is).await;
        self.put(table, changed(item, &[(attribute, value)])).await;
    }

    /// The same for a number.
    pub async fn set_number(&self, table: &str, by: &str, is: &str, attribute: &str, value: i64) {
        let mut item = self.item(table, by, is).await;
        item.insert(attribute.to_owned(), AttributeValue::N(value.to_string()));
        self.put(table, item).await;
    }

    /// The item that an attribute names.
    pub async fn item(&self, table: &str, by: &str, is: &str) -> Item {
        self.item_by(table, &[(by, is)]).await
    }

    /// The item that these attributes name.
    pub async fn item_by(&self, table: &str, named: &[(&str, &str)]) -> Item {
        let is_meant = |item: &Item| {
            named.iter().all(|(by, is)| item.get(*by).and_then(|value| value.as_s().ok()).is_some_and(|it| it == is))
        };
        let item = self.items(&self.described(table).name).await.into_iter().find(is_meant);
        item.unwrap_or_else(|| panic!("no item with {named:?}"))
    }

    /// Writes an item, past every rule.
    pub async fn put(&self, table: &str, item: Item) {
        let put = self.dynamodb().put_item().table_name(&self.described(table).name).set_item(Some(item)).send().await;
        put.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// Removes the item that an attribute names, past every rule, and gives it away.
    pub async fn take(&self, table: &str, by: &str, is: &str) -> Item {
        self.take_by(table, &[(by, is)]).await
    }

    /// The same for the item that these attributes name.
    pub async fn take_by(&self, table: &str, named: &[(&str, &str)]) -> Item {
        let (table, item) = (self.described(table), self.item_by(table, named).await);
        let names = [Some(&table.hash_key), table.range_key.as_ref()].into_iter().flatten();
        let key: Item = names.filter_map(|key| Some((key.name.clone(), item.get(&key.name)?.clone()))).collect();
        let removed = self.dynamodb().delete_item().table_name(&table.name).set_key(Some(key)).send().await;
        removed.unwrap_or_else(|error| panic!("{error:?}"));
        item
    }

    fn described(&self, name: &str) -> &template::Table {
        let table = self.stack.template().tables.iter().find(|table| table.name.ends_with(&format!("-{name}")));
        table.unwrap_or_else(|| panic!("no table {name}"))
    }

    /// Waits until the audit chain holds everything that the trail does.
    pub async fn trail_is_chained(&self) {
        for _ in 0..1_000 {
            let told = self.table("audit-chain").await;
            let entries = told.iter().filter_map(|link| link["entries"].as_array()).flatten();
            let told: String = entries.map(Value::to_string).collect();
            let events = self.table("audit-events").await;
            if events.iter().all(|event| event["at"].as_str().is_some_and(|at| told.contains(at))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the chain does not follow");
    }

    /// Switches the continuous backups of a table on or off, as somebody in the console would.
    pub async fn keep_backups_of(&self, table: &str, on: bool) {
        let table = self.described(table);
        let wish = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on).build();
        let wish = wish.unwrap_or_else(|error| panic!("{error}"));
        let request = self.dynamodb().update_continuous_backups().table_name(&table.name);
        let done = request.point_in_time_recovery_specification(wish).send().await;
        done.unwrap_or_else(|error| panic!("{error:?}"));
    }

    async fn items(&self, table: &str) -> Vec<Item> {
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
