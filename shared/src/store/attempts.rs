//! Counters and cool-downs.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Attempts | `key` = `cooldown#<purpose>#<hash of the address>` | when the cool-down is over |

use std::time::Duration;

use serde::Deserialize;

use super::transaction::{Change, Part};
use super::{Store, Transaction, key, number};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::Result;
use crate::secret::TokenHash;

/// How often something may be done for one address, whether or not an account has it.
pub struct CoolDown<'a> {
    pub purpose: &'static str,
    pub email: &'a Email,
    pub span: Duration,
}

impl CoolDown<'_> {
    fn key(&self) -> super::Item {
        // A hash, so that the counters do not become a list of addresses that somebody once typed.
        let hash = TokenHash::of(self.email.as_str().as_bytes());
        key("key", format!("cooldown#{}#{}", self.purpose, hash.as_str()))
    }
}

impl Store {
    /// Whether a cool-down has passed. Only [`Transaction::reserve`] decides; this saves a refused transaction.
    pub async fn is_cool(&self, cool_down: &CoolDown<'_>, now: Timestamp) -> Result<bool> {
        #[derive(Deserialize)]
        struct Record {
            until: Timestamp,
        }
        let record: Option<Record> = self.get(&self.tables.attempts, cool_down.key()).await?;
        Ok(record.is_none_or(|record| record.until <= now))
    }
}

impl Transaction<'_> {
    /// *Reserve*: takes the one turn a cool-down allows. Refused (`Part::CoolDown`) while the last one is warm.
    pub fn reserve(self, cool_down: &CoolDown<'_>, now: Timestamp) -> Self {
        let table = self.tables().attempts.as_str();
        let until = now + cool_down.span;
        self.update(
            Part::CoolDown,
            Change {
                table,
                key: cool_down.key(),
                update: "SET #until = :until, #ttl = :ttl",
                condition: "attribute_not_exists(#until) OR #until <= :now",
                names: &[("#until", "until"), ("#ttl", "ttl")],
                values: vec![
                    (":until", number(until.millis())),
                    (":ttl", number(until.seconds())),
                    (":now", number(now.millis())),
                ],
            },
        )
    }
}
