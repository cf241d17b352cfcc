//! Cursors: where a reader of the trail goes on.
//!
//! Sealed, because they carry the proof that the reading was told to the trail: who shows one need not be told of again
//! at once. So they are for one administrator, one query and one day.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::keys::secrets::{Purpose, Secrets};

/// How long a cursor is good.
pub(crate) const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Reading that goes on for longer than this is told to the trail once more.
const TOLD_FOR: Duration = Duration::from_secs(15 * 60);

/// Which way the reading goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) order: Order,
    /// Everything up to here has been looked at: an event's `at`, or an instant.
    pub(super) position: String,
    /// When the trail was told of this reading.
    pub(super) told_at: Timestamp,
    issued_at: Timestamp,
}

impl Cursor {
    pub(super) fn new(order: Order, position: String, told_at: Timestamp, now: Timestamp) -> Self {
        Self { order, position, told_at, issued_at: now }
    }

    pub(super) fn is_to_be_told(&self, now: Timestamp) -> bool {
        now.since(self.told_at) > TOLD_FOR
    }

    /// As text, for whoever reads by this `context`.
    pub(super) fn seal(&self, secrets: &Secrets, context: &str) -> Result<String> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        let sealed = secrets.seal(Purpose::AuditCursor, context.as_bytes(), &plain);
        Ok(URL_SAFE_NO_PAD.encode(sealed.ok_or_else(|| Error::internal("no key for cursors"))?))
    }

    /// # Errors
    /// [`Refusal::Invalid`] for a cursor that is not ours, is for another query or another person, or is too old.
    pub(super) async fn open(app: &App, ctx: &RequestContext, context: &str, text: &str) -> Result<Self> {
        let refused = || Refusal::Invalid(vec![FieldError::new("cursor", "invalid", MUST)]);
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        let version = Secrets::version_of(&sealed).ok_or_else(refused)?;
        let secrets = app.secrets_with(version, ctx.now).await?;
        let plain = secrets.open(Purpose::AuditCursor, context.as_bytes(), &sealed).ok_or_else(refused)?;
        let cursor: Self = serde_json::from_slice(&plain).map_err(Error::internal)?;
        if ctx.now.since(cursor.issued_at) > LIFE {
            return Err(refused().into());
        }
        Ok(cursor)
    }
}

const MUST: &str = "must come from an answer to this very query, of this person, within a day";
