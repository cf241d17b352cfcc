//! Accounts that no person has: made for the check of a deployment, and removed after it.
//!
//! | table | key | item |
//! |---|---|---|
//! | Settings | `kind` = `synthetic`, `key` = user id | an account that is to be removed again, with the keys of all that belongs to it |
//!
//! The item is written and removed in the same transactions as the account, so an account whose maker died is found again.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::accounts::{PROFILE, login_key, slug_key};
use super::transaction::{Change, Part};
use super::{DYNAMODB, Item, Store, Transaction, from_item, key, key2, text, to_item};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::id::{OrganizationId, SessionId, UserId};
use crate::organizations::Slug;

/// Where a synthetic account is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyntheticRecord {
    pub user_id: UserId,
    pub email: Email,
    pub organization_id: OrganizationId,
    pub slug: Slug,
    pub made_at: Timestamp,
}

const KIND: &str = "synthetic";

impl Store {
    /// Every synthetic account there is.
    pub async fn synthetic_accounts(&self) -> Result<Vec<SyntheticRecord>> {
        let query = self.client.query().table_name(&self.tables.settings).consistent_read(true);
        let query =
            query.key_condition_expression("kind = :kind").expression_attribute_values(":kind", text(KIND)).send();
        // A few small items: always one page.
        let items = query.await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?.items.unwrap_or_default();
        items.into_iter().map(from_item).collect()
    }

    /// The ids of somebody's sessions, whether they live or not; at most as many as fit one page.
    pub async fn sessions_begun(&self, user: UserId) -> Result<Vec<SessionId>> {
        #[derive(Deserialize)]
        struct Begun {
            session_id: SessionId,
        }
        let query = self.client.query().table_name(&self.tables.sessions).consistent_read(true);
        let query = query
            .key_condition_expression("user_id = :user")
            .expression_attribute_values(":user", text(user))
            .projection_expression("session_id");
        let page = query.send().await.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        let begun = page.items.unwrap_or_default().into_iter().map(from_item::<Begun>);
        begun.map(|begun| Ok(begun?.session_id)).collect()
    }
}

impl Transaction<'_> {
    /// Notes that an account is to be removed again.
    pub fn note_synthetic(self, record: &SyntheticRecord) -> Result<Self> {
        let table = self.tables().settings.as_str();
        let mut item = to_item(record)?;
        item.extend(key2("kind", KIND, "key", record.user_id));
        Ok(self.create(Part::Synthetic, table, item, "kind"))
    }

    /// Removes an account with all that belongs to it, sessions included. Refused (`Part::Synthetic`) if that has been done
    /// already.
    pub fn remove_synthetic(mut self, record: &SyntheticRecord, sessions: &[SessionId]) -> Self {
        let tables = self.tables();
        let organization = |item: &str| key2("org_id", record.organization_id, "item", item);
        let items = [
            (Part::User, &tables.users, key2("user_id", record.user_id, "item", PROFILE)),
            (Part::Login, &tables.logins, key("login", login_key(&record.email))),
            (Part::Organization, &tables.organizations, organization("organization")),
            (Part::Membership, &tables.organizations, organization(&format!("member#{}", record.user_id))),
            (Part::Slug, &tables.organizations, key2("org_id", slug_key(&record.slug), "item", "slug")),
        ];
        for (part, table, key) in items {
            self = self.delete(part, removal(table, key, ""));
        }
        for session in sessions {
            let key = key2("user_id", record.user_id, "session_id", session);
            self = self.delete(Part::Session, removal(&tables.sessions, key, ""));
        }
        let mark = key2("kind", KIND, "key", record.user_id);
        self.delete(Part::Synthetic, removal(&tables.settings, mark, "attribute_exists(kind)"))
    }
}

fn removal<'a>(table: &'a str, key: Item, condition: &'a str) -> Change<'a> {
    Change { table, key, update: "", condition, names: &[], values: Vec::<(&str, AttributeValue)>::new() }
}
