//! Accounts: how people get one (SIGN-1, SIGN-3, SIGN-4), and how they keep or regain it
//! (RECOV-1…3).
//!
//! Whether an address has an account is told only by mail, to its owner: every function here takes the same steps and
//! gives the same answer either way.

mod admin;
mod password;
mod recovery;
mod sign_up;
mod unlock;
mod verification;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::admin::{require_admin, require_role};
pub use self::password::{PasswordChange, change_password};
pub use self::recovery::{request_password_reset, reset_password};
pub use self::sign_up::{NewOrganization, SignUp, sign_up};
pub use self::unlock::{Whose, unlock_by_admin, unlock_by_link};
pub use self::verification::{resend_verification, verify_email};

/// How long a verification link works (SIGN-3).
const VERIFY_HOURS: u64 = 24;
const VERIFY_LIFE: Duration = Duration::from_secs(VERIFY_HOURS * 3600);

/// The role that opens the admin routes.
pub const ADMIN: &str = "admin";

/// A person's or an organization's name: 1–100 characters, none of them control characters.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

#[derive(Debug, thiserror::Error)]
#[error("must have 1 to 100 characters, without line breaks or other control characters")]
pub struct NotAName;

impl Name {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let is_fit = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_fit { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;
    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}
