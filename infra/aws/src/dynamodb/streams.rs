//! Reading a table's stream, as the event source mapping of Lambda does.
//!
//! It goes straight to the engine: these reads are the platform's, not the product's.

use dynoxide::DynoxideError;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Database;
use crate::engine::Engine;

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// There is no such table.
    #[error("there is no table {0}")]
    NoTable(String),
    /// The table was made without a stream.
    #[error("the table {0} has no stream")]
    NoStream(String),
    /// The engine refused, for example a sequence number it never gave.
    #[error("the stream could not be read: {0}")]
    Engine(String),
}

/// Wakes who waits for writes to DynamoDB; made by [`changes`](crate::EmbeddedAws::changes).
#[derive(Clone, Debug)]
pub struct Changes {
    writes: watch::Receiver<u64>,
}

impl Changes {
    pub(super) fn new(writes: watch::Receiver<u64>) -> Self {
        Self { writes }
    }

    /// Waits until something was written since the last call, or since this watch was made; at once if it
    /// already was. Waits for ever once the stack is gone.
    pub async fn changed(&mut self) {
        if self.writes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The records after a sequence number, at most `limit`.
pub(crate) async fn records(
    database: Database,
    table: String,
    after: Option<String>,
    limit: usize,
) -> Result<Vec<Value>, StreamError> {
    let read = move || read(&database, table, after, limit);
    tokio::task::spawn_blocking(read).await.map_err(|error| StreamError::Engine(error.to_string()))?
}

/// The same from another emulator, by the operations that AWS has for it.
pub(crate) async fn records_elsewhere(
    engine: &Engine,
    table: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Value>, StreamError> {
    let ask = async |target, input| engine.ask(target, &input).await.map_err(StreamError::Engine);
    let described = ask("DynamoDB_20120810.DescribeTable", json!({ "TableName": table })).await;
    let described = described.map_err(|_| StreamError::NoTable(table.to_owned()))?;
    let arn = described["Table"]["LatestStreamArn"].as_str();
    let arn = arn.ok_or_else(|| StreamError::NoStream(table.to_owned()))?;
    let stream = ask("DynamoDBStreams_20120810.DescribeStream", json!({ "StreamArn": arn })).await?;
    // One that has never been split or rolled: a stack lives for less than the four hours that a shard does.
    let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
    let mut position = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    if let Some(after) = after {
        position["ShardIteratorType"] = Value::from("AFTER_SEQUENCE_NUMBER");
        position["SequenceNumber"] = Value::from(after);
    }
    let iterator = ask("DynamoDBStreams_20120810.GetShardIterator", position).await?;
    let wish = json!({ "ShardIterator": iterator["ShardIterator"], "Limit": limit });
    let mut records = ask("DynamoDBStreams_20120810.GetRecords", wish).await?;
    let mut records = records["Records"].as_array_mut().map(std::mem::take).unwrap_or_default();
    for record in &mut records {
        record["eventSourceARN"] = Value::from(arn);
    }
    Ok(records)
}

fn read(database: &Database, table: String, after: Option<String>, limit: usize) -> Result<Vec<Value>, StreamError> {
    let Some(metadata) = database.get_table_metadata(&table).map_err(engine)? else {
        return Err(StreamError::NoTable(table));
    };
    let Some(label) = metadata.stream_label.filter(|_| metadata.stream_enabled) else {
        return Err(StreamError::NoStream(table));
    };
    let arn = dynoxide::streams::stream_arn(&table, &label);
    let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
    let position = GetShardIteratorRequest {
        stream_arn: arn.clone(),
        shard_id: dynoxide::streams::shard_id(&table),
        shard_iterator_type: kind.to_owned(),
        sequence_number: after,
    };
    let Some(shard_iterator) = database.get_shard_iterator(position).map_err(engine)?.shard_iterator else {
        return Ok(Vec::new());
    };
    let answer = database.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) }).map_err(engine)?;
    let as_lambda_sees_it = |record| {
        let mut record = serde_json::to_value(record)?;
        record["eventSourceARN"] = Value::from(arn.as_str());
        Ok(record)
    };
    let records: serde_json::Result<Vec<Value>> = answer.records.into_iter().map(as_lambda_sees_it).collect();
    records.map_err(|error| StreamError::Engine(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn engine(error: DynoxideError) -> StreamError {
    StreamError::Engine(error.to_string())
}
