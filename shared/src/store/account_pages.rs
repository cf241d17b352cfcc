//! Walking over all accounts, with what they sign in with and their organizations. The items are those of `accounts`.

use std::collections::HashMap;

use super::accounts::{Login, ORGANIZATION, OrganizationRecord, PROFILE, User, login_key};
use super::{DYNAMODB, Store, from_item, key, key2, text};
use crate::error::{Error, Result};
use crate::id::{OrganizationId, UserId};

/// As many as one `BatchGetItem` takes.
const AT_ONCE: i32 = 100;

/// A part of everybody.
pub struct AccountsPage {
    pub users: Vec<User>,
    pub logins: HashMap<UserId, Login>,
    pub organizations: HashMap<OrganizationId, OrganizationRecord>,
    /// Where the next page begins, if there is one: not for reading, but to be kept.
    pub next: Option<String>,
}

impl Store {
    /// A page of everybody, in no order, with what they sign in with and their organizations. `of` walks with different
    /// `segment`s see each account once; `after` is what the page before said.
    pub async fn accounts(&self, segment: i32, of: i32, after: Option<&str>) -> Result<AccountsPage> {
        let start = after.map(|after| {
            let (id, item) = after.split_once(' ').unwrap_or((after, PROFILE));
            key2("user_id", id, "item", item)
        });
        let scan = self.client.scan().table_name(&self.tables.users).consistent_read(true).limit(AT_ONCE);
        let scan = scan.filter_expression("#item = :profile").expression_attribute_names("#item", "item");
        let scan = scan.expression_attribute_values(":profile", text(PROFILE));
        let page = scan.segment(segment).total_segments(of).set_exclusive_start_key(start).send().await;
        let page = page.map_err(|cause| Error::unavailable(DYNAMODB, &cause))?;
        // The whole key: a page may end on an item of a person whose profile is still to come.
        let next = page.last_evaluated_key.and_then(|key| {
            let part = |name: &str| key.get(name)?.as_s().ok();
            Some(format!("{} {}", part("user_id")?, part("item")?))
        });
        let users: Vec<User> = page.items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_>>()?;
        let login_keys = users.iter().map(|user| key("login", login_key(&user.email))).collect();
        let mut organizations: Vec<_> = users.iter().map(|user| user.organization_id).collect();
        organizations.sort_unstable();
        organizations.dedup();
        let organization_keys = organizations.iter().map(|id| key2("org_id", id, "item", ORGANIZATION)).collect();
        let (logins, organizations) = tokio::try_join!(
            self.get_many::<Login>(&self.tables.logins, login_keys, true),
            self.get_many::<OrganizationRecord>(&self.tables.organizations, organization_keys, true)
        )?;
        Ok(AccountsPage {
            users,
            logins: logins.into_iter().map(|login| (login.user_id, login)).collect(),
            organizations: organizations.into_iter().map(|it| (it.org_id, it)).collect(),
            next,
        })
    }
}
