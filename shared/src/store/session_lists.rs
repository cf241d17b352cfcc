//! Sessions by the dozen: somebody's live ones, and everybody's. The keys are those of [`super::sessions`].
//!
//! A query or a scan ends after 1 MB, whatever it has found by then, so each is asked again until it says that nothing
//! is left (F47).

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use serde::Deserialize;

use super::sessions::SessionRecord;
use super::{DYNAMODB, Store, from_item, key2, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::keys::not_before::NotBefore;

/// After which session a page begins.
pub type SessionPosition = (UserId, SessionId);

#[derive(Deserialize)]
struct Position {
    user_id: UserId,
    session_id: SessionId,
}

/// How many sessions are read at once where the newest are asked for. Without it DynamoDB would read a whole megabyte.
const PAGE: i32 = 500;

impl Store {
    /// Somebody's live sessions, the newest first; at most `limit`.
    pub async fn live_sessions(
        &self,
        user: UserId,
        version: u32,
        not_before: NotBefore,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SessionRecord>> {
        let (mut sessions, mut next) = (Vec::new(), None);
        loop {
            let query = self.live(user, version, not_before, now).limit(PAGE).set_exclusive_start_key(next);
            let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
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
    pub async fn count_live_sessions(
        &self,
        user: UserId,
        version: u32,
        not_before: NotBefore,
        now: Timestamp,
    ) -> Result<u32> {
        let (mut count, mut next) = (0, None);
        loop {
            let query = self.live(user, version, not_before, now);
            let query = query.select(Select::Count).set_exclusive_start_key(next);
            let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            count += u32::try_from(page.count).unwrap_or(0);
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(count);
            }
        }
    }

    /// Up to `limit` sessions that are neither ended by themselves nor out of time, after a position: one person's from the
    /// newest on, or everybody's in the table's order. Whether their owner's token version has ended them is for the
    /// caller to see. Reads what was true a moment ago.
    pub async fn some_sessions(
        &self,
        whose: Option<UserId>,
        now: Timestamp,
        after: Option<SessionPosition>,
        limit: i32,
    ) -> Result<(Vec<SessionRecord>, Option<SessionPosition>)> {
        const UNENDED: &str = "attribute_not_exists(revoked) AND expires_at > :now";
        let start = after.map(|(user, session)| key2("user_id", user, "session_id", session));
        let (items, last) = match whose {
            Some(user) => {
                let query = self.client.query().table_name(&self.tables.sessions).set_exclusive_start_key(start);
                let query = query.key_condition_expression("user_id = :user").filter_expression(UNENDED).limit(limit);
                let query = query.expression_attribute_values(":user", text(user)).scan_index_forward(false);
                let page = query.expression_attribute_values(":now", number(now.millis())).send().await;
                let page = page.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
                (page.items, page.last_evaluated_key)
            }
            None => {
                let scan = self.client.scan().table_name(&self.tables.sessions).set_exclusive_start_key(start);
                let scan = scan.filter_expression(UNENDED).limit(limit);
                let page = scan.expression_attribute_values(":now", number(now.millis())).send().await;
                let page = page.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
                (page.items, page.last_evaluated_key)
            }
        };
        let sessions = items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_>>()?;
        let last: Option<Position> = last.map(from_item).transpose()?;
        Ok((sessions, last.map(|last| (last.user_id, last.session_id))))
    }

    fn live(&self, user: UserId, version: u32, not_before: NotBefore, now: Timestamp) -> QueryFluentBuilder {
        const LIVE: &str = "attribute_not_exists(revoked) AND token_version = :version AND expires_at > :now \
                            AND auth_time >= :not_before";
        let not_before = number(not_before.instant().millis());
        let values = [(":user", text(user)), (":version", number(version)), (":not_before", not_before)];
        let values = values.into_iter().chain([(":now", number(now.millis()))]);
        let values: HashMap<_, _> = values.map(|(name, value)| (name.to_owned(), value)).collect();
        self.client
            .query()
            .table_name(&self.tables.sessions)
            .key_condition_expression("user_id = :user")
            .filter_expression(LIVE)
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(false)
            .consistent_read(true)
    }
}
