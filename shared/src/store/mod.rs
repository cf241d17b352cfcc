//! The only code that knows DynamoDB: keys, expressions, and what a failed condition means.
//!
//! `Store` is one concrete type; each file adds the access patterns of one kind of item, named for what they are for.
//! Shared state changes only through three primitives: *consume*, *reserve* and *advance* ([`primitives`]); several
//! changes that belong together are one [`Transaction`]. A lost race is an outcome, never an error.

mod account_pages;
mod accounts;
mod attempts;
mod audit;
mod audit_chain;
mod batch;
mod captcha;
mod challenges;
mod counters;
mod deliveries;
mod figures;
mod jobs;
mod outbox;
mod primitives;
mod reports;
mod session_lists;
mod sessions;
mod signing_keys;
mod subscribers;
mod synthetic;
mod tables;
mod transaction;
mod waiting;
mod watches;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::account_pages::AccountsPage;
pub use self::accounts::{Login, OrganizationRecord, Status, User, Verified};
pub use self::attempts::Reservation;
pub(crate) use self::audit::{Lane, SHARDS, Span};
pub(crate) use self::audit_chain::Found;
pub use self::audit_chain::fingerprint;
pub use self::captcha::CaptchaClaim;
pub use self::challenges::{Challenge, ChallengeKind};
pub use self::counters::{Counted, Counts};
pub use self::deliveries::{DeliveryRecord, Next, Try};
pub use self::jobs::{JobRecord, NewRun, RunEnd, RunRecord, RunStart};
pub use self::outbox::{Claim, OutboxMessage};
pub use self::reports::{EventCounts, ReportRecord};
pub use self::session_lists::SessionPosition;
pub use self::sessions::SessionRecord;
pub use self::signing_keys::{KeyRecord, KeyState, RingRecords, SecretRecord};
pub use self::subscribers::{AlertRecord, ChannelRecord, WebhookRecord, WrappedSecret};
pub use self::synthetic::SyntheticRecord;
pub use self::tables::TableStanding;
pub use self::transaction::{Attempt, Committed, Part, Transaction};
pub use self::waiting::{KEPT as MESSAGE_KEPT, Turn};
pub use self::watches::{Backup, WatchRecord};
use crate::aws::skew;
use crate::aws::trips::CountTrips;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::settings::Tables;

pub(crate) const DYNAMODB: &str = "DynamoDB";

pub(crate) type Item = HashMap<String, AttributeValue>;

pub struct Store {
    client: Client,
    tables: Tables,
}

impl Store {
    pub fn new(config: &SdkConfig, tables: Tables, clock: Clock) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config);
        let config = config.interceptor(CountTrips).interceptor(skew::watch(clock)).build();
        Self { client: Client::from_conf(config), tables }
    }

    /// Reads one item as it is now, not as it was a moment ago.
    async fn get<T: DeserializeOwned>(&self, table: &str, key: Item) -> Result<Option<T>> {
        let output = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await;
        output.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.item.map(from_item).transpose()
    }
}

fn to_item(value: &impl Serialize) -> Result<Item> {
    let item: serde_dynamo::Item = serde_dynamo::to_item(value).map_err(Error::internal)?;
    Ok(item.into())
}

fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::from_item(serde_dynamo::Item::from(item))
        .map_err(|cause| Error::internal(format!("a stored item cannot be read: {cause}")))
}

fn key(name: &str, value: impl ToString) -> Item {
    Item::from([(name.to_owned(), text(value))])
}

fn key2(hash: &str, hash_value: impl ToString, range: &str, range_value: impl ToString) -> Item {
    Item::from([(hash.to_owned(), text(hash_value)), (range.to_owned(), text(range_value))])
}

fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
