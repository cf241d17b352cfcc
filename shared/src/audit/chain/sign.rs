//! Signing: what the job `jobs-sign-audit-checkpoint` does.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::broken;
use super::checkpoint::{Checkpoint, LOGGED, newest_signed};
use crate::app::App;
use crate::context::RequestContext;
use crate::error::Result;

/// What a run did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signing {
    /// The newest segment that is signed now; 0 while there is none.
    pub signed: u64,
    /// There are more: the next run goes on.
    pub has_more: bool,
}

/// So many segments are looked at by one run.
const MOST: usize = 5_000;
const PAGE: i32 = 100;

/// A chain that does not grow is signed so often, and an empty one, too: where signatures are further apart, some are gone.
const AT_LEAST_EVERY: Duration = Duration::from_secs(3600);
pub(super) const LONGEST_GAP: Duration = Duration::from_secs(2 * 3600);

/// Follows the chain from where it was signed last, and signs where it ends.
///
/// # Errors
/// [`Error::Internal`](crate::error::Error::Internal) when the chain does not fit what was signed: somebody has been at it,
/// and nothing is signed. See the runbook.
pub async fn sign(app: &App, ctx: &RequestContext) -> Result<Signing> {
    let last = newest_signed(app).await?;
    let signed = last.as_ref().map_or(0, |last| last.number);
    let (mut head, mut looked_at, mut has_more) = (None, 0, true);
    while has_more && looked_at < MOST {
        let from = head.as_ref().map_or(signed, |(number, _)| number + 1);
        let segments = app.store.segments(from, PAGE).await?;
        has_more = segments.len() == usize::try_from(PAGE).unwrap_or_default();
        looked_at += segments.len();
        for segment in segments {
            let expected = match (&head, &last) {
                (Some((number, hash)), _) => segment.number == number + 1 && segment.previous == *hash,
                (None, Some(last)) if signed > 0 => segment.number == last.number && segment.hash == last.hash,
                (None, _) => segment.number == 1 && segment.previous.is_empty(),
            };
            if !expected || segment.computed() != segment.hash {
                return Err(broken(&format!("segment {} does not fit the one before", segment.number)));
            }
            head = Some((segment.number, segment.hash));
        }
    }
    let (number, hash) = match head {
        Some(head) => head,
        None if signed == 0 => (0, String::new()),
        None => return Err(broken(&format!("segment {signed} was signed and is gone"))),
    };
    let is_current = last
        .as_ref()
        .is_some_and(|last| last.number == number && ctx.now.since(last.at) < AT_LEAST_EVERY && last.at <= ctx.now);
    if !is_current {
        add(app, ctx, last.as_ref(), number, hash).await?;
    }
    Ok(Signing { signed: number, has_more })
}

async fn add(app: &App, ctx: &RequestContext, last: Option<&Checkpoint>, number: u64, hash: String) -> Result<()> {
    let stack = &app.settings.stack_name;
    if let Some(last) = last.filter(|last| ctx.now.since(last.at) > LONGEST_GAP) {
        tracing::warn!(since = %last.at, "the audit trail was not signed for too long, or signatures are gone");
    }
    let checkpoint = Checkpoint {
        ordinal: last.map_or(0, |last| last.ordinal) + 1,
        previous: last.map(|last| last.digest(stack)).unwrap_or_default(),
        at: ctx.now,
        number,
        hash,
        kept_since: app.settings.kept_since(ctx.now),
        signature: String::new(),
    };
    let signature = app.kms.sign_for_audit(&app.settings.audit_key_id, checkpoint.message(stack).as_bytes()).await?;
    let checkpoint = Checkpoint { signature: URL_SAFE_NO_PAD.encode(signature), ..checkpoint };
    // Another run that was faster has signed, and the next one will see that.
    if app.store.add_checkpoint(&checkpoint).await? {
        // Beyond the reach of who can write to the table.
        tracing::info!(ordinal = checkpoint.ordinal, number, digest = checkpoint.digest(stack), "{LOGGED}");
    }
    Ok(())
}
