//! Sessions by the dozen: somebody's live ones, and how many they are. The keys are those of [`super::sessions`].
//!
//! A query or a scan ends after 1 MB, whatever it has found by then, so each is asked again until it says that nothing
//! is left (F47).

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;

use super::sessions::SessionRecord;
use super::{DYNAMODB, Store, from_item, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::UserId;

impl Store {
    /// Somebody's live sessions, the newest first; at most `limit`.
    pub async fn live_sessions(
        &self,
        user: UserId,
        version: u32,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>> {
        let (mut sessions, mut next) = (Vec::new(), None);
        loop {
            let page = self.live(user, version, now).set_exclusive_start_key(next).send().await;
            let page = page.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            for item in page.items.unwrap_or_default() {
                sessions.push(from_item(item)?);
            }
            next = page.last_evaluated_key;
            if next.is_none() || sessions.len() >= limit {
                sessions.truncate(limit);
                return Ok(sessions);
            }
        }
    }

    /// How many live sessions somebody has.
    pub async fn count_live_sessions(&self, user: UserId, version: u32, now: Timestamp) -> Result<u32> {
        let (mut count, mut next) = (0, None);
        loop {
            let query = self.live(user, version, now).select(Select::Count).set_exclusive_start_key(next);
            let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            count += u32::try_from(page.count).unwrap_or(0);
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(count);
            }
        }
    }

    fn live(&self, user: UserId, version: u32, now: Timestamp) -> QueryFluentBuilder {
        let values = [(":user", text(user)), (":version", number(version)), (":now", number(now.millis()))];
        let values: HashMap<_, _> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.client
            .query()
            .table_name(&self.tables.sessions)
            .key_condition_expression("user_id = :user")
            .filter_expression("attribute_not_exists(revoked) AND token_version = :version AND expires_at > :now")
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(false)
            .consistent_read(true)
    }
}
