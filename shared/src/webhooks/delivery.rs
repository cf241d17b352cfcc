//! Making deliveries: one bounded call, a log of it, and when to try again (case 261).
//!
//! It never holds anybody up: who is slow or gone waits in the table, and is left alone for a while (F44).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use super::FIRST_TRY;
use super::recipient::{Recipient, Target};
use crate::alerts::channels;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::breaker::Breaker;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::id;
use crate::metrics::{DELIVERING, name};
use crate::outbound::Failed;
use crate::random;
use crate::store::{DeliveryRecord, Next, Try, Turn};

/// How long a receiver may take, from the look-up of its name to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait after each failed try, in seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. About three
/// days in all; then it is given up. (The retry job comes every minute, so the first wait is up to that.)
const WAITS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// What has waited for so long is given up, however often it was tried: while a receiver is down, not everything is.
const LONGEST_LIFE: Duration = Duration::from_secs(4 * 86_400);

const TOO_OLD: &str = "waited too long";

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
    /// It could not be tried: KMS did not answer, or what is known of the receiver cannot be read.
    Failed,
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

/// Makes a delivery, if it is still waiting and the caller's turn.
///
/// # Errors
/// When the table does not answer; then nothing is known and the caller tries again.
pub async fn deliver(app: &App, ctx: &RequestContext, key: (&str, &str), turn: Turn) -> Result<Outcome> {
    let claim_id = id::fresh(ctx.now);
    let Some(delivery) = app.store.claim_delivery(key, &claim_id, turn, ctx.now, FIRST_TRY).await? else {
        return Ok(Outcome::NotOurs);
    };
    let claimed = Claimed { app, ctx, delivery: &delivery, claim_id: &claim_id };
    match claimed.make().await {
        Ok(outcome) => Ok(outcome),
        Err(error) => claimed.put_back(&error).await,
    }
}

/// A delivery in our hands.
struct Claimed<'a> {
    app: &'a App,
    ctx: &'a RequestContext,
    delivery: &'a DeliveryRecord,
    claim_id: &'a str,
}

impl Claimed<'_> {
    async fn make(&self) -> Result<Outcome> {
        let Self { app, ctx, delivery, .. } = *self;
        let destination = delivery.destination.as_str();
        let recipient = Recipient::read(app, destination).await?;
        let message = match recipient.target(app, delivery, ctx.now).await? {
            Target::Message(message) => message,
            Target::Gone(reason) => {
                self.finish(None, Next::Dead(reason), None).await?;
                return Ok(Outcome::Dead);
            }
        };
        if self.is_too_old() {
            return self.bury(None, TOO_OLD).await;
        }
        let breaker = app.breakers().of(destination);
        let Some(probe) = breaker.admits(ctx.now) else {
            self.finish(None, left_alone(ctx.now), None).await?;
            return Ok(Outcome::LeftAlone);
        };
        let attempts = delivery.attempts + 1;
        let started = app.clock.now();
        let answer = app.outbound().post(&message, PATIENCE).await;
        let millis = u64::try_from(app.clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
        let (status, wait, text) = match answer {
            Ok(answer) => (Some(answer.status), answer.retry_after, String::from_utf8_lossy(&answer.body).into_owned()),
            // The chain of causes may name the address, which for a channel is a secret.
            Err(failed) => (None, None, told_of(&failed).to_owned()),
        };
        let made = Some(Try { at: ctx.now, status, millis, answer: harmless(&text) });
        if matches!(status, Some(200..=299)) {
            breaker.succeeded();
            probe.told();
            self.count("delivered");
            self.finish(made, Next::Delivered, None).await?;
            return Ok(Outcome::Delivered);
        }
        breaker.failed(app.clock.now());
        probe.told();
        if status == Some(410) && recipient.is_webhook() {
            disable(app, &self.later(), destination).await?;
            self.count("dead");
            self.finish(made, Next::Dead("gone"), None).await?;
            return Ok(Outcome::Dead);
        }
        let Some(wait) = wait_after(attempts, status, wait) else {
            return self.bury(made, "tried too often").await;
        };
        self.count("failed");
        tracing::warn!(destination, kind = delivery.kind, attempts, ?status, "a delivery is postponed");
        self.finish(made, Next::At(ctx.now + wait), None).await?;
        Ok(Outcome::Postponed)
    }

    /// What could not be tried, for a reason of ours: it waits a little, so that it is in nobody's way.
    async fn put_back(&self, error: &Error) -> Result<Outcome> {
        let DeliveryRecord { destination, kind, .. } = self.delivery;
        tracing::error!(destination, kind, %error, "a delivery could not be tried");
        if self.is_too_old() {
            return self.bury(None, TOO_OLD).await;
        }
        self.finish(None, left_alone(self.ctx.now), None).await?;
        Ok(Outcome::Failed)
    }

    /// The context of an event that is written now: a try may have taken ten seconds.
    fn later(&self) -> RequestContext {
        self.ctx.at(self.app.clock.now())
    }

    fn is_too_old(&self) -> bool {
        self.ctx.now.since(self.delivery.since) > LONGEST_LIFE
    }

    fn count(&self, outcome: &'static str) {
        self.app.gathered().count(DELIVERING, &[name::DELIVERY, outcome], 1, self.ctx.now);
    }

    async fn finish(&self, made: Option<Try>, next: Next, told: Option<(&RequestContext, Event)>) -> Result<()> {
        self.app.store.finish_try(self.delivery, self.claim_id, made, next, told, self.ctx.now).await
    }

    async fn bury(&self, made: Option<Try>, reason: &'static str) -> Result<Outcome> {
        let DeliveryRecord { destination, delivery, kind, attempts, .. } = self.delivery;
        tracing::error!(destination, kind, attempts, reason, "a delivery was given up");
        self.count("dead");
        let is_channel = channels::kind_of(destination).is_some();
        let kind = if is_channel { Kind::AlertUndeliverable } else { Kind::WebhookUndeliverable };
        let event = Event::new(kind, Actor::System("send-webhooks")).failed(reason);
        let event = event.on_webhook(destination).with("delivery", delivery);
        self.finish(made, Next::Dead(reason), Some((&self.later(), event))).await?;
        Ok(Outcome::Dead)
    }
}

fn left_alone(now: Timestamp) -> Next {
    Next::At(now + LEFT_ALONE + Duration::from_secs(random::below(LEFT_ALONE_SPREAD)))
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

/// What a run of the retry job did.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub delivered: u32,
    pub postponed: u32,
    pub left_alone: u32,
    pub dead: u32,
    /// Could not be tried; the log says why.
    pub failed: u32,
    /// More are due: the run stopped at its bound.
    pub more: bool,
}

/// So many deliveries are under way at once: of those one may be slow without the others waiting for it.
pub const AT_ONCE: usize = 10;

/// So many are looked up together, and no new ones are begun after so long. The function has sixty seconds, and a call ten.
const BATCH: i32 = 200;
const RUN: Duration = Duration::from_secs(40);

/// Makes every delivery whose time has come. One that fails is in no other's way.
///
/// # Errors
/// When the table did not answer, about all of them or about one; the others are made all the same.
pub async fn retry(app: &App, ctx: &RequestContext) -> Result<Report> {
    let mut report = Report::default();
    loop {
        let due = app.store.due_deliveries(app.clock.now(), BATCH).await?;
        report.more = due.len() == BATCH as usize;
        let mut trouble = None;
        for keys in due.chunks(AT_ONCE) {
            // Each has its own instant, or the last ones would be claimed for a time that is over.
            let now = app.clock.now();
            if now.since(ctx.now) >= RUN {
                report.more = true;
                return trouble.map_or(Ok(report), Err);
            }
            let ctx = ctx.at(now);
            let each =
                keys.iter().map(|(destination, delivery)| deliver(app, &ctx, (destination, delivery), Turn::Due));
            for outcome in join_all(each).await {
                match outcome {
                    Ok(outcome) => report.count(outcome),
                    Err(error) => trouble = Some(error),
                }
            }
        }
        match trouble {
            Some(error) => return Err(error),
            None if !report.more => return Ok(report),
            None => {}
        }
    }
}

impl Report {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Postponed => self.postponed += 1,
            Outcome::LeftAlone => self.left_alone += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Dead => self.dead += 1,
            Outcome::NotOurs => {}
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
