//! Request units: asking the engine for them, and adding them up.

use hyper::body::Bytes;
use serde_json::Value;

use crate::request::Identified;

/// Read and write request units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Units {
    pub(super) read: f64,
    pub(super) write: f64,
}

/// Whether the operation can tell what it consumed.
pub(super) fn is_reported_by(operation: &str) -> bool {
    is_always_write(operation)
        || is_partiql(operation)
        || matches!(operation, "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems")
}

/// Whether the operation may change items.
pub(super) fn is_write(operation: &str, input: &Value) -> bool {
    is_always_write(operation) || is_partiql(operation) && !first_statement(input).eq_ignore_ascii_case("SELECT")
}

/// Adds the wish for total units to a request. The rest of the text stays as it was sent, so that the engine
/// judges what the client wrote and not what a JSON library made of it.
pub(super) fn ask(body: &Bytes) -> Bytes {
    let Some(open) = body.iter().position(|byte| *byte == b'{') else { return body.clone() };
    let (head, rest) = body.split_at(open + 1);
    let is_empty = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
    let wish: &[u8] =
        if is_empty { br#""ReturnConsumedCapacity":"TOTAL""# } else { br#""ReturnConsumedCapacity":"TOTAL","# };
    [head, wish, rest].concat().into()
}

/// The units of a success, over all its tables and indexes.
pub(super) fn consumed(call: &Identified, input: &Value, answer: &Value) -> Units {
    let total = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(capacity_units).sum(),
        one => capacity_units(one),
    };
    if is_write(&call.operation, input) { Units { read: 0.0, write: total } } else { Units { read: total, write: 0.0 } }
}

/// The units of a write whose condition was refused: it is charged in AWS, though the error does not tell
/// how much. This is the least it can be, items of up to 1 KB.
pub(super) fn consumed_by_refusal(call: &Identified, code: &str) -> Units {
    let write = match code {
        "ConditionalCheckFailedException" => 1.0,
        // Two units an item: the transaction was prepared.
        "TransactionCanceledException" if call.operation == "TransactWriteItems" => {
            2.0 * f64::from(u32::try_from(call.transaction_items).unwrap_or(u32::MAX))
        }
        _ => 0.0,
    };
    Units { read: 0.0, write }
}

fn capacity_units(table: &Value) -> f64 {
    table["CapacityUnits"].as_f64().unwrap_or_default()
}

fn is_always_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

fn is_partiql(operation: &str) -> bool {
    matches!(operation, "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction")
}

/// The verb of the first statement; the statements of a batch are all reads or all writes.
fn first_statement(input: &Value) -> &str {
    let statement = ["/Statement", "/Statements/0/Statement", "/TransactStatements/0/Statement"]
        .into_iter()
        .find_map(|path| input.pointer(path)?.as_str());
    statement.and_then(|text| text.split_ascii_whitespace().next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_is_added_without_touching_the_rest() {
        let asked = |body: &'static str| String::from_utf8(ask(&Bytes::from_static(body.as_bytes())).to_vec()).unwrap();
        assert_eq!(asked(r#"{"TableName": "a"}"#), r#"{"ReturnConsumedCapacity":"TOTAL","TableName": "a"}"#);
        assert_eq!(asked("{ }"), r#"{"ReturnConsumedCapacity":"TOTAL" }"#);
        assert_eq!(asked("nonsense"), "nonsense");
    }

    #[test]
    fn a_statement_writes_unless_it_selects() {
        assert!(!is_write("ExecuteStatement", &serde_json::json!({"Statement": "select * from a"})));
        assert!(is_write(
            "ExecuteTransaction",
            &serde_json::json!({"TransactStatements": [{"Statement": "UPDATE a"}]})
        ));
        assert!(!is_write("GetItem", &Value::Null));
    }
}
