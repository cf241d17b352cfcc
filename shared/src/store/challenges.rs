//! One-time things, found by the hash of the token that was mailed out.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Challenges | `token_hash` | a week after it expired, so that a late click is told "expired", not "unknown" |
//! | Challenges | `token_hash` = `newest#<kind>#<hash of the address>` | with the link that it names |
//!
//! The second kind says which link is the newest of its address, for links of which only the newest works. It stands in
//! no account's item, so that it can be written for addresses without one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::transaction::{Change, Part};
use super::{Item, Store, Transaction, key, number, text, to_item};
use crate::clock::Timestamp;
use crate::email::Email;
use crate::error::{Refusal, Result};
use crate::id::UserId;
use crate::keys::not_before::NotBefore;
use crate::secret::TokenHash;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeKind {
    VerifyEmail,
    /// Ends an account's locks (LOGIN-6).
    Unlock,
    /// Chooses a new password (RECOV-1).
    ResetPassword,
}

impl ChallengeKind {
    const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::Unlock => "unlock",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// A one-time thing, waiting for its token.
#[derive(Clone, Serialize, Deserialize)]
pub struct Challenge {
    pub token_hash: TokenHash,
    pub kind: ChallengeKind,
    pub user_id: UserId,
    pub email: Email,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// What the sign-up behind a verification had chosen: it makes these, and no others, the account's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub password_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_at: Option<Timestamp>,
}

impl Challenge {
    /// Whether it may still be used, for this. Only *consume* decides, but on the not-before: what was issued when never
    /// changes.
    ///
    /// # Errors
    /// [`Refusal::TokenInvalid`], [`Refusal::TokenUsed`], [`Refusal::TokenExpired`].
    pub fn check(&self, kind: ChallengeKind, not_before: NotBefore, now: Timestamp) -> Result<()> {
        if self.kind != kind {
            Err(Refusal::TokenInvalid.into())
        } else if self.used_at.is_some() {
            Err(Refusal::TokenUsed.into())
        } else if now >= self.expires_at || !not_before.admits(self.created_at) {
            Err(Refusal::TokenExpired.into())
        } else {
            Ok(())
        }
    }

    fn newest_key(&self) -> Item {
        // A hash, so that this does not become a list of addresses that somebody once typed. No token's hash has a `#`.
        let address = TokenHash::of(self.email.as_str().as_bytes());
        key("token_hash", format!("newest#{}#{}", self.kind.name(), address.as_str()))
    }
}

const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

impl Store {
    pub async fn challenge(&self, hash: &TokenHash) -> Result<Option<Challenge>> {
        self.get(&self.tables.challenges, key("token_hash", hash.as_str())).await
    }

    /// Whether no newer link of the kind was made for the address. Only [`Transaction::check_newest`] decides.
    pub async fn is_newest(&self, challenge: &Challenge) -> Result<bool> {
        #[derive(Deserialize)]
        struct Newest {
            newest: TokenHash,
        }
        let newest: Option<Newest> = self.get(&self.tables.challenges, challenge.newest_key()).await?;
        Ok(newest.is_some_and(|item| item.newest == challenge.token_hash))
    }
}

impl Transaction<'_> {
    pub fn create_challenge(self, challenge: &Challenge) -> Result<Self> {
        let table = self.tables().challenges.as_str();
        let mut item = to_item(challenge)?;
        item.insert("ttl".to_owned(), number((challenge.expires_at + KEPT).seconds()));
        Ok(self.create(Part::Challenge, table, item, "token_hash"))
    }

    /// Makes a link the newest of its kind for its address: older ones no longer work.
    pub fn supersede_with(self, challenge: &Challenge) -> Self {
        let table = self.tables().challenges.as_str();
        self.update(
            Part::NewestLink,
            Change {
                table,
                key: challenge.newest_key(),
                update: "SET newest = :hash, #ttl = :ttl",
                condition: "",
                names: &[("#ttl", "ttl")],
                values: vec![
                    (":hash", text(challenge.token_hash.as_str())),
                    (":ttl", number((challenge.expires_at + KEPT).seconds())),
                ],
            },
        )
    }

    /// Holds a transaction to a link's being the newest of its kind for its address.
    pub fn check_newest(self, challenge: &Challenge) -> Self {
        let table = self.tables().challenges.as_str();
        self.check(
            Part::NewestLink,
            Change {
                table,
                key: challenge.newest_key(),
                update: "",
                condition: "newest = :hash",
                names: &[],
                values: vec![(":hash", text(challenge.token_hash.as_str()))],
            },
        )
    }

    /// *Consume*: of any number of attempts one is committed, and none after the expiry.
    pub fn consume_challenge(self, challenge: &Challenge, now: Timestamp) -> Self {
        let table = self.tables().challenges.as_str();
        self.update(
            Part::Challenge,
            Change {
                table,
                key: key("token_hash", challenge.token_hash.as_str()),
                update: "SET used_at = :now",
                condition: "attribute_exists(token_hash) AND attribute_not_exists(used_at) AND expires_at > :now",
                names: &[],
                values: vec![(":now", number(now.millis()))],
            },
        )
    }
}
