//! What administrators are told at once: a day in figures by mail ([`daily`]), what auditors ask ([`mod@compliance`]), and what
//! somebody who answers for security goes through ([`checklist`]).
//!
//! Who asks is told to the trail before they are answered (case 276). Nothing here reads more than a bounded part of a table;
//! what needs a whole one is counted by a job, and told with the time of the count.

mod accounts;
pub mod checklist;
mod compliance;
mod daily;
mod rows;
mod standing;

pub use self::accounts::AccountFigures;
pub use self::compliance::{Compliance, LONGEST, compliance};
pub use self::daily::{Figures, Report, Reported, run};
pub use self::rows::{Row, as_csv};
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::context::RequestContext;
use crate::error::Result;
use crate::id::UserId;

/// Tells the trail who reads which report.
async fn tell(app: &App, ctx: &RequestContext, admin: UserId, report: &str) -> Result<()> {
    app.store.record_event(ctx, Event::by_user(Kind::AuditRead, admin).with("how", report)).await
}
