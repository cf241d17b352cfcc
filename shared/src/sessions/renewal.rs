//! Renewal: one session lives on while all others end (RECOV-3, SESS-2).

use super::{Grant, SessionView, subject};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::store::{SessionRecord, Transaction, User};
use crate::tokens::access;

/// What a session becomes with the step of the token version that ends the others.
pub struct Renewal {
    read: SessionRecord,
    next: SessionRecord,
    grant: Grant,
}

/// Signs the access token that the session will have after the step. `auth_time` is when its person has last shown who
/// they are: now, if the step is part of that, else as it was. Nothing is changed before [`Renewal::add`] is
/// committed; until then no verifier of ours takes the token.
///
/// # Errors
/// [`crate::error::Error::Unavailable`] when KMS does not sign.
pub async fn renew(
    app: &App,
    ctx: &RequestContext,
    session: &SessionRecord,
    user: &User,
    auth_time: Timestamp,
) -> Result<Renewal> {
    let ring = app.ring(ctx.now).await?;
    let next = SessionRecord { token_version: user.token_version + 1, auth_time, ..session.clone() };
    let access = access::issue(app, &ring, &subject(&next, user.organization_id, &user.roles), ctx.now).await?;
    let view = SessionView::new(&next, &next.family, user.organization_id, &user.roles);
    Ok(Renewal { read: session.clone(), grant: Grant { access, refresh: None, session: view }, next })
}

impl Renewal {
    /// Adds the session's part to the transaction that raises the version. Refused (`Part::Session`) if it has ended.
    pub fn add<'a>(&self, change: Transaction<'a>) -> Transaction<'a> {
        change.carry_session_over(&self.read, &self.next)
    }

    /// What the caller gets, once that is committed. The refresh token that they have stays good.
    pub fn into_grant(self) -> Grant {
        self.grant
    }
}
