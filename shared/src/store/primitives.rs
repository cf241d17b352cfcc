//! The three ways in which shared state changes outside a transaction: *consume*, *reserve*, *advance*.
//!
//! Each is one conditional write, so of any number of callers at once each gets a definite and consistent answer.
//! Inside a transaction the same conditions are used; see the access patterns.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::transaction::{Change, expressed};
use super::{DYNAMODB, Item, Store};
use crate::error::{Error, Result};

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
        match request.send().await {
            Ok(output) => Ok(Advance::Won(output.attributes.unwrap_or_default())),
            Err(cause) => match cause.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Advance::Lost(failed.item().cloned().unwrap_or_default()))
                }
                _ => Err(Error::unavailable(DYNAMODB, &cause)),
            },
        }
    }
}
