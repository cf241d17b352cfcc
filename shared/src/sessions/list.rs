//! Sessions as their owners see them: which devices are signed in (SESS-1, SESS-2).

use super::Authenticated;
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::device::Device;
use crate::error::Result;
use crate::id::SessionId;
use crate::store::SessionRecord;

/// More than anybody looks through; "sign out the others" ends those beyond, too.
const SHOWN: usize = 200;

/// One session in a list.
pub struct Listed {
    pub id: SessionId,
    pub device: Device,
    /// Where the sign-in came from: the network, and the place if an edge has told it.
    pub network: Option<String>,
    pub place: Option<String>,
    pub created_at: Timestamp,
    /// To the minute for whoever changes things, else to the last refresh.
    pub last_active_at: Timestamp,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    /// When it ends if nobody refreshes it.
    pub expires_at: Timestamp,
}

impl From<&SessionRecord> for Listed {
    fn from(session: &SessionRecord) -> Self {
        Self {
            id: session.session_id,
            device: Device::of(&session.user_agent),
            network: session.network.clone(),
            place: session.place.clone(),
            created_at: session.session_id.made_at(),
            last_active_at: session.last_active_at(),
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            expires_at: session.family.expires_at,
        }
    }
}

/// The caller's live sessions, the newest first, this one among them: the newest 200.
pub async fn live_sessions(app: &App, ctx: &RequestContext, caller: &Authenticated) -> Result<Vec<Listed>> {
    let user = &caller.user;
    let not_before = app.ring(ctx.now).await?.not_before();
    let sessions = app.store.live_sessions(user.user_id, user.token_version, not_before, ctx.now, SHOWN).await?;
    let mut listed: Vec<Listed> = sessions.iter().map(Listed::from).collect();
    match listed.iter_mut().find(|session| session.id == caller.claims.sid) {
        // Whoever asks is here now.
        Some(this) => this.last_active_at = ctx.now,
        // Older than 200 others: the oldest of those makes room.
        None => {
            listed.truncate(SHOWN - 1);
            listed.push(Listed { last_active_at: ctx.now, ..Listed::from(&caller.session) });
        }
    }
    Ok(listed)
}
