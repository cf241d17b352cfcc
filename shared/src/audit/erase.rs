//! Erasing a person from the trail (AUDIT-5): what they did, what was done under their address, and their name in what
//! others did about them.
//!
//! What remains: that somebody was erased, by whom, when and why; and events that others are accountable for, without the
//! person. Each batch is one transaction with the event that tells of it. That event names the removed events by their ids
//! and is signed, so that the chain can tell an erasure from somebody who tidies up behind himself.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::cursor::Order;
use super::filters::{Filters, Person, Wanted};
use super::walk::{Step, Walk};
use super::{Event, Kind, Recorded};
use crate::accounts::ADMIN;
use crate::app::App;
use crate::context::RequestContext;
use crate::error::{FieldError, Refusal, Result};
use crate::id::{self, UserId};
use crate::keys::jwk::PublicJwk;
use crate::store::{Span, Transaction};

/// What a call has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Events that were removed.
    pub removed: u32,
    /// Events of others that lost the person's name.
    pub rewritten: u32,
    /// Whether nothing is left. Otherwise the same call goes on.
    pub is_complete: bool,
}

/// The name of the events that tell of erasures.
pub(super) const KIND: &str = "AuditErased";

/// A transaction takes a hundred changes: an event of somebody else's is two, and the telling is one.
const BATCH: usize = 45;

/// The caller's patience ends a second and a half later.
const MOST_TIME: Duration = Duration::from_secs(3);

/// Erases a person from the trail, as far as there is time for. Calling again goes on, or finds nothing more.
///
/// # Errors
/// [`Refusal::Invalid`] for an administrator: who may do much must not vanish.
pub async fn erase(app: &App, ctx: &RequestContext, admin: UserId, user: UserId, why: &str) -> Result<Erased> {
    let profile = app.store.user(user).await?;
    if profile.as_ref().is_some_and(|user| user.roles.iter().any(|role| role == ADMIN)) {
        let error = FieldError::new("id", "administrator", "is an administrator, whose trail is kept");
        return Err(Refusal::Invalid(vec![error]).into());
    }
    let person = Person::new(Some(user), profile.as_ref().map(|user| &user.email));
    let wanted = Wanted { filters: Filters::default(), people: vec![person.clone()] };
    // All of it, also what should have been purged; but not what comes from now on.
    let span = Span { after: "0".to_owned(), before: ctx.now.to_string() };
    let mut walk = Walk::new(&app.store, &wanted, Order::OldestFirst, &span, BATCH);
    let mut erased = Erased::default();
    loop {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Step::Event(event) = walk.step().await? else { break };
            // Erasures are what remains.
            if event.kind != KIND {
                batch.push(*event);
            }
        }
        if batch.is_empty() {
            erased.is_complete = true;
            return Ok(erased);
        }
        if !remove(app, ctx, admin, user, why, &person, &batch, &mut erased).await?
            || app.clock.now().since(ctx.now) > MOST_TIME
        {
            return Ok(erased);
        }
    }
}

/// One batch. False when some of it is gone already: an index was behind, or another call is at it.
#[expect(clippy::too_many_arguments, reason = "one caller, which has all of it at hand")]
async fn remove(
    app: &App,
    ctx: &RequestContext,
    admin: UserId,
    user: UserId,
    why: &str,
    person: &Person,
    batch: &[Recorded],
    erased: &mut Erased,
) -> Result<bool> {
    let is_own =
        |event: &Recorded| [&person.user, &person.email].into_iter().any(|key| key.as_deref() == Some(&event.actor));
    let others: Vec<_> = batch.iter().filter(|event| !is_own(event)).map(|event| (event, id::fresh(ctx.now))).collect();
    let removed = batch.iter().map(|event| event.id.as_str()).collect::<Vec<_>>().join(" ");
    let rewritten = others.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>().join(" ");
    let message = message(&app.settings.stack_name, &removed, &rewritten);
    let signature = app.kms.sign_for_audit(&app.settings.audit_key_id, message.as_bytes()).await?;
    let event = Event::by_user(Kind::AuditErased, admin)
        .on_user(user)
        .with("why", why)
        .with("events", &removed)
        .with("rewritten", &rewritten)
        .with("signature", URL_SAFE_NO_PAD.encode(signature));
    let mut change = app.store.transaction().event(ctx, event)?;
    change = batch.iter().fold(change, Transaction::remove_event);
    for (event, id) in &others {
        change = change.event_without_subject(event, id)?;
    }
    let is_done = change.commit().await?.is_done();
    if is_done {
        let rewritten = u32::try_from(others.len()).unwrap_or(u32::MAX);
        erased.rewritten += rewritten;
        erased.removed += u32::try_from(batch.len()).unwrap_or(u32::MAX) - rewritten;
    }
    Ok(is_done)
}

fn message(stack: &str, removed: &str, rewritten: &str) -> String {
    let digest = |ids: &str| URL_SAFE_NO_PAD.encode(digest(&SHA256, ids.as_bytes()));
    format!("postern audit erasure v2\n{stack}\n{}\n{}", digest(removed), digest(rewritten))
}

/// What an erasure did, by the ids of events.
pub(super) struct Erasure {
    pub(super) removed: Vec<String>,
    /// What was written in the place of some, of the same time.
    pub(super) rewritten: Vec<String>,
}

/// What an erasure says of itself. `None` if the key did not sign that.
pub(super) fn read(event: &Recorded, key: &PublicJwk, stack: &str) -> Option<Erasure> {
    let (removed, rewritten) = (event.detail.get("events")?, event.detail.get("rewritten")?);
    let signature = URL_SAFE_NO_PAD.decode(event.detail.get("signature")?).ok()?;
    let ids = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    key.verify(message(stack, removed, rewritten).as_bytes(), &signature)
        .then(|| Erasure { removed: ids(removed), rewritten: ids(rewritten) })
}
