//! The global not-before: what was issued earlier is good no more (SECURITY.md D10).
//!
//! A restored table brings revoked sessions, spent refresh tokens and used links back to life. An operator raises this
//! instant past everything that the backup can hold. It lies with the signing ring, which every check of a token has at
//! hand anyway, so it costs no round trip, and counts everywhere as soon as the ring is read again: within a minute.

use super::rotate::Report;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{FieldError, Refusal, Result};

/// The instant before which nothing may have been issued. The epoch where nobody has raised it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBefore(Timestamp);

impl Default for NotBefore {
    fn default() -> Self {
        Self(Timestamp::from_millis(0))
    }
}

impl NotBefore {
    pub(crate) const fn new(at: Timestamp) -> Self {
        Self(at)
    }

    pub(crate) const fn instant(self) -> Timestamp {
        self.0
    }

    /// Whether something that was issued then may still be good.
    pub fn admits(self, issued_at: Timestamp) -> bool {
        issued_at >= self.0
    }
}

/// Raises it to an instant, or to now. It never goes back: an earlier one changes nothing, so a repeated command is
/// harmless.
///
/// # Errors
/// [`Refusal::Invalid`] for an instant that lies ahead: it would sign everybody out who signs in until then.
pub(super) async fn raise(app: &App, ctx: &RequestContext, to: Option<Timestamp>, report: &mut Report) -> Result<()> {
    let to = to.unwrap_or(ctx.now);
    if to > ctx.now {
        let ahead = FieldError::new("to", "in_the_future", format!("must not be later than now, {}", ctx.now));
        return Err(Refusal::Invalid(vec![ahead]).into());
    }
    let event = Event::new(Kind::NotBeforeRaised, Actor::System("rotate-keys")).with("to", to);
    let change = app.store.transaction().raise_not_before(NotBefore(to)).event(ctx, event)?;
    report.steps.push(if change.commit().await?.is_done() {
        format!("raised the not-before to {to}")
    } else {
        let stands = app.store.signing_ring().await?.not_before.instant();
        format!("the not-before is {stands} already: nothing to raise")
    });
    Ok(())
}
