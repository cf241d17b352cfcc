//! Accounts: how people get one (SIGN-1, SIGN-3, SIGN-4), and how they keep or regain it
//! (RECOV-1…3).
//!
//! Whether an address has an account is told only by mail, to its owner: every function here takes the same steps and
//! gives the same answer either way.

mod admin;
mod create;
mod export;
mod import;
mod password;
mod record;
mod recovery;
mod sign_up;
pub mod synthetic;
mod unlock;
mod verification;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::admin::{require_admin, require_role};
pub use self::create::{Created, FirstPassword, NewAccount, create_by_operator};
pub use self::export::{ExportPage, export_page, tell_export};
pub use self::import::{Imported, foresee, import};
pub use self::password::{PasswordChange, change_password};
pub use self::record::{ImportRules, Importable, OrganizationPart, Record, Reject};
pub use self::recovery::{request_password_reset, reset_password};
pub use self::sign_up::{BEAT as SIGN_UP_BEAT, NewOrganization, SignUp, sign_up};
pub use self::unlock::{Whose, find, unlock_by_admin, unlock_by_link, unlock_by_operator};
pub use self::verification::{resend_verification, verify_email};

/// How long a verification link works (SIGN-3).
const VERIFY_HOURS: u64 = 24;
const VERIFY_LIFE: Duration = Duration::from_secs(VERIFY_HOURS * 3600);

/// The role that opens the admin routes.
pub const ADMIN: &str = "admin";

/// The role of whoever has an organization of their own.
const OWNER: &str = "owner";

/// A person's or an organization's name: 1–100 characters, one of them to be seen, none of them a control character, nor one
/// that turns the direction of the text around it (UAX #9).
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

#[derive(Debug, thiserror::Error)]
#[error("must have 1 to 100 characters, not only invisible ones, without line breaks or other control characters")]
pub struct NotAName;

impl Name {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let is_fit = (1..=100).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_control() || turns_direction(c))
            && text.chars().any(is_visible);
        if is_fit { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode's property Bidi_Control.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether there is something to see: neither a space, nor of the property Default_Ignorable_Code_Point, nor another blank.
fn is_visible(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    !c.is_whitespace() && !is_ignorable
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_1_a_name_can_be_seen_and_turns_no_text_around() {
        for good in ["Ada Lovelace", "李", "عائشة", "Zoë", "x\u{200d}y", "👩\u{200d}🚀", &"n".repeat(100)] {
            assert_eq!(Name::parse(&format!(" {good} ")).unwrap().as_str(), good);
        }
        let invisible = ["\u{200b}", "\u{ad}\u{feff}", "\u{3164}", "\u{2800} \u{2060}", "\u{e0041}", "\u{fe0f}"];
        let turning = ["a\u{202e}b", "\u{2067}Ada\u{2069}", "Ada\u{200f}", "\u{61c}Ada"];
        let others = ["", "  ", "a\nb", "a\u{7}b", &"n".repeat(101)];
        for bad in invisible.into_iter().chain(turning).chain(others) {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }
}
