//! People, the ways they sign in, and their organizations.
//!
//! | table | key | item |
//! |---|---|---|
//! | Users | `user_id`, `item` = `profile` | the person; the truth about status, roles and token version |
//! | Logins | `login` = `email#<address>` | who signs in with it, and a copy of all that a sign-in needs |
//! | Organizations | `org_id`, `item` = `organization` | the organization |
//! | Organizations | `org_id`, `item` = `member#<user id>` | a membership |
//! | Organizations | `org_id` = `slug#<slug>`, `item` = `slug` | who holds the slug: its conditional put is the uniqueness rule |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::transaction::{Change, Part};
use super::{Store, Transaction, key, key2, number, text, to_item};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::id::{OrganizationId, UserId};
use crate::organizations::Slug;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Disabled,
}

/// A person's account.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    pub user_id: UserId,
    pub email: Email,
    pub email_verified: bool,
    #[serde(rename = "user_name")]
    pub name: String,
    pub status: Status,
    pub roles: Vec<String>,
    pub organization_id: OrganizationId,
    /// Raised to end every session at once (TOKEN-8).
    pub token_version: u32,
    pub created_at: Timestamp,
}

/// What signing in with an e-mail address needs, in one read. A copy of [`User`]'s truth, changed in the same transactions.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    pub user_id: UserId,
    pub password_hash: String,
    pub email_verified: bool,
    pub status: Status,
    pub roles: Vec<String>,
    pub organization_id: OrganizationId,
    pub token_version: u32,
    /// Several sign-ups used this address before anybody verified it.
    #[serde(default)]
    pub contested: bool,
    /// Somebody has signed in with it before, so a browser that has not is news (SESS-3).
    #[serde(default)]
    pub signed_in: bool,
}

impl Login {
    /// The login of a person, saying what their account says.
    pub fn of(user: &User, password_hash: &str) -> Self {
        Self {
            user_id: user.user_id,
            password_hash: password_hash.to_owned(),
            email_verified: user.email_verified,
            status: user.status,
            roles: user.roles.clone(),
            organization_id: user.organization_id,
            token_version: user.token_version,
            contested: false,
            signed_in: false,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct OrganizationRecord {
    pub org_id: OrganizationId,
    pub name: String,
    pub slug: Slug,
    pub created_at: Timestamp,
}

/// What a verification makes true.
pub struct Verified<'a> {
    pub name: &'a str,
    pub password_hash: &'a str,
    pub roles: &'a [String],
    /// When the link was made.
    pub made_at: Timestamp,
}

pub(super) const PROFILE: &str = "profile";

pub(super) const ORGANIZATION: &str = "organization";

pub(super) fn login_key(email: &Email) -> String {
    format!("email#{}", email.as_str())
}

pub(super) fn slug_key(slug: &Slug) -> String {
    format!("slug#{slug}")
}

impl Store {
    /// What a sign-in with this address needs; `None` for an unknown one.
    pub async fn login_by_email(&self, email: &Email) -> Result<Option<Login>> {
        self.get(&self.tables.logins, key("login", login_key(email))).await
    }

    pub async fn user(&self, user: UserId) -> Result<Option<User>> {
        self.get(&self.tables.users, key2("user_id", user, "item", PROFILE)).await
    }

    /// The people of these ids who are there, as they were a moment ago.
    pub async fn users(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let keys = wanted.iter().map(|id| key2("user_id", id, "item", PROFILE)).collect();
        let users: Vec<User> = self.get_many(&self.tables.users, keys, false).await?;
        Ok(users.into_iter().map(|user| (user.user_id, user)).collect())
    }

    pub async fn organization(&self, id: OrganizationId) -> Result<Option<OrganizationRecord>> {
        self.get(&self.tables.organizations, key2("org_id", id, "item", ORGANIZATION)).await
    }

    /// The organization that holds a slug.
    pub async fn slug_holder(&self, slug: &Slug) -> Result<Option<OrganizationId>> {
        #[derive(Deserialize)]
        struct Holder {
            organization_id: OrganizationId,
        }
        let key = key2("org_id", slug_key(slug), "item", "slug");
        let holder: Option<Holder> = self.get(&self.tables.organizations, key).await?;
        Ok(holder.map(|holder| holder.organization_id))
    }

    /// Replaces a password hash by a stronger one of the same password (SIGN-6). Loses to a password change meanwhile.
    pub async fn upgrade_password_hash(&self, email: &Email, old: &str, new: &str) -> Result<()> {
        let change = Change {
            table: &self.tables.logins,
            key: key("login", login_key(email)),
            update: "SET password_hash = :new",
            condition: "password_hash = :old",
            names: &[],
            values: vec![(":new", text(new)), (":old", text(old))],
        };
        self.advance(change).await.map(drop)
    }
}

impl Transaction<'_> {
    /// A new person with the login, the organization and the ownership that belong to them.
    pub fn create_account(self, user: &User, login: &Login, organization: &OrganizationRecord) -> Result<Self> {
        let tables = self.tables();
        let owner = format!("member#{}", user.user_id);

        let mut login_item = to_item(login)?;
        login_item.extend(key("login", login_key(&user.email)));
        let mut user_item = to_item(user)?;
        user_item.extend(key("item", PROFILE));
        let mut organization_item = to_item(organization)?;
        organization_item.extend(key("item", ORGANIZATION));
        let mut membership = key2("org_id", organization.org_id, "item", owner);
        membership
            .extend([("role".to_owned(), text("owner")), ("created_at".to_owned(), number(user.created_at.millis()))]);
        let mut slug = key2("org_id", slug_key(&organization.slug), "item", "slug");
        slug.insert("organization_id".to_owned(), text(organization.org_id));

        Ok(self
            .create(Part::Login, &tables.logins, login_item, "login")
            .create(Part::User, &tables.users, user_item, "user_id")
            .create(Part::Organization, &tables.organizations, organization_item, "org_id")
            .create(Part::Membership, &tables.organizations, membership, "org_id")
            .create(Part::Slug, &tables.organizations, slug, "org_id"))
    }

    /// Marks the address as verified: from now on the account has this name, this password and these roles. Refused
    /// (`Part::User`) if it has been verified already, and (`Part::Login`) if links made then no longer work.
    pub fn verify_email(self, user: &User, verified: &Verified<'_>) -> Result<Self> {
        let tables = self.tables();
        let roles: AttributeValue = serde_dynamo::to_attribute_value(verified.roles).map_err(Error::internal)?;
        let common = [(":yes", AttributeValue::Bool(true)), (":no", AttributeValue::Bool(false)), (":roles", roles)];
        let user_change = Change {
            table: &tables.users,
            key: key2("user_id", user.user_id, "item", PROFILE),
            update: "SET email_verified = :yes, #roles = :roles, user_name = :name",
            condition: "email_verified = :no",
            names: &[("#roles", "roles")],
            values: common.iter().cloned().chain([(":name", text(verified.name))]).collect(),
        };
        let login_values = [(":hash", text(verified.password_hash)), (":made", number(verified.made_at.millis()))];
        let login_change = Change {
            table: &tables.logins,
            key: key("login", login_key(&user.email)),
            update: "SET email_verified = :yes, #roles = :roles, password_hash = :hash",
            condition: "email_verified = :no AND (attribute_not_exists(links_from) OR links_from <= :made)",
            names: &[("#roles", "roles")],
            values: common.iter().cloned().chain(login_values).collect(),
        };
        Ok(self.update(Part::User, user_change).update(Part::Login, login_change))
    }

    /// Notes that another sign-up, with another password, used an address that nobody has verified yet; and, if asked
    /// to, that links made before some instant no longer work. Refused (`Part::Login`) once it is verified.
    pub fn contest(self, email: &Email, links_from: Option<Timestamp>) -> Self {
        let table = self.tables().logins.as_str();
        let mut values = vec![(":yes", AttributeValue::Bool(true)), (":no", AttributeValue::Bool(false))];
        values.extend(links_from.map(|from| (":from", number(from.millis()))));
        self.update(
            Part::Login,
            Change {
                table,
                key: key("login", login_key(email)),
                update: match links_from {
                    Some(_) => "SET contested = :yes, links_from = :from",
                    None => "SET contested = :yes",
                },
                condition: "email_verified = :no",
                names: &[],
                values,
            },
        )
    }

    /// Notes that somebody signs in with this address for the first time.
    pub fn note_first_sign_in(self, email: &Email) -> Self {
        let table = self.tables().logins.as_str();
        self.update(
            Part::Login,
            Change {
                table,
                key: key("login", login_key(email)),
                update: "SET signed_in = :yes",
                condition: "attribute_exists(login)",
                names: &[],
                values: vec![(":yes", AttributeValue::Bool(true))],
            },
        )
    }

    /// Holds a transaction to the account as it was read: active, and nothing has ended all its sessions since.
    pub fn check_account(self, user: UserId, token_version: u32) -> Self {
        let table = self.tables().users.as_str();
        self.check(
            Part::User,
            Change {
                table,
                key: key2("user_id", user, "item", PROFILE),
                update: "",
                condition: "token_version = :version AND #status = :active",
                names: &[("#status", "status")],
                values: vec![(":version", number(token_version)), (":active", text("active"))],
            },
        )
    }

    /// Gives an active account another password, and ends every session by one step of the token version. Refused
    /// (`Part::User`, `Part::Login`) if something else has raised that since it was read.
    pub fn replace_password(self, user: &User, password_hash: &str) -> Self {
        let tables = self.tables();
        let next = number(user.token_version + 1);
        let values =
            || vec![(":version", number(user.token_version)), (":next", next.clone()), (":active", text("active"))];
        let user_change = Change {
            table: &tables.users,
            key: key2("user_id", user.user_id, "item", PROFILE),
            update: "SET token_version = :next",
            condition: "token_version = :version AND #status = :active",
            names: &[("#status", "status")],
            values: values(),
        };
        let login_change = Change {
            table: &tables.logins,
            key: key("login", login_key(&user.email)),
            update: "SET token_version = :next, password_hash = :hash",
            condition: "token_version = :version AND #status = :active",
            names: &[("#status", "status")],
            values: values().into_iter().chain([(":hash", text(password_hash))]).collect(),
        };
        self.update(Part::User, user_change).update(Part::Login, login_change)
    }

    /// Ends every session of a person by one step of the token version (TOKEN-8), however many there are.
    pub fn raise_token_version(self, user: &User) -> Self {
        let tables = self.tables();
        let change = |table, key| Change {
            table,
            key,
            update: "SET token_version = :next",
            condition: "token_version = :version",
            names: &[],
            values: vec![(":version", number(user.token_version)), (":next", number(user.token_version + 1))],
        };
        let user_key = key2("user_id", user.user_id, "item", PROFILE);
        let login_key = key("login", login_key(&user.email));
        self.update(Part::User, change(&tables.users, user_key)).update(Part::Login, change(&tables.logins, login_key))
    }
}
