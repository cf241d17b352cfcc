//! The three ways in which shared state changes outside a transaction: *consume*, *reserve*, *advance*.
//!
//! Each is one conditional write, so of any number of callers at once each gets a definite and consistent answer.
//! Inside a transaction the same conditions are used; see the access patterns.

use aws_sdk_dynamodb::types::ReturnValue;

use super::transaction::{Change, expressed};
use super::{DYNAMODB, Item, Store};
use crate::error::{Error, Result};

/// The outcome of a compare-and-set.
#[derive(Debug)]
pub(super) enum Advance {
    /// It was ours; the item as it is now.
    Won(Item),
    /// The item was not in the expected state.
    Lost,
}

impl Store {
    /// *Advance*: changes an item only if its condition holds.
    ///
    /// An answer lost after the write took effect makes the SDK try again and lose against itself. So conditions are
    /// written to be true again for the same caller, or losing must be harmless to it.
    pub(super) async fn advance(&self, change: Change<'_>) -> Result<Advance> {
        let request = self.client.update_item().update_expression(change.update).return_values(ReturnValue::AllNew);
        let request = expressed!(request, change);
        match request.send().await {
            Ok(output) => Ok(Advance::Won(output.attributes.unwrap_or_default())),
            Err(cause) if cause.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(Advance::Lost)
            }
            Err(cause) => Err(Error::unavailable(DYNAMODB, &cause)),
        }
    }
}
