//! Making deliveries: one bounded call, a log of it, and when to try again (case 261).
//!
//! It never holds anybody up: who is slow or gone waits in the table, and is left alone for a while (F44).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;

use super::destination::Destination;
use super::{FIRST_TRY, sign, vault};
use crate::alerts::channels;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::breaker::Breaker;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id;
use crate::metrics::{DELIVERING, name};
use crate::outbound::{Failed, Message};
use crate::random;
use crate::secret::SecretText;
use crate::store::{DeliveryRecord, Next, Try, Turn, WebhookRecord, WrappedSecret};

/// How long a receiver may take, from the look-up of its name to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait after each failed try, in seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. About three
/// days in all; then it is given up. (The retry job comes every minute, so the first wait is up to that.)
const WAITS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// What has waited for so long is given up, however often it was tried: while a receiver is down, not everything is.
const LONGEST_LIFE: Duration = Duration::from_secs(4 * 86_400);

/// How long a delivery waits whose receiver has just failed several times, and by how many seconds more at most: one delivery
/// finds out whether it is back, and the others do not come all at once.
const LEFT_ALONE: Duration = Duration::from_secs(61);
const LEFT_ALONE_SPREAD: u64 = 540;

/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// So much of an answer is kept.
const KEPT_OF_ANSWER: usize = 500;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Delivered,
    /// Another sender has it or had it, or it is finished: what a duplicated stream record comes to.
    NotOurs,
    Postponed,
    /// Its receiver has just failed several times: not even tried.
    LeftAlone,
    Dead,
}

/// One breaker for each destination.
#[derive(Default)]
pub struct Breakers(Mutex<HashMap<String, Arc<Breaker>>>);

impl Breakers {
    fn of(&self, destination: &str) -> Arc<Breaker> {
        let mut breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.entry(destination.to_owned()).or_default().clone()
    }
}

/// Where a delivery goes, and how.
enum Target {
    Message(Message),
    /// Removed, disabled, or not to be called any more.
    Gone(&'static str),
}

/// Makes a delivery, if it is still waiting and the caller's turn.
///
/// # Errors
/// When the table or KMS does not answer; then nothing is known and the caller tries again.
pub async fn deliver(app: &App, ctx: &RequestContext, key: (&str, &str), turn: Turn) -> Result<Outcome> {
    let (destination, _) = key;
    let recipient = Recipient::read(app, destination).await?;
    let claim_id = id::fresh(ctx.now);
    let Some(delivery) = app.store.claim_delivery(key, &claim_id, turn, ctx.now, FIRST_TRY).await? else {
        return Ok(Outcome::NotOurs);
    };
    let finish = |made, next, told| app.store.finish_try(&delivery, &claim_id, made, next, told, ctx.now);
    let attempts = delivery.attempts + 1;
    let bury = |made, reason| {
        tracing::error!(
            destination,
            kind = delivery.kind,
            attempts = delivery.attempts,
            reason,
            "a delivery was given up"
        );
        app.gathered().count(DELIVERING, &[name::DELIVERY, "dead"], 1, ctx.now);
        let kind = if recipient.is_webhook() { Kind::WebhookUndeliverable } else { Kind::AlertUndeliverable };
        let event = Event::new(kind, Actor::System("send-webhooks")).failed(reason);
        let event = event.on_webhook(destination).with("delivery", &delivery.delivery);
        finish(made, Next::Dead(reason), Some((ctx, event)))
    };
    let message = match recipient.target(app, &delivery, ctx.now)? {
        Target::Message(message) => message,
        Target::Gone(reason) => {
            finish(None, Next::Dead(reason), None).await?;
            return Ok(Outcome::Dead);
        }
    };
    if ctx.now.since(delivery.since) > LONGEST_LIFE {
        bury(None, "waited too long").await?;
        return Ok(Outcome::Dead);
    }
    let breaker = app.breakers().of(destination);
    let Some(probe) = breaker.admits(ctx.now) else {
        let wait = LEFT_ALONE + Duration::from_secs(random::below(LEFT_ALONE_SPREAD));
        finish(None, Next::At(ctx.now + wait), None).await?;
        return Ok(Outcome::LeftAlone);
    };
    let started = app.clock.now();
    let answer = app.outbound().post(&message, PATIENCE).await;
    let millis = u64::try_from(app.clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
    let made = |status, answer: &str| Some(Try { at: ctx.now, status, millis, answer: harmless(answer) });
    let count = |outcome| app.gathered().count(DELIVERING, &[name::DELIVERY, outcome], 1, ctx.now);
    let (status, wait, text) = match answer {
        Ok(answer) => (Some(answer.status), answer.retry_after, String::from_utf8_lossy(&answer.body).into_owned()),
        // The chain of causes may name the address, which for a channel is a secret.
        Err(failed) => (None, None, told_of(&failed).to_owned()),
    };
    let made = made(status, &text);
    if matches!(status, Some(200..=299)) {
        breaker.succeeded();
        probe.told();
        count("delivered");
        finish(made, Next::Delivered, None).await?;
        return Ok(Outcome::Delivered);
    }
    breaker.failed(app.clock.now());
    probe.told();
    if status == Some(410) && recipient.is_webhook() {
        disable(app, ctx, destination).await?;
        count("dead");
        finish(made, Next::Dead("gone"), None).await?;
        return Ok(Outcome::Dead);
    }
    let Some(wait) = wait_after(attempts, status, wait) else {
        bury(made, "tried too often").await?;
        return Ok(Outcome::Dead);
    };
    count("failed");
    tracing::warn!(destination, kind = delivery.kind, attempts, ?status, "a delivery is postponed");
    finish(made, Next::At(ctx.now + wait), None).await?;
    Ok(Outcome::Postponed)
}

/// The receiver says that it is gone for good: it is not called again until an administrator sets it up anew.
async fn disable(app: &App, ctx: &RequestContext, id: &str) -> Result<()> {
    let event = Event::new(Kind::WebhookDisabled, Actor::System("send-webhooks")).on_webhook(id);
    app.store.disable_webhook(ctx, id, event.with("status", 410)).await.map(drop)
}

/// How long to wait before the next try; `None` when there is none. A tenth of jitter either way, so that an outage does not
/// end in a burst. Who asks for more time (429, 503) gets it.
fn wait_after(attempts: u32, status: Option<u16>, asked: Option<Duration>) -> Option<Duration> {
    let base = *WAITS.get(usize::try_from(attempts).ok()?.saturating_sub(1))?;
    let spread = base * 100;
    let wait = Duration::from_millis(base * 900 + random::below(spread * 2 + 1));
    let asked = asked.filter(|_| matches!(status, Some(429 | 503))).unwrap_or_default();
    Some(wait.max(asked.min(LONGEST_WAIT)))
}

fn told_of(failed: &Failed) -> &'static str {
    match failed {
        Failed::TimedOut(_) => "no answer within 10 seconds",
        Failed::TooLong => "the answer was too long",
        Failed::Broken(cause) if cause.contains("no public address") => "the host has no public address",
        Failed::Broken(cause) if cause.contains("certificate") => "its certificate is not good",
        Failed::Broken(_) => "no connection, or it broke",
    }
}

/// The beginning of an answer as it may be stored and shown: it comes from a stranger (case 266).
fn harmless(answer: &str) -> String {
    let escape = |c: char| {
        let is_plain =
            c == ' ' || (!c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | '&' | '"' | '\'' | '\\'));
        let is_invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if is_plain && !is_invisible { c.to_string() } else { c.escape_unicode().to_string() }
    };
    answer.chars().take(KEPT_OF_ANSWER).map(escape).collect()
}

/// Who is to get a delivery, with what is needed to address it.
enum Recipient {
    Webhook(Box<WebhookRecord>, Vec<(Arc<SecretText>, Option<Timestamp>)>),
    Channel(channels::Channel),
    Nobody,
}

impl Recipient {
    async fn read(app: &App, destination: &str) -> Result<Self> {
        if let Some(kind) = channels::kind_of(destination) {
            return Ok(channels::read(app, kind).await?.map_or(Self::Nobody, Self::Channel));
        }
        let Some(webhook) = app.store.webhook(destination).await? else { return Ok(Self::Nobody) };
        let open = |secret: WrappedSecret| async move {
            Ok::<_, Error>((app.vault().open(app, vault::WEBHOOK, &secret.wrapped).await?, secret.until))
        };
        let secrets = try_join_all(webhook.secrets.iter().cloned().map(open)).await?;
        Ok(Self::Webhook(Box::new(webhook), secrets))
    }

    fn is_webhook(&self) -> bool {
        matches!(self, Self::Webhook(..))
    }

    fn target(&self, app: &App, delivery: &DeliveryRecord, now: Timestamp) -> Result<Target> {
        match self {
            Self::Nobody => Ok(Target::Gone("removed")),
            Self::Channel(channel) => Ok(match channel.message(app, &delivery.body)? {
                Some(message) => Target::Message(message),
                None => Target::Gone("the channel's address may not be called"),
            }),
            Self::Webhook(webhook, _) if webhook.disabled_at.is_some() => Ok(Target::Gone("disabled")),
            Self::Webhook(webhook, secrets) => {
                // Again, since the settings may have changed; what the name leads to is seen when it is called.
                let Ok(destination) = Destination::parse(&webhook.url, &app.settings.webhook_hosts) else {
                    return Ok(Target::Gone("its address may not be called"));
                };
                let body = delivery.body.as_bytes().to_vec();
                let good = secrets.iter().filter(|(_, until)| until.is_none_or(|until| now < until));
                let good: Vec<_> = good.map(|(secret, _)| &**secret).collect();
                let signature = sign::header(&good, &delivery.delivery, now, &body)
                    .ok_or_else(|| Error::internal("a webhook's secret cannot be read"))?;
                let headers = vec![
                    ("webhook-id", delivery.delivery.clone()),
                    ("webhook-timestamp", now.seconds().to_string()),
                    ("webhook-signature", signature),
                ];
                Ok(Target::Message(Message::to(&destination, headers, body)))
            }
        }
    }
}

/// What a run of the retry job did.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub delivered: u32,
    pub postponed: u32,
    pub left_alone: u32,
    pub dead: u32,
    /// More are due: the run stopped at its bound.
    pub more: bool,
}

/// So many deliveries are under way at once: of those one may be slow without the others waiting for it.
pub const AT_ONCE: usize = 10;

/// So many are looked up together, and no new ones are begun after so long. The function has sixty seconds, and a call ten.
const BATCH: i32 = 200;
const RUN: Duration = Duration::from_secs(40);

/// Makes every delivery whose time has come.
///
/// # Errors
/// As [`deliver`].
pub async fn retry(app: &App, ctx: &RequestContext) -> Result<Report> {
    let mut report = Report::default();
    loop {
        let due = app.store.due_deliveries(app.clock.now(), BATCH).await?;
        report.more = due.len() == BATCH as usize;
        for keys in due.chunks(AT_ONCE) {
            // Each has its own instant, or the last ones would be claimed for a time that is over.
            let now = app.clock.now();
            if now.since(ctx.now) >= RUN {
                report.more = true;
                return Ok(report);
            }
            let ctx = RequestContext { now, ..ctx.clone() };
            let each = keys.iter().map(|(destination, delivery)| deliver(app, &ctx, (destination, delivery), Turn::Due));
            for outcome in try_join_all(each).await? {
                match outcome {
                    Outcome::Delivered => report.delivered += 1,
                    Outcome::Postponed => report.postponed += 1,
                    Outcome::LeftAlone => report.left_alone += 1,
                    Outcome::Dead => report.dead += 1,
                    Outcome::NotOurs => {}
                }
            }
        }
        if !report.more {
            return Ok(report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_261_tries_are_spread_over_about_three_days_with_jitter() {
        let all = || (1..=9).map(|n| wait_after(n, Some(500), None).unwrap());
        let total: Duration = all().sum();
        let day = Duration::from_secs(86_400);
        assert!((day * 5 / 2..day * 4).contains(&total), "{total:?}");
        assert!(wait_after(10, Some(500), None).is_none(), "the tenth try is the last");
        assert!(all().zip(all()).any(|(a, b)| a != b));
    }

    #[test]
    fn case_261_who_asks_for_time_gets_it_within_a_day() {
        let asked = Some(Duration::from_secs(3600));
        assert_eq!(wait_after(1, Some(429), asked), asked);
        assert!(wait_after(1, Some(500), asked).unwrap() < Duration::from_secs(10));
        assert_eq!(wait_after(1, Some(503), Some(LONGEST_WAIT * 9)), Some(LONGEST_WAIT));
    }

    #[test]
    fn case_266_an_answer_is_cut_and_made_harmless() {
        let shown = harmless("<script>\r\n\u{1b}[31m\u{202e}\"&' ok é");
        assert_eq!(shown, r"\u{3c}script\u{3e}\u{d}\u{a}\u{1b}[31m\u{202e}\u{22}\u{26}\u{27} ok é");
        assert_eq!(harmless(&"x".repeat(10_000)).len(), KEPT_OF_ANSWER);
    }
}
