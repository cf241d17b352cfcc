//! Figures about all accounts. Counting them reads them all, so the daily report's job does it once a day.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;

/// A link to confirm an address is good for a day. Whoever has not used one within a week has forgotten, or never meant to.
const FORGOTTEN: Duration = Duration::from_secs(7 * 86_400);

/// So many pages of a megabyte are read: some millions of accounts.
const MOST_PAGES: usize = 2_000;

/// What was counted, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFigures {
    pub counted_at: Timestamp,
    /// Accounts older than a week whose address nobody has confirmed.
    pub unconfirmed: u64,
    /// False when not all accounts were looked at: there may be more.
    pub is_complete: bool,
}

/// Counts, and keeps the figures. Of two counts at once the later write stays; both are true.
pub(super) async fn count(app: &App, ctx: &RequestContext) -> Result<()> {
    let (unconfirmed, is_complete) = app.store.unconfirmed_accounts(ctx.now - FORGOTTEN, MOST_PAGES).await?;
    app.store.keep_account_figures(&AccountFigures { counted_at: ctx.now, unconfirmed, is_complete }).await
}
