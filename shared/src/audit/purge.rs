//! Purging the trail of what is too old (AUDIT-5): what the job `jobs-purge-audit` does.
//!
//! Nothing is removed that a signed checkpoint does not say may go, so that a purge is never taken for tampering, and
//! tampering cannot be passed off as a purge. Twice, late and half-way are harmless: it removes the oldest first.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;
use tokio::sync::OnceCell;

use super::chain::{CUT_MARGIN, Checkpoint, newest_signed};
use super::{Actor, Event, Kind};
use crate::app::App;
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::{Lane, SHARDS, Span};

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Purged {
    pub events: usize,
    /// Links of the chain that told of nothing that is kept.
    pub segments: usize,
    /// There was no time for everything: the next run goes on.
    pub has_more: bool,
}

/// How long a run may take.
const MOST_TIME: Duration = Duration::from_secs(240);

const PAGE: i32 = 100;

/// Removes what a signature says may go.
///
/// # Errors
/// [`Error::Internal`](crate::error::Error::Internal) when the newest checkpoint was not signed by the key: nothing is removed
/// then, or anybody who can write to the chain's table could have the trail removed by us.
pub async fn purge(app: &App, ctx: &RequestContext) -> Result<Purged> {
    let mut purged = Purged::default();
    // No signature, no purge.
    let Some(checkpoint) = newest_signed(app).await? else { return Ok(purged) };
    events(app, ctx, &checkpoint, &mut purged).await?;
    if !purged.has_more {
        segments(app, ctx, &checkpoint, &mut purged).await?;
    }
    Ok(purged)
}

/// Told before the first removal: a run that dies half-way has told, too.
async fn tell(app: &App, ctx: &RequestContext, checkpoint: &Checkpoint) -> Result<()> {
    let event = Event::new(Kind::AuditPurged, Actor::System("purge-audit")).with("before", checkpoint.kept_since);
    app.store.record_event(&ctx.at(app.clock.now()), event).await
}

fn is_late(app: &App, ctx: &RequestContext) -> bool {
    app.clock.now().since(ctx.now) > MOST_TIME
}

async fn events(app: &App, ctx: &RequestContext, checkpoint: &Checkpoint, purged: &mut Purged) -> Result<()> {
    let told = OnceCell::new();
    let shards = (0..SHARDS).map(|number| shard(app, ctx, checkpoint, number, &told));
    for (events, has_more) in try_join_all(shards).await? {
        purged.events += events;
        purged.has_more |= has_more;
    }
    Ok(())
}

/// How many of a shard's events were removed, and whether there was no time for all of them.
async fn shard(
    app: &App,
    ctx: &RequestContext,
    checkpoint: &Checkpoint,
    number: u8,
    told: &OnceCell<()>,
) -> Result<(usize, bool)> {
    let mut removed = 0;
    let mut span = Span { after: "0".to_owned(), before: checkpoint.kept_since.to_string() };
    loop {
        let limit = usize::try_from(PAGE).unwrap_or_default();
        let (events, has_more) = app.store.events(&Lane::All(number), &span, false, limit).await?;
        let Some(last) = events.last() else { return Ok((removed, false)) };
        told.get_or_try_init(|| tell(app, ctx, checkpoint)).await?;
        app.store.remove_events(&events).await?;
        removed += events.len();
        span.after.clone_from(&last.at);
        if !has_more {
            return Ok((removed, false));
        }
        if is_late(app, ctx) {
            return Ok((removed, true));
        }
    }
}

/// Cuts the chain off before the newest segment that was signed before all that is kept.
async fn segments(app: &App, ctx: &RequestContext, newest: &Checkpoint, purged: &mut Purged) -> Result<()> {
    let (mut old, mut from) = (Vec::new(), 0);
    loop {
        let page = app.store.checkpoints(from, PAGE).await?;
        let Some(last) = page.last() else { break };
        from = last.ordinal + 1;
        let is_old = |checkpoint: &Checkpoint| checkpoint.at + CUT_MARGIN <= newest.kept_since;
        let are_old = page.iter().all(is_old);
        old.extend(page.into_iter().filter(is_old));
        if !are_old {
            break;
        }
    }
    let Some(cut) = old.pop() else { return Ok(()) };
    loop {
        let page = app.store.segments(0, PAGE).await?;
        let gone: Vec<u64> = page.iter().map(|segment| segment.number).filter(|number| *number < cut.number).collect();
        // In any order: verification asks for none of them any more.
        try_join_all(gone.iter().map(|number| app.store.remove_segment(*number))).await?;
        purged.segments += gone.len();
        if gone.len() < page.len() || page.is_empty() {
            break;
        }
        if is_late(app, ctx) {
            purged.has_more = true;
            return Ok(());
        }
    }
    // Oldest first, and never the one that allows the cut.
    for checkpoint in &old {
        app.store.remove_checkpoint(checkpoint.ordinal).await?;
    }
    Ok(())
}
