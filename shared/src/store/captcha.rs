//! CAPTCHA tokens that were presented, so that each is good for one request.
//!
//! | table | key | ends by TTL |
//! |---|---|---|
//! | Attempts | `key` = `captcha#<hash of the token>` | ten minutes after |

use std::time::Duration;

use super::primitives::Advance;
use super::transaction::Change;
use super::{Item, Store, key, number, text};
use crate::captcha::LONGEST_LIFE;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::id;
use crate::secret::TokenHash;

/// Twice as long as a solution lives, so that it is dead when it is forgotten, whosever clock runs fast.
const KEPT: Duration = LONGEST_LIFE.saturating_mul(2);

/// A token that is one request's alone.
pub struct CaptchaClaim {
    token: TokenHash,
    holder: String,
}

impl CaptchaClaim {
    fn key(&self) -> Item {
        key("key", format!("captcha#{}", self.token.as_str()))
    }
}

impl Store {
    /// *Reserve*: of any number of requests with one token, one gets it. `None` for the others, and for whoever comes
    /// later.
    pub async fn claim_captcha(&self, token: &TokenHash, now: Timestamp) -> Result<Option<CaptchaClaim>> {
        let until = now + KEPT;
        let claim = CaptchaClaim { token: token.clone(), holder: id::fresh(now) };
        let change = Change {
            table: &self.tables.attempts,
            key: claim.key(),
            update: "SET holder = :holder, #until = :until, #ttl = :ttl",
            // True again for the same request, whose answer may have been lost on the way.
            condition: "attribute_not_exists(#until) OR #until <= :now OR holder = :holder",
            names: &[("#until", "until"), ("#ttl", "ttl")],
            values: vec![
                (":holder", text(&claim.holder)),
                (":until", number(until.millis())),
                (":ttl", number(until.seconds())),
                (":now", number(now.millis())),
            ],
        };
        let is_ours = matches!(self.advance(change).await?, Advance::Won(_));
        Ok(is_ours.then_some(claim))
    }

    /// Gives a token back that nothing was decided about.
    pub async fn release_captcha(&self, claim: &CaptchaClaim) -> Result<()> {
        let change = Change {
            table: &self.tables.attempts,
            key: claim.key(),
            update: "SET #until = :never",
            condition: "holder = :holder",
            names: &[("#until", "until")],
            values: vec![(":holder", text(&claim.holder)), (":never", number(0))],
        };
        self.advance(change).await.map(drop)
    }
}
