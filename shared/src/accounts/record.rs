//! An account as a line of a file: what an export writes and an import reads, and what a line from elsewhere must fulfil
//! before anything is written (SIGN-6). Knows neither files nor tables.

use serde::{Deserialize, Serialize};

use super::{ADMIN, Name, OWNER};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::id::{OrganizationId, UserId};
use crate::organizations::Slug;
use crate::password::{self, DECOY};
use crate::store::{Login, OrganizationRecord, Part, Status, User};

/// Each change of a password adds one, so there is room left for more than anybody lives to make.
const HIGHEST_VERSION: u32 = 1 << 31;

/// A line. All but the address may be left out by who writes one by hand. No `Debug`: it holds a hash.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub email: String,
    #[serde(default)]
    pub email_verified: bool,
    /// Left out, it is the part of the address before the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `active` or `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// As PHC string, or bcrypt's `$2b$…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(default)]
    pub token_version: u32,
    /// Somebody has signed in with it before.
    #[serde(default)]
    pub signed_in: bool,
    /// Several sign-ups wait with different passwords.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contested: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationPart>,
}

/// The organization of an account.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrganizationPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// What lines may do beyond the ordinary.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportRules {
    /// Lines without a hash make accounts whose owners must ask for a password first.
    pub without_password: bool,
    /// Lines may name the role `admin`.
    pub admins: bool,
}

/// Why a line makes no account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// Stable, for programs.
    pub code: &'static str,
    /// For people. Never contains a hash.
    pub reason: String,
}

impl Reject {
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// Of a line whose account would have what another has.
    pub(super) fn of_taken(part: Part) -> Self {
        match part {
            Part::User => Self::new("id_taken", "another account has the id"),
            Part::Slug => Self::new("slug_taken", "another organization has the slug"),
            _ => Self::new("organization_taken", "the organization is there already"),
        }
    }
}

/// A line that can be written, as the items that it becomes.
pub struct Importable {
    pub(super) user: User,
    pub(super) login: Login,
    pub(super) organization: OrganizationRecord,
    /// Whether the line says which id the account has, so that another one is another account.
    pub(super) has_own_id: bool,
}

impl Importable {
    pub fn email(&self) -> &Email {
        &self.user.email
    }

    /// What no two accounts may have, besides the address, and what a second one is refused with.
    pub fn claims(&self) -> [(String, Reject); 3] {
        [
            (format!("user#{}", self.user.user_id), Part::User),
            (format!("slug#{}", self.organization.slug), Part::Slug),
            (format!("organization#{}", self.organization.org_id), Part::Organization),
        ]
        .map(|(name, part)| (name, Reject::of_taken(part)))
    }

    pub fn has_password(&self) -> bool {
        self.login.password_hash != DECOY
    }
}

impl Record {
    /// What an account is as a line.
    pub fn of(user: &User, login: &Login, organization: Option<&OrganizationRecord>) -> Self {
        Self {
            id: Some(user.user_id.to_string()),
            email: user.email.as_str().to_owned(),
            email_verified: user.email_verified,
            name: Some(user.name.clone()),
            status: Some(status_name(user.status).to_owned()),
            roles: Some(user.roles.clone()),
            password_hash: Some(login.password_hash.clone()).filter(|hash| hash != DECOY),
            created_at: Some(user.created_at.to_string()),
            token_version: user.token_version,
            signed_in: login.signed_in,
            contested: login.contested,
            organization: organization.map(|organization| OrganizationPart {
                id: Some(organization.org_id.to_string()),
                name: Some(organization.name.clone()),
                slug: Some(organization.slug.to_string()),
                created_at: Some(organization.created_at.to_string()),
            }),
        }
    }

    /// Holds a line to the rules that a sign-up is held to, and to those of stored hashes. Looks nothing up.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, rules: ImportRules, now: Timestamp) -> Result<Importable, Reject> {
        let email = Email::parse(&self.email).map_err(|error| Reject::new("email_invalid", error.to_string()))?;
        let name = self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(email.local_part());
        let name = Name::parse(name).map_err(|error| Reject::new("name_invalid", error.to_string()))?;
        let status = status_of(self.status.as_deref())?;
        let roles = self.roles(rules)?;
        let password_hash = self.password_hash(rules)?;
        let created_at = instant("created_at_invalid", self.created_at.as_deref(), now)?;
        let own_id =
            self.id.as_deref().map(|id| id.parse::<UserId>().map_err(|_| not_an_id("id_invalid"))).transpose()?;
        if own_id.is_some_and(|id| id.is_synthetic()) {
            return Err(Reject::new("id_invalid", "is the id of an account that no person has"));
        }
        if self.token_version > HIGHEST_VERSION {
            return Err(Reject::new("token_version_invalid", "is higher than any account gets"));
        }
        let organization = self.organization(&name, created_at, now)?;
        let user = User {
            user_id: own_id.unwrap_or_else(|| UserId::new(created_at)),
            email,
            email_verified: self.email_verified,
            name: name.as_str().to_owned(),
            status,
            roles,
            organization_id: organization.org_id,
            token_version: self.token_version,
            created_at,
        };
        let login = Login {
            contested: self.contested && !self.email_verified,
            signed_in: self.signed_in,
            ..Login::of(&user, password_hash)
        };
        Ok(Importable { user, login, organization, has_own_id: own_id.is_some() })
    }

    fn roles(&self, rules: ImportRules) -> Result<Vec<String>, Reject> {
        let Some(roles) = &self.roles else { return Ok(vec![OWNER.to_owned()]) };
        if let Some(bad) = roles.iter().position(|role| !is_role(role)) {
            // Not by its text, which may be anything: a column that was mixed up, a hash.
            let what = format!("its role {} is none: 1 to 32 lower-case letters, digits and hyphens", bad + 1);
            return Err(Reject::new("role_invalid", what));
        }
        if !rules.admins && roles.iter().any(|role| role == ADMIN) {
            return Err(Reject::new("role_admin", "would be an administrator, which was not allowed"));
        }
        Ok(roles.clone())
    }

    fn password_hash(&self, rules: ImportRules) -> Result<&str, Reject> {
        match self.password_hash.as_deref() {
            Some(hash) => match password::check_stored(hash) {
                Ok(()) => Ok(hash),
                Err(fault) => Err(Reject::new(fault.code(), fault.to_string())),
            },
            None if rules.without_password => Ok(DECOY),
            None => Err(Reject::new("hash_missing", "has no password hash, and accounts without were not allowed")),
        }
    }

    fn organization(&self, name: &Name, created_at: Timestamp, now: Timestamp) -> Result<OrganizationRecord, Reject> {
        let part = self.organization.clone().unwrap_or_default();
        let organization_name = match part.name.as_deref().filter(|name| !name.trim().is_empty()) {
            Some(text) => {
                Name::parse(text).map_err(|error| Reject::new("organization_name_invalid", error.to_string()))?
            }
            None => name.clone(),
        };
        let slug = match part.slug.as_deref() {
            Some(text) => Slug::parse(text).map_err(|error| Reject::new("slug_invalid", error.to_string()))?,
            // Not the plain one: thousands of lines have the same names, and each refusal would cost a transaction.
            None => Slug::from_name(organization_name.as_str()).with_suffix(),
        };
        let created_at = match part.created_at.as_deref() {
            None => created_at,
            text => instant("created_at_invalid", text, now)?,
        };
        let org_id = part.id.as_deref().map(|id| id.parse().map_err(|_| not_an_id("organization_id_invalid")));
        let org_id = org_id.transpose()?.unwrap_or_else(|| OrganizationId::new(created_at));
        Ok(OrganizationRecord { org_id, name: organization_name.as_str().to_owned(), slug, created_at })
    }
}

fn is_role(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn not_an_id(code: &'static str) -> Reject {
    Reject::new(code, "must be a UUID, in lower case and with hyphens")
}

fn instant(code: &'static str, text: Option<&str>, now: Timestamp) -> Result<Timestamp, Reject> {
    let Some(text) = text else { return Ok(now) };
    let at = Timestamp::parse(text).filter(|at| at.millis() >= 0 && *at <= now);
    at.ok_or_else(|| Reject::new(code, "must be an instant of the past such as 2026-11-21T01:50:00Z"))
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Disabled => "disabled",
    }
}

fn status_of(text: Option<&str>) -> Result<Status, Reject> {
    match text {
        None | Some("active") => Ok(Status::Active),
        Some("disabled") => Ok(Status::Disabled),
        Some(_) => Err(Reject::new("status_invalid", "must be active or disabled")),
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
