//! Reading many items at once. Asks for those again that DynamoDB leaves out of an answer (F47).

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::de::DeserializeOwned;

use super::transaction::TRIES;
use super::{DYNAMODB, Item, Store, from_item};
use crate::error::{Error, Result};
use crate::random;

/// DynamoDB's limit to a `BatchGetItem`.
const BATCH: usize = 100;

impl Store {
    /// The items of these keys that are there, in no order; as they are now, or at half the price as they were a moment ago.
    /// No key may be asked for twice.
    pub(super) async fn get_many<T: DeserializeOwned>(
        &self,
        table: &str,
        keys: Vec<Item>,
        as_now: bool,
    ) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            let asked = KeysAndAttributes::builder().set_keys(Some(batch.to_vec())).consistent_read(as_now);
            let asked = asked.build().map_err(Error::internal)?;
            let mut left = Some(HashMap::from([(table.to_owned(), asked)]));
            for attempt in 0..TRIES {
                let get = self.client.batch_get_item().set_request_items(left.take()).send().await;
                let answer = get.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
                for item in answer.responses.unwrap_or_default().into_values().flatten() {
                    found.push(from_item(item)?);
                }
                left = answer.unprocessed_keys.filter(|keys| !keys.is_empty());
                if left.is_none() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis((20 << attempt) + random::below(20 << attempt))).await;
            }
            if left.is_some() {
                return Err(Error::Unavailable {
                    dependency: DYNAMODB,
                    cause: "keys were left unprocessed".to_owned(),
                });
            }
        }
        Ok(found)
    }
}
