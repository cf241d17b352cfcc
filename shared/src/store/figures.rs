//! What is counted now and then, because counting reads a whole table, and kept for whoever asks.
//!
//! | table | key | item |
//! |---|---|---|
//! | Settings | `kind` = `figures`, `key` = `sessions` or `accounts` | the figures of the last count |

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde::Serialize;

use super::{DYNAMODB, Item, Store, key2, number, to_item};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::report::AccountFigures;
use crate::sessions::Figures;

const SESSIONS: &str = "sessions";
const ACCOUNTS: &str = "accounts";

fn figures_key(of: &str) -> Item {
    key2("kind", "figures", "key", of)
}

impl Store {
    /// Keeps what was counted of all sessions.
    pub async fn keep_session_figures(&self, figures: &Figures) -> Result<()> {
        self.keep_figures(SESSIONS, figures).await
    }

    pub async fn session_figures(&self) -> Result<Option<Figures>> {
        self.get(&self.tables.settings, figures_key(SESSIONS)).await
    }

    /// Keeps what was counted of all accounts.
    pub async fn keep_account_figures(&self, figures: &AccountFigures) -> Result<()> {
        self.keep_figures(ACCOUNTS, figures).await
    }

    pub async fn account_figures(&self) -> Result<Option<AccountFigures>> {
        self.get(&self.tables.settings, figures_key(ACCOUNTS)).await
    }

    async fn keep_figures(&self, of: &str, figures: &impl Serialize) -> Result<()> {
        let mut item = to_item(figures)?;
        item.extend(figures_key(of));
        let put = self.client.put_item().table_name(&self.tables.settings).set_item(Some(item)).send().await;
        put.map(drop).map_err(|cause| Error::unavailable(DYNAMODB, &cause))
    }

    /// How many accounts made before an instant have an address that nobody has confirmed, and whether all accounts were
    /// looked at: at most `pages` of a megabyte are read.
    pub async fn unconfirmed_accounts(&self, made_before: Timestamp, pages: usize) -> Result<(u64, bool)> {
        let (mut count, mut next) = (0, None);
        for _ in 0..pages {
            let scan = self.client.scan().table_name(&self.tables.users).select(Select::Count);
            let scan = scan
                .filter_expression("email_verified = :no AND created_at < :before")
                .expression_attribute_values(":no", AttributeValue::Bool(false))
                .expression_attribute_values(":before", number(made_before.millis()))
                .set_exclusive_start_key(next);
            let page = scan.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
            count += u64::try_from(page.count).unwrap_or(0);
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok((count, true));
            }
        }
        Ok((count, false))
    }
}
