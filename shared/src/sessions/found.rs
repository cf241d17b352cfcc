//! Sessions as administrators see them: everybody's, found by whose they are, by network and by device (SESS-5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Authenticated, Listed, is_alive};
use crate::app::App;
use crate::audit::{Event, Kind};
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{FieldError, Refusal, Result};
use crate::id::{SessionId, UserId};
use crate::store::{SessionPosition, User};

/// A page ends after so many reads of [`READ`] sessions, even if it is not full: few match, and there is a cursor.
const READS: usize = 5;

/// So many sessions are read at a time: as many as people can be looked up by one request.
const READ: i32 = 100;

/// Which sessions are wanted. An empty filter wants all.
#[derive(Default)]
pub struct Filter {
    pub user: Option<UserId>,
    pub email: Option<Email>,
    /// As [`RequestContext::network`] writes it.
    pub network: Option<String>,
    /// A part of the device's name, in small letters.
    pub device: Option<String>,
}

impl Filter {
    fn wants(&self, session: &Listed) -> bool {
        self.network.as_ref().is_none_or(|network| session.network.as_ref() == Some(network))
            && self.device.as_ref().is_none_or(|device| session.device.name.to_lowercase().contains(device))
    }
}

/// Where the next page begins. Opaque to callers; a forged one begins elsewhere and shows nothing that no other would.
pub struct Cursor(SessionPosition);

impl Cursor {
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (user, session) = (bytes.first_chunk::<16>()?, bytes.last_chunk::<16>()?);
        Some(Self((UserId::from_bytes(*user), SessionId::from_bytes(*session))))
    }

    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.0.0.as_bytes().as_slice(), self.0.1.as_bytes()].concat())
    }
}

/// Somebody's live session.
pub struct Found {
    pub user: UserId,
    pub email: Email,
    pub session: Listed,
}

pub struct Page {
    pub sessions: Vec<Found>,
    /// `None` when there are no more.
    pub next: Option<Cursor>,
}

/// One page of live sessions: one person's from the newest on, everybody's in no order. It may hold few or none and still
/// have a next one.
///
/// # Errors
/// [`Refusal::Invalid`] for a cursor of another person's list.
pub async fn find(
    app: &App,
    ctx: &RequestContext,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Page> {
    let mut page = Page { sessions: Vec::new(), next: None };
    let whose = match (&filter.email, filter.user) {
        (None, user) => user,
        (Some(email), asked) => match app.store.login_by_email(email).await? {
            Some(login) if asked.is_none_or(|user| user == login.user_id) => Some(login.user_id),
            _ => return Ok(page),
        },
    };
    let mut position = cursor.map(|cursor| cursor.0);
    if whose.is_some_and(|user| position.is_some_and(|(of, _)| of != user)) {
        return Err(Refusal::Invalid(vec![FieldError::new("cursor", "invalid", "belongs to another list")]).into());
    }
    let not_before = app.ring(ctx.now).await?.not_before();
    for _ in 0..READS {
        let (sessions, next) = app.store.some_sessions(whose, ctx.now, position, READ).await?;
        let people: Vec<UserId> = sessions.iter().map(|session| session.user_id).collect();
        let people = app.store.users(&people).await?;
        for record in &sessions {
            let owner = people.get(&record.user_id).filter(|owner: &&User| is_alive(record, owner, not_before));
            let listed = Listed::from(record);
            if let Some(owner) = owner.filter(|_| filter.wants(&listed)) {
                page.sessions.push(Found { user: record.user_id, email: owner.email.clone(), session: listed });
            }
            if page.sessions.len() == limit {
                page.next = Some(Cursor((record.user_id, record.session_id)));
                return Ok(page);
            }
        }
        position = next;
        if position.is_none() {
            break;
        }
    }
    page.next = position.map(Cursor);
    Ok(page)
}

/// Ends somebody's live session, as an administrator.
///
/// # Errors
/// [`Refusal::NotFound`] for a session that has ended already or never was.
pub async fn end_by_admin(
    app: &App,
    ctx: &RequestContext,
    admin: &Authenticated,
    user: UserId,
    session: SessionId,
) -> Result<()> {
    let (owner, ring) = tokio::try_join!(app.store.user(user), app.ring(ctx.now))?;
    let owner = owner.ok_or(Refusal::NotFound)?;
    let revoked = Event::by_user(Kind::RefreshTokenRevoked, admin.user.user_id).on_session(session).about(user);
    let change = app
        .store
        .transaction()
        .end_live_session(user, session, owner.token_version, ring.not_before(), ctx.now)
        .event(ctx, revoked.with("of", user).with("by", "administrator").with("reason", "ended by an administrator"))?;
    if change.commit().await?.is_done() { Ok(()) } else { Err(Refusal::NotFound.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is_one() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let position = (UserId::new(now), SessionId::new(now));
        let text = Cursor(position).encode();
        assert_eq!(Cursor::parse(&text).unwrap().0, position);
        for bad in ["", "x", &text[1..], &format!("{text}A"), &text.to_lowercase().replace('_', "%")] {
            assert!(Cursor::parse(bad).is_none_or(|cursor| cursor.0 != position), "{bad}");
        }
        assert!(Cursor::parse(&text[1..]).is_none());
    }
}
