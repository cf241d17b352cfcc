//! The outbox: mail leaves after the change it tells of is committed, and answering never waits for it.
//!
//! `enqueue` writes the message in the change's transaction. The stream consumer and the retry job both call `deliver`.
//! A message is sent at least once: if we die between SES's answer and our note of it, the owner gets it twice (F13).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Brand, Mail};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::aws::ses::HandOver;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Error, Result};
use crate::id;
use crate::keys::secrets::{Purpose, Secrets};
use crate::random;
use crate::store::{Claim, OutboxMessage, Transaction, Turn};

/// A mail on its way: to whom, and what it says.
#[derive(Serialize, Deserialize)]
struct Envelope {
    /// `None` for a decoy.
    to: Option<Email>,
    mail: Mail,
}

/// How long the stream has for its first try before the retry job steps in; also how long one try may take.
const LEASE: Duration = Duration::from_secs(60);

/// After so many tries a message is dead. With the backoff below that is about a day.
const MAX_ATTEMPTS: u32 = 12;

/// Adds a mail to a transaction. It is worth sending until `expires_at`: the end of the link in it.
///
/// To nobody it is a decoy: where an address has no account, the same is written and the same work is done as where it
/// has one, up to the handing over, so that no time tells (SIGN-4). To an address that no mail can reach, too: it would come
/// back, and what comes back counts against the sender.
pub fn enqueue<'a, 'e>(
    transaction: Transaction<'a>,
    secrets: &Secrets,
    to: impl Into<Option<&'e Email>>,
    mail: Mail,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Transaction<'a>> {
    let to = to.into().filter(|to| to.can_be_reached()).cloned();
    let message_id = id::fresh(now);
    let kind = mail.kind().to_owned();
    let plain = serde_json::to_vec(&Envelope { to, mail }).map_err(Error::internal)?;
    let sealed = secrets
        .seal(Purpose::Outbox, message_id.as_bytes(), &plain)
        .ok_or_else(|| Error::internal("a mail could not be sealed"))?;
    transaction.create_message(&OutboxMessage { message_id, kind, sealed, expires_at, attempts: 0 }, now, now + LEASE)
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    Sent,
    /// Another sender has it or had it, or it is finished: nothing to do. This is what a duplicated stream record comes to.
    NotOurs,
    /// SES did not take it now; it waits for its next try.
    Postponed,
    /// Given up: refused for good, tried too often, or too late to help.
    Dead,
}

/// Sends a message, if it is still waiting and the caller's turn.
///
/// # Errors
/// When the outbox itself cannot be read or written; then nothing is known and the caller tries again.
pub async fn deliver(app: &App, ctx: &RequestContext, message_id: &str, turn: Turn) -> Result<Delivery> {
    // Secrets first: without them a claim would only use up an attempt.
    app.secrets(ctx.now).await?;
    let claim_id = id::fresh(ctx.now);
    let Claim::Ours(message) = app.store.claim_message(message_id, &claim_id, turn, ctx.now, LEASE).await? else {
        return Ok(Delivery::NotOurs);
    };
    if ctx.now >= message.expires_at {
        return bury(app, ctx, &message, "expired").await;
    }
    let plain = match Secrets::version_of(&message.sealed) {
        Some(version) => {
            let secrets = app.secrets_with(version, ctx.now).await?;
            secrets.open(Purpose::Outbox, message_id.as_bytes(), &message.sealed)
        }
        None => None,
    };
    let Some(envelope) = plain.and_then(|plain| serde_json::from_slice::<Envelope>(&plain).ok()) else {
        return bury(app, ctx, &message, "unreadable").await;
    };
    let brand = Brand { product: app.settings.product_name.clone(), app_url: app.settings.app_url.clone() };
    let rendered = envelope.mail.render(&brand).map_err(Error::internal)?;
    let handed_over = match &envelope.to {
        Some(to) => app.ses().send(to, &rendered).await,
        None => Ok(HandOver::Accepted),
    };
    match handed_over {
        Ok(HandOver::Accepted) => {
            app.store.message_sent(message_id, ctx.now).await?;
            Ok(Delivery::Sent)
        }
        Ok(HandOver::Rejected(code)) => bury(app, ctx, &message, &code).await,
        Err(_) if message.attempts >= MAX_ATTEMPTS => bury(app, ctx, &message, "tried too often").await,
        Err(error) => {
            let wait = backoff(message.attempts);
            tracing::warn!(message_id, kind = message.kind, attempts = message.attempts, wait_seconds = wait.as_secs(), %error, "mail postponed");
            app.store.message_again(message_id, ctx.now + wait).await?;
            Ok(Delivery::Postponed)
        }
    }
}

/// 30 s, 1 min, 2 min … at most 4 h, with a quarter of jitter so that an outage does not end in a burst.
fn backoff(attempts: u32) -> Duration {
    let seconds = (30_u64 << attempts.saturating_sub(1).min(9)).min(4 * 3600);
    Duration::from_secs(seconds + random::below(seconds / 4 + 1))
}

async fn bury(app: &App, ctx: &RequestContext, message: &OutboxMessage, reason: &str) -> Result<Delivery> {
    tracing::error!(
        message_id = message.message_id,
        kind = message.kind,
        attempts = message.attempts,
        reason,
        "mail is undeliverable"
    );
    let event = Event::new(Kind::MailUndeliverable, Actor::System("send-mail"))
        .failed(reason)
        .with("message", &message.message_id)
        .with("mail", &message.kind);
    app.store.record_event(&ctx.at(app.clock.now()), event).await?;
    app.store.message_dead(&message.message_id, reason, ctx.now).await?;
    Ok(Delivery::Dead)
}

/// What a run of the retry job did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub sent: u32,
    pub postponed: u32,
    pub dead: u32,
    /// More are due: the run stopped at its bound.
    pub more: bool,
}

/// A run's bounds: so many messages, and no new one after so long. One that SES answers slowly may take three seconds
/// more, and the function has sixty.
const BATCH: i32 = 100;
const RUN: Duration = Duration::from_secs(40);

/// Tries every message whose time has come: what the stream missed, and what SES did not take.
pub async fn retry(app: &App, ctx: &RequestContext) -> Result<Report> {
    let mut report = Report::default();
    let due = app.store.due_messages(ctx.now, BATCH).await?;
    report.more = due.len() == BATCH as usize;
    for message_id in due {
        // Each message has its own instant, or the last ones would be claimed for a time that is over.
        let now = app.clock.now();
        if now.since(ctx.now) >= RUN {
            report.more = true;
            break;
        }
        match deliver(app, &ctx.at(now), &message_id, Turn::Due).await? {
            Delivery::Sent => report.sent += 1,
            Delivery::Postponed => report.postponed += 1,
            Delivery::Dead => report.dead += 1,
            Delivery::NotOurs => {}
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f12_tries_are_spread_over_about_a_day() {
        let total: Duration = (1..=MAX_ATTEMPTS).map(backoff).sum();
        assert!((Duration::from_secs(12 * 3600)..Duration::from_secs(36 * 3600)).contains(&total), "{total:?}");
        assert!(backoff(1) >= Duration::from_secs(30) && backoff(40) <= Duration::from_secs(5 * 3600));
    }
}
