//! Checkpoints: what the job `jobs-sign-audit-checkpoint` does.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::keys::jwk::PublicJwk;

/// The chain's head at an instant, signed.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkpoint {
    pub at: Timestamp,
    /// The number and the hash of the newest segment.
    pub number: u64,
    pub hash: String,
    /// Events before this instant may have been purged: the retention of that time.
    pub kept_since: Timestamp,
    /// ECDSA with P-256 and SHA-256 (r and s, 32 bytes each), base64url.
    pub signature: String,
}

/// What a run did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signing {
    /// The newest segment that is signed now.
    pub signed: Option<u64>,
    /// There are more: the next run goes on.
    pub has_more: bool,
}

/// So many segments are looked at by one run.
const MOST: usize = 5_000;
const PAGE: i32 = 100;

/// A chain that does not grow is signed so often: a chain whose signature is old has lost its end.
pub(super) const AT_LEAST_EVERY: Duration = Duration::from_secs(3600);

impl Checkpoint {
    fn message(&self, stack: &str) -> String {
        let Self { at, number, hash, kept_since, .. } = self;
        format!("postern audit checkpoint v1\n{stack}\n{at}\n{number}\n{hash}\n{kept_since}")
    }

    pub(super) fn is_signed_by(&self, key: &PublicJwk, stack: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(&self.signature).unwrap_or_default();
        key.verify(self.message(stack).as_bytes(), &signature)
    }
}

/// Follows the chain from where it was signed last, and signs where it ends.
///
/// # Errors
/// [`Error::Internal`] when the chain does not fit what was signed: somebody has been at it, and nothing is signed. See the
/// runbook.
pub async fn sign(app: &App, ctx: &RequestContext) -> Result<Signing> {
    let last = app.store.newest_checkpoint().await?;
    let (mut head, mut looked_at, mut has_more) = (None, 0, true);
    while has_more && looked_at < MOST {
        let from = head.as_ref().map_or(last.as_ref().map_or(1, |last| last.number), |(number, _)| number + 1);
        let segments = app.store.segments(from, PAGE).await?;
        has_more = segments.len() == usize::try_from(PAGE).unwrap_or_default();
        looked_at += segments.len();
        for segment in segments {
            let expected = match (&head, &last) {
                (Some((number, hash)), _) => segment.number == number + 1 && segment.previous == *hash,
                (None, Some(last)) => segment.number == last.number && segment.hash == last.hash,
                (None, None) => segment.number == 1 && segment.previous.is_empty(),
            };
            if !expected || segment.computed() != segment.hash {
                return Err(broken(&format!("segment {} does not fit the one before", segment.number)));
            }
            head = Some((segment.number, segment.hash));
        }
    }
    let Some((number, hash)) = head else {
        return match last {
            Some(last) => Err(broken(&format!("segment {} was signed and is gone", last.number))),
            None => Ok(Signing { signed: None, has_more: false }),
        };
    };
    let is_current =
        last.is_some_and(|last| last.number == number && ctx.now.since(last.at) < AT_LEAST_EVERY && last.at <= ctx.now);
    if !is_current {
        let checkpoint = Checkpoint {
            at: ctx.now,
            number,
            hash,
            kept_since: app.settings.kept_since(ctx.now),
            signature: String::new(),
        };
        let message = checkpoint.message(&app.settings.stack_name);
        let signature = app.kms.sign_for_audit(&app.settings.audit_key_id, message.as_bytes()).await?;
        let checkpoint = Checkpoint { signature: URL_SAFE_NO_PAD.encode(signature), ..checkpoint };
        app.store.add_checkpoint(&checkpoint).await?;
        // Beyond the reach of who can write to the table.
        tracing::info!(number, hash = checkpoint.hash, signature = checkpoint.signature, "audit checkpoint");
    }
    Ok(Signing { signed: Some(number), has_more })
}

fn broken(what: &str) -> Error {
    Error::internal(format!("the audit chain is broken: {what}"))
}
