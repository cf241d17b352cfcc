//! What waits to be sent: the mails of the outbox and the deliveries to webhooks and channels.
//!
//! `state` and `due_at` exist only while an item waits, so the index `due` of its table holds nothing else. Who sends takes
//! a lease; when they die, the next may try after it. What an item is, and what becomes of it, its own file says.

use std::time::Duration;

use super::transaction::Change;
use super::{DYNAMODB, Item, Store, number, text};
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// The `state` of what waits.
pub(super) const WAITING: &str = "waiting";

/// How long an item is there, whatever becomes of it.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Makes an item one that waits until `due_at`.
pub(super) fn wait(item: &mut Item, now: Timestamp, due_at: Timestamp) {
    item.extend([
        ("state".to_owned(), text(WAITING)),
        ("due_at".to_owned(), number(due_at.millis())),
        ("ttl".to_owned(), number((now + KEPT).seconds())),
    ]);
}

/// Whose turn it is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The stream's, which tells of an item once or more, now or hours later: only if nobody has had it yet.
    First,
    /// The retry job's: when the item is due, and not before.
    Due,
}

/// *Advance*: takes what waits for `lease`; lost when it is finished, in other hands or not due. `claim_id` names the try:
/// should the answer be lost, the SDK's repetition finds its own claim. It stays when the item waits again.
pub(super) fn claim<'a>(
    table: &'a str,
    key: Item,
    claim_id: &str,
    turn: Turn,
    now: Timestamp,
    lease: Duration,
) -> Change<'a> {
    let mut values =
        vec![(":lease", number((now + lease).millis())), (":waiting", text(WAITING)), (":me", text(claim_id))];
    let condition = match turn {
        Turn::First => "#state = :waiting AND (attribute_not_exists(claimed_by) OR claimed_by = :me)",
        // Whoever has it has moved this to the end of the lease.
        Turn::Due => {
            values.push((":now", number(now.millis())));
            "#state = :waiting AND (due_at <= :now OR claimed_by = :me)"
        }
    };
    Change {
        table,
        key,
        update: "SET leased_until = :lease, due_at = :lease, claimed_by = :me",
        condition,
        names: &[("#state", "state")],
        values,
    }
}

impl Store {
    /// The keys of what waits and whose time has come, oldest first; at most `limit`.
    pub(super) async fn due(&self, table: &str, now: Timestamp, limit: i32) -> Result<Vec<Item>> {
        let query = self.client.query().table_name(table).index_name("due").limit(limit);
        let query = query
            .key_condition_expression("#state = :waiting AND due_at <= :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":waiting", text(WAITING))
            .expression_attribute_values(":now", number(now.millis()));
        let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        Ok(page.items.unwrap_or_default())
    }
}

/// A part of a key.
pub(super) fn part(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}
