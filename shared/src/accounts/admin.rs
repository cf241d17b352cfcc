//! Who may do what administrators do.

use std::time::Duration;

use super::ADMIN;
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Refusal, Result};
use crate::sessions::Authenticated;

/// So recent must the sign-in be of somebody who changes other people's accounts (STEP-1).
const RECENT: Duration = Duration::from_secs(5 * 60);

/// Lets administrators pass who have signed in lately. Others are refused, and the trail is told who tried what (case 285).
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::StepUpRequired`].
pub async fn require_admin(app: &App, ctx: &RequestContext, caller: &Authenticated, what: &str) -> Result<()> {
    require_role(app, ctx, caller, what).await?;
    if ctx.now.since(Timestamp::from_seconds(caller.claims.auth_time)) > RECENT {
        denied(app, ctx, caller, "step-up required", what).await?;
        return Err(Refusal::StepUpRequired.into());
    }
    Ok(())
}

/// Lets administrators pass, however long ago they signed in: to look, not to change.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub async fn require_role(app: &App, ctx: &RequestContext, caller: &Authenticated, what: &str) -> Result<()> {
    // The role as it is now, not as it was when the token was made.
    if !caller.user.roles.iter().any(|role| role == ADMIN) {
        denied(app, ctx, caller, "not an administrator", what).await?;
        return Err(Refusal::Forbidden.into());
    }
    Ok(())
}

async fn denied(app: &App, ctx: &RequestContext, caller: &Authenticated, why: &str, what: &str) -> Result<()> {
    let event = Event::by_user(Kind::AccessDenied, caller.user.user_id).failed(why).with("what", what);
    app.store.record_event(ctx, event).await
}
