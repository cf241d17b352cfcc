//! The three ways in which shared state changes outside a transaction: *consume*, *reserve*, *advance*.
//!
//! Each is one conditional write, so of any number of callers at once each gets a definite and consistent answer.
//! Inside a transaction the same conditions are used; see the access patterns.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::transaction::TRIES;
use super::transaction::{Change, expressed};
use super::{DYNAMODB, Item, Store};
use crate::error::{Error, Result};
use crate::random;

/// The outcome of a compare-and-set.
#[derive(Debug)]
pub(super) enum Advance {
    /// It was ours; the item as it is now.
    Won(Item),
    /// The item was not in the expected state: the item as it is, empty if there is none.
    Lost(Item),
}

impl Store {
    /// *Advance*: changes an item only if its condition holds.
    ///
    /// An answer lost after the write took effect makes the SDK try again and lose against itself. So conditions are
    /// written to be true again for the same caller, or losing must be harmless to it.
    pub(super) async fn advance(&self, change: Change<'_>) -> Result<Advance> {
        let request = self
            .client
            .update_item()
            .update_expression(change.update)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = expressed!(request, change);
        for attempt in 1.. {
            let cause = match request.clone().send().await {
                Ok(output) => return Ok(Advance::Won(output.attributes.unwrap_or_default())),
                Err(cause) => cause,
            };
            match cause.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    return Ok(Advance::Lost(failed.item().cloned().unwrap_or_default()));
                }
                // A transaction is at this item. Nothing was written, and the SDK does not come again by itself.
                Some(UpdateItemError::TransactionConflictException(_)) if attempt < TRIES => {
                    tokio::time::sleep(Duration::from_millis((10 << attempt) + random::below(20 << attempt))).await;
                }
                _ => return Err(Error::unavailable(DYNAMODB, &cause)),
            }
        }
        unreachable!("the loop returns on its last try")
    }
}
