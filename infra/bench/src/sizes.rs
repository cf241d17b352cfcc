//! How much room items take, by DynamoDB's rules: names and values, and a hundred bytes for each item's place in its indexes.
//! Source: Amazon DynamoDB, "DynamoDB item sizes and formats".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Fault;
use crate::world::World;

/// Tables of whose growth a bill is made.
const TABLES: [&str; 6] = ["users", "logins", "organizations", "sessions", "audit-events", "metrics"];

/// What storage is billed for beyond an item's own bytes.
const OVERHEAD: f64 = 100.0;

/// The mean size of what is in the tables.
///
/// # Errors
/// When they cannot be read.
pub async fn of_items(world: &World) -> Result<BTreeMap<String, f64>, Fault> {
    let mut sizes = BTreeMap::new();
    for table in TABLES {
        let items = world.items(table).await?;
        let bytes: f64 = items.iter().map(|item| map(item) + OVERHEAD).sum();
        let count = u32::try_from(items.len().max(1)).map_or(f64::MAX, f64::from);
        sizes.insert(table.to_owned(), (bytes / count).round());
    }
    Ok(sizes)
}

fn length(text: &str) -> f64 {
    u32::try_from(text.len()).map_or(f64::MAX, f64::from)
}

fn map(item: &Value) -> f64 {
    item.as_object().into_iter().flatten().map(|(name, value)| length(name) + of_value(value)).sum()
}

fn of_value(value: &Value) -> f64 {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0.0 };
    let text = value.as_str().map(length).unwrap_or_default();
    let each = || value.as_array().into_iter().flatten();
    match kind.as_str() {
        "S" => text,
        // Two digits a byte, and one more.
        "N" => (text / 2.0).ceil() + 1.0,
        // Base64 on the way, bytes in the table.
        "B" => (text * 0.75).floor(),
        "SS" | "NS" | "BS" => each().filter_map(Value::as_str).map(length).sum(),
        "L" => 3.0 + each().map(|it| of_value(it) + 1.0).sum::<f64>(),
        "M" => 3.0 + map(value) + value.as_object().into_iter().flatten().fold(0.0, |n, _| n + 1.0),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_item_is_as_long_as_its_names_and_values() {
        let item = json!({ "key": { "S": "abcde" }, "n": { "N": "1234" }, "is": { "BOOL": true }, "m": { "M": { "a": { "S": "bc" } } } });
        assert_eq!(map(&item), 3.0 + 5.0 + 1.0 + 3.0 + 2.0 + 1.0 + 1.0 + 3.0 + 1.0 + 3.0);
    }
}
