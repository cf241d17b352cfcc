//! Several changes, all or none: a state change, its audit events and its mails.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};

use super::{DYNAMODB, Item, Store};
use crate::error::{Error, Result};
use crate::random;

/// The part a change plays in its transaction, so that an outcome can say whose condition did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    User,
    Login,
    Organization,
    Membership,
    Slug,
    Session,
    Challenge,
    NewestLink,
    Counter,
    Mail,
    Event,
    Key,
    RingHead,
    Job,
    Run,
    Watch,
    Report,
    /// A webhook, an alert channel or an alert.
    Subscriber,
    Delivery,
    /// The note that an account is no person's.
    Synthetic,
    /// The mark of an event that has been counted, by its place in the transaction.
    Seen(usize),
}

/// What became of a transaction that DynamoDB answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// Nothing was written: these parts' conditions did not hold.
    Refused(Vec<Part>),
}

impl Committed {
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }

    pub fn refused(&self, part: Part) -> bool {
        matches!(self, Self::Refused(parts) if parts.contains(&part))
    }
}

/// What became of the tries to commit a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Attempt {
    Done,
    /// As [`Committed::Refused`].
    Refused(Vec<Part>),
    /// Nothing was written: each time another transaction was changing the same items.
    Contended,
}

/// Changes waiting to be committed together. Reads like the list of what happens.
#[must_use = "nothing is written before commit"]
pub struct Transaction<'a> {
    store: &'a Store,
    parts: Vec<Part>,
    items: Vec<TransactWriteItem>,
}

/// An update or check of one item: expressions with `:name` values. Attribute names that DynamoDB reserves get a `#`. An
/// empty condition always holds.
pub(super) struct Change<'a> {
    pub(super) table: &'a str,
    pub(super) key: Item,
    pub(super) update: &'a str,
    pub(super) condition: &'a str,
    pub(super) names: &'a [(&'a str, &'a str)],
    pub(super) values: Vec<(&'a str, AttributeValue)>,
}

impl Store {
    pub fn transaction(&self) -> Transaction<'_> {
        Transaction { store: self, parts: Vec::new(), items: Vec::new() }
    }
}

/// Puts a change into any of the SDK's builders: they have these methods in common, but no trait.
macro_rules! expressed {
    ($builder:expr, $change:expr) => {{
        let condition = Some($change.condition).filter(|condition| !condition.is_empty()).map(str::to_owned);
        let mut builder =
            $builder.table_name($change.table).set_key(Some($change.key)).set_condition_expression(condition);
        for (name, attribute) in $change.names {
            builder = builder.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in $change.values {
            builder = builder.expression_attribute_values(name, value);
        }
        builder
    }};
}
pub(super) use expressed;

/// How often a transaction is tried when another one was touching the same items, or capacity was short (F1).
pub(super) const TRIES: u32 = 4;

impl<'a> Transaction<'a> {
    pub(super) fn tables(&self) -> &'a crate::settings::Tables {
        &self.store.tables
    }

    /// Adds an item that must not be there yet.
    pub(super) fn create(mut self, part: Part, table: &str, item: Item, key_name: &str) -> Self {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", key_name);
        self.push(part, put.build().map(|put| TransactWriteItem::builder().put(put).build()));
        self
    }

    pub(super) fn update(mut self, part: Part, change: Change<'_>) -> Self {
        let update = expressed!(Update::builder().update_expression(change.update), change);
        self.push(part, update.build().map(|update| TransactWriteItem::builder().update(update).build()));
        self
    }

    /// Holds the transaction to a condition on an item that it does not change.
    pub(super) fn check(mut self, part: Part, change: Change<'_>) -> Self {
        let check = expressed!(ConditionCheck::builder(), change);
        self.push(part, check.build().map(|check| TransactWriteItem::builder().condition_check(check).build()));
        self
    }

    pub(super) fn delete(mut self, part: Part, change: Change<'_>) -> Self {
        let delete = expressed!(Delete::builder(), change);
        self.push(part, delete.build().map(|delete| TransactWriteItem::builder().delete(delete).build()));
        self
    }

    fn push<E: std::fmt::Debug>(&mut self, part: Part, item: Result<TransactWriteItem, E>) {
        #[expect(
            clippy::expect_used,
            reason = "the builders fail only when a field they require is unset, and all are set above"
        )]
        self.items.push(item.expect("a complete item"));
        self.parts.push(part);
    }

    /// Writes all of it, or nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when DynamoDB does not decide, or other transactions were in the way each time. Whether it
    /// was written is unknown then: callers must be able to repeat their request.
    pub async fn commit(self) -> Result<Committed> {
        match self.try_commit().await? {
            Attempt::Done => Ok(Committed::Done),
            Attempt::Refused(parts) => Ok(Committed::Refused(parts)),
            Attempt::Contended => {
                Err(Error::Unavailable { dependency: DYNAMODB, cause: "other transactions were in the way".to_owned() })
            }
        }
    }

    /// The same for callers to whom being in somebody's way is an outcome.
    ///
    /// An answer lost on the way is asked for again by the SDK under the same `ClientRequestToken`, so a transaction
    /// happens once (F2). One that met another transaction is tried again with jitter (F1).
    pub async fn try_commit(self) -> Result<Attempt> {
        for attempt in 1.. {
            let sent =
                self.store.client.transact_write_items().set_transact_items(Some(self.items.clone())).send().await;
            let Err(error) = sent else { return Ok(Attempt::Done) };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons()
                }
                _ => return Err(Error::unavailable(DYNAMODB, &error)),
            };
            let is_refused = |reason: &CancellationReason| code(reason) == "ConditionalCheckFailed";
            let refused = self.parts.iter().zip(reasons).filter(|(_, reason)| is_refused(reason));
            let refused: Vec<Part> = refused.map(|(part, _)| *part).collect();
            if !refused.is_empty() {
                return Ok(Attempt::Refused(refused));
            }
            if attempt == TRIES || !reasons.iter().any(is_passing) {
                let is_contended =
                    reasons.iter().all(|reason| matches!(code(reason), "" | "None" | "TransactionConflict"));
                return if is_contended { Ok(Attempt::Contended) } else { Err(Error::unavailable(DYNAMODB, &error)) };
            }
            tokio::time::sleep(Duration::from_millis((10 << attempt) + random::below(20 << attempt))).await;
        }
        unreachable!("the loop returns on its last try")
    }
}

fn code(reason: &CancellationReason) -> &str {
    reason.code().unwrap_or_default()
}

/// Reasons that go away by themselves.
fn is_passing(reason: &CancellationReason) -> bool {
    matches!(code(reason), "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}
