//! Sessions: the refresh family and what is known of the device.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Sessions | `user_id`, `session_id` | a week after it ended, should the clean-up job be switched off |
//!
//! Both tokens carry both keys, so a session is reached directly, without an index.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::transaction::{Change, Part};
use super::{DYNAMODB, Store, Transaction, from_item, key2, number, text, to_item};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::keys::not_before::NotBefore;
use crate::secret::TokenHash;
use crate::tokens::rotation::{Family, Revocation};

/// One sign-in on one device.
#[derive(Clone, Serialize, Deserialize)]
pub struct SessionRecord {
    pub user_id: UserId,
    pub session_id: SessionId,
    #[serde(flatten)]
    pub family: Family,
    /// The version of our secrets under which the current refresh token was derived.
    pub secret_version: u8,
    /// The person's token version at the sign-in; a session of an older one is over (TOKEN-8).
    pub token_version: u32,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    /// As sent at the sign-in. What device it tells of is read from it when somebody asks, by the rules of that day.
    pub user_agent: String,
    /// Where the sign-in came from, coarsely. The trail has the address itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub network: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<String>,
    /// When it last changed something, unless that was a refresh. Only told to its owner.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_at: Option<Timestamp>,
}

impl SessionRecord {
    /// When somebody last showed one of its tokens to change something or to refresh; to the minute.
    pub fn last_active_at(&self) -> Timestamp {
        self.seen_at.unwrap_or(self.family.rotated_at).max(self.family.rotated_at)
    }
}

const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

const UNCHANGED: &str = "generation = :generation AND attribute_not_exists(revoked)";

impl Store {
    pub async fn session(&self, user: UserId, session: SessionId) -> Result<Option<SessionRecord>> {
        self.get(&self.tables.sessions, key2("user_id", user, "session_id", session)).await
    }

    /// One page of sessions whose time is over, from anywhere in the table. `next` continues where a page ended.
    pub async fn expired_sessions(
        &self,
        now: Timestamp,
        next: Option<super::Item>,
    ) -> Result<(Vec<SessionRecord>, Option<super::Item>)> {
        let scan = self
            .client
            .scan()
            .table_name(&self.tables.sessions)
            .filter_expression("expires_at <= :now")
            .expression_attribute_values(":now", number(now.millis()))
            .set_exclusive_start_key(next);
        let page = scan.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let sessions = page.items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_>>()?;
        Ok((sessions, page.last_evaluated_key))
    }

    /// Notes that the session is in use, unless it was noted after `unless_since`.
    pub async fn note_activity(&self, session: &SessionRecord, now: Timestamp, unless_since: Timestamp) -> Result<()> {
        let change = Change {
            table: &self.tables.sessions,
            key: key2("user_id", session.user_id, "session_id", session.session_id),
            update: "SET seen_at = :now",
            condition: "attribute_exists(session_id) AND (attribute_not_exists(seen_at) OR seen_at <= :since)",
            names: &[],
            values: vec![(":now", number(now.millis())), (":since", number(unless_since.millis()))],
        };
        self.advance(change).await.map(drop)
    }

    /// Counts another use of a token of a family that was ended by such a use (case 105).
    pub async fn count_replay(&self, user: UserId, session: SessionId) -> Result<()> {
        let change = Change {
            table: &self.tables.sessions,
            key: key2("user_id", user, "session_id", session),
            update: "ADD replays :one",
            condition: "attribute_exists(session_id)",
            names: &[],
            values: vec![(":one", number(1))],
        };
        self.advance(change).await.map(drop)
    }
}

impl Transaction<'_> {
    pub fn create_session(self, session: &SessionRecord) -> Result<Self> {
        let table = self.tables().sessions.as_str();
        let mut item = to_item(session)?;
        item.insert("ttl".to_owned(), number((session.family.ends_at + KEPT).seconds()));
        Ok(self.create(Part::Session, table, item, "session_id"))
    }

    /// *Advance*: from the family as it was read to its next generation. Refused (`Part::Session`) if it has moved.
    pub fn rotate_session(self, read: &SessionRecord, next: &Family, secret_version: u8) -> Self {
        let table = self.tables().sessions.as_str();
        let hash = |hash: &TokenHash| text(hash.as_str());
        self.update(
            Part::Session,
            Change {
                table,
                key: key2("user_id", read.user_id, "session_id", read.session_id),
                update: "SET generation = :next, #current = :current, previous = :previous, rotated_at = :now, expires_at = :expires, secret_version = :version",
                condition: UNCHANGED,
                names: &[("#current", "current")],
                values: vec![
                    (":generation", number(read.family.generation)),
                    (":next", number(next.generation)),
                    (":current", hash(&next.current)),
                    (":previous", hash(&read.family.current)),
                    (":now", number(next.rotated_at.millis())),
                    (":expires", number(next.expires_at.millis())),
                    (":version", number(secret_version)),
                ],
            },
        )
    }

    /// *Advance*: takes a live session along to the person's next token version, with its time of signing in. Refused
    /// (`Part::Session`) if it has ended. Rotations meanwhile are no matter: they touch nothing of this.
    pub fn carry_session_over(self, read: &SessionRecord, next: &SessionRecord) -> Self {
        let table = self.tables().sessions.as_str();
        self.update(
            Part::Session,
            Change {
                table,
                key: key2("user_id", read.user_id, "session_id", read.session_id),
                update: "SET token_version = :next, auth_time = :time",
                condition: "token_version = :version AND attribute_not_exists(revoked)",
                names: &[],
                values: vec![
                    (":version", number(read.token_version)),
                    (":next", number(next.token_version)),
                    (":time", number(next.auth_time.millis())),
                ],
            },
        )
    }

    /// Holds a transaction to the family as it was read: an answer that rotates nothing must not outlive a revocation.
    pub fn check_session(self, read: &SessionRecord) -> Self {
        let table = self.tables().sessions.as_str();
        self.check(
            Part::Session,
            Change {
                table,
                key: key2("user_id", read.user_id, "session_id", read.session_id),
                update: "",
                condition: UNCHANGED,
                names: &[],
                values: vec![(":generation", number(read.family.generation))],
            },
        )
    }

    /// *Advance* to the end. Refused (`Part::Session`) if the session is gone or has been revoked already.
    pub fn revoke_session(self, user: UserId, session: SessionId, why: Revocation, now: Timestamp) -> Self {
        let exists = "attribute_exists(session_id) AND attribute_not_exists(revoked)";
        self.revoke_if((user, session), why, now, exists, Vec::new())
    }

    /// *Advance* to the end, as by a sign-out, of a session that lives. Refused (`Part::Session`) if it has ended in whatever
    /// way: by a revocation, by a step of the person's token version to `version`, by the not-before, or by its time.
    pub fn end_live_session(
        self,
        user: UserId,
        session: SessionId,
        version: u32,
        not_before: NotBefore,
        now: Timestamp,
    ) -> Self {
        let lives = "attribute_not_exists(revoked) AND token_version = :version AND expires_at > :now \
                     AND auth_time >= :not_before";
        let values = [(":version", number(version)), (":not_before", number(not_before.instant().millis()))];
        self.revoke_if((user, session), Revocation::Logout, now, lives, values.into())
    }

    fn revoke_if(
        self,
        (user, session): (UserId, SessionId),
        why: Revocation,
        now: Timestamp,
        condition: &str,
        mut values: Vec<(&str, AttributeValue)>,
    ) -> Self {
        let why = match why {
            Revocation::Logout => "logout",
            Revocation::Replay => "replay",
        };
        values.extend([(":why", text(why)), (":now", number(now.millis()))]);
        let table = self.tables().sessions.as_str();
        self.update(
            Part::Session,
            Change {
                table,
                key: key2("user_id", user, "session_id", session),
                update: "SET revoked = :why, revoked_at = :now",
                condition,
                names: &[],
                values,
            },
        )
    }

    /// Removes a session whose time is over. Refused (`Part::Session`) if it was rotated meanwhile or is gone.
    pub fn remove_session(self, session: &SessionRecord) -> Self {
        let table = self.tables().sessions.as_str();
        self.delete(
            Part::Session,
            Change {
                table,
                key: key2("user_id", session.user_id, "session_id", session.session_id),
                update: "",
                condition: "generation = :generation",
                names: &[],
                values: vec![(":generation", number(session.family.generation))],
            },
        )
    }
}
