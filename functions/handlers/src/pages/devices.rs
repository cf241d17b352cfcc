//! The devices on `/account`: where one is signed in, and an end to any other of them (SESS-2).

use shared::clock::Timestamp;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::id::SessionId;
use shared::sessions::{self, Authenticated, Listed, Others};

use super::flash::Flash;
use super::language::Language;
use super::visit::{HOME, Visit};

/// A session, as its row shows it.
pub(super) struct Device {
    pub(super) id: String,
    pub(super) name: String,
    /// Which picture it has.
    pub(super) form: &'static str,
    /// Place and network, as far as they are known.
    pub(super) origin: String,
    /// How its person has signed in; empty if there is no word for it.
    pub(super) method: &'static str,
    pub(super) signed_in: Instant,
    pub(super) active: Instant,
}

/// A time, for programs and for people.
pub(super) struct Instant {
    pub(super) machine: String,
    pub(super) words: String,
}

impl Instant {
    fn new(language: Language, at: Timestamp) -> Self {
        Self { machine: at.to_string(), words: language.instant(at) }
    }
}

impl Device {
    pub(super) fn new(language: Language, session: Listed) -> Self {
        let device = session.device;
        let name = match (device.browser, device.os) {
            (Some(_), Some(_)) => device.name.replacen(" on ", &format!(" {} ", language.text("devices.on")), 1),
            _ => device.name,
        };
        let origin: Vec<String> = session.place.into_iter().chain(session.network).collect();
        Self {
            id: session.id.to_string(),
            name,
            form: device.form.name(),
            origin: origin.join(" · "),
            method: session.amr.first().map_or("", |method| language.text(&format!("amr.{method}"))),
            signed_in: Instant::new(language, session.auth_time),
            active: Instant::new(language, session.last_active_at),
        }
    }
}

/// Ends one other session, or all others. This one is ended by signing out, so that nobody does it by mistake.
pub(super) async fn submit(visit: &Visit<'_>) -> Result<Reply> {
    let caller = match visit.reader().await? {
        Ok(caller) => caller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = visit.call.form()?;
    if !visit.is_own(&form, caller.claims.sid).await? {
        return visit.tell(HOME, Flash::mistake("", "error.csrf")).await;
    }
    if form.get("others") == "yes" {
        let Others { grant, .. } = sessions::end_others(visit.app, &visit.ctx, &caller).await?;
        let told = visit.tell(HOME, Flash::notice("devices.all-done-title", "devices.all-done")).await?;
        return Ok(visit.keep(&grant, told));
    }
    end_one(visit, &caller, form.get("session")).await?;
    visit.tell(HOME, Flash::notice("devices.done-title", "devices.done")).await
}

async fn end_one(visit: &Visit<'_>, caller: &Authenticated, text: &str) -> Result<()> {
    let session: Option<SessionId> = text.parse().ok().filter(|session| *session != caller.claims.sid);
    let Some(session) = session else { return Err(Refusal::NotFound.into()) };
    match sessions::end_own(visit.app, &visit.ctx, caller, session).await {
        // Ended meanwhile: that is what was asked for.
        Err(Error::Refused(Refusal::NotFound)) => Ok(()),
        ended => ended,
    }
}
