//! Attempts: *reserve, then verify* (LOGIN-2…4, LOGIN-8).
//!
//! Before anything secret is verified, one atomic write per counter takes a place in its window; when there is none, the
//! caller is refused and nothing is verified. So of any number of requests at once no more are tried than the window
//! has places. A success gives its place back; a failure leaves it taken.
//!
//! Reading order: this file, [`window`] and [`lock`] (the rules, as values), `counter` (what is counted), `device` (who
//! has a counter of their own), `line` (what a flood costs). The one write that makes it strict is `Store::reserve`.

mod counter;
pub mod device;
mod line;
pub mod lock;
mod rules;
pub mod window;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;

pub(crate) use self::counter::network;
pub use self::counter::{Client, Counter, Tally};
pub use self::line::Lines;
pub use self::lock::{Lock, LockRules};
pub use self::rules::AttemptRules;
pub use self::window::Limit;
use crate::app::App;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::store::Reservation;

/// Places taken on some counters, for one attempt.
#[must_use = "a success gives its places back; a failure says so by dropping them"]
#[derive(Default)]
pub struct Turn(Vec<(Counter, Tally)>);

impl Turn {
    /// The counter whose place was taken first, and what it holds now.
    pub fn first(&self) -> Option<(&Counter, &Tally)> {
        self.0.first().map(|(counter, tally)| (counter, tally))
    }

    /// Every counter with what it holds now.
    pub fn counters(&self) -> impl Iterator<Item = (&Counter, &Tally)> {
        self.0.iter().map(|(counter, tally)| (counter, tally))
    }

    /// Adds a place that was taken.
    ///
    /// # Errors
    /// The counter's refusal, if there was none.
    pub fn add(&mut self, ctx: &RequestContext, counter: Counter, reservation: Reservation) -> Result<()> {
        match reservation {
            Reservation::Taken(tally) => {
                self.0.push((counter, tally));
                Ok(())
            }
            Reservation::Full(tally) => Err(counter.refusal(&tally, ctx.now).into()),
        }
    }

    /// Gives the places back: the attempt was no failure. Never in the way of its outcome; should it not succeed, the
    /// attempt counts as a failure until it leaves the window.
    pub async fn give_back(&self, app: &App, ctx: &RequestContext) {
        let returned = join_all(self.0.iter().map(|(counter, _)| app.store.give_back(counter, ctx.now))).await;
        for error in returned.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "a place was not given back");
        }
    }
}

/// Takes a place on a counter.
///
/// # Errors
/// The counter's refusal when it is full; [`crate::error::Error::Unavailable`] when it cannot be asked.
pub async fn take(app: &App, ctx: &RequestContext, counter: Counter) -> Result<Turn> {
    let reservation = reserve(app, ctx, &counter).await?;
    let mut turn = Turn::default();
    turn.add(ctx, counter, reservation)?;
    Ok(turn)
}

/// *Reserve*, in line: what was full a moment ago is looked at before it is written to.
pub async fn reserve(app: &App, ctx: &RequestContext, counter: &Counter) -> Result<Reservation> {
    let mut line = app.lines.join(counter.key()).await;
    match line.look(app, ctx, counter).await? {
        Some(tally) => Ok(Reservation::Full(tally)),
        None => line.reserve(app, ctx, counter).await,
    }
}

/// Whether a counter has a place now. Only a reservation decides; this saves one that would be refused.
pub async fn has_room(app: &App, ctx: &RequestContext, counter: &Counter) -> Result<bool> {
    Ok(counter.frees_at(&app.store.tally(counter).await?, ctx.now).is_none())
}

/// A route's limit, as the request that is being answered stands to it (LOGIN-8).
#[derive(Clone, Debug)]
pub struct Admission {
    route: &'static str,
    rate: Arc<OnceLock<Rate>>,
}

/// What a caller is told of a route's limit.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Requests a minute, and of them at once.
    pub limit: usize,
    pub burst: usize,
    /// How many more are allowed at this instant.
    pub remaining: usize,
    /// Until the next is allowed if none is, else until the whole limit is.
    pub reset: Duration,
}

impl Admission {
    pub fn to(route: &'static str) -> Self {
        Self { route, rate: Arc::default() }
    }

    /// What came of asking; `None` if nobody has asked.
    pub fn rate(&self) -> Option<Rate> {
        self.rate.get().copied()
    }
}

/// Whether the limit of the route was full for this client when it was last asked: then it is asked before anything else.
pub fn was_full(app: &App, ctx: &RequestContext, client: &Client) -> bool {
    ctx.admission.as_ref().is_some_and(|admission| {
        app.lines.remembers(Counter::route(&app.settings.attempts, admission.route, client).key())
    })
}

/// Asks the limit of the route that was called, in parallel with a handler's first reading. Work that no caller asked
/// for has none.
///
/// # Errors
/// [`crate::error::Refusal::RateLimited`].
pub async fn admit(app: &App, ctx: &RequestContext, client: &Client) -> Result<()> {
    let Some(admission) = &ctx.admission else { return Ok(()) };
    let counter = Counter::route(&app.settings.attempts, admission.route, client);
    let (reservation, tally) = match reserve(app, ctx, &counter).await? {
        Reservation::Taken(tally) => (Ok(()), tally),
        Reservation::Full(tally) => (Err(Error::from(counter.refusal(&tally, ctx.now))), tally),
    };
    let limit = counter.limit();
    let whole = tally.marks.first().map_or(Duration::ZERO, |newest| (*newest + limit.span()).since(ctx.now));
    let rate = Rate {
        limit: app.settings.attempts.route_per_minute,
        burst: app.settings.attempts.route_burst,
        remaining: limit.remaining(&tally.marks, ctx.now),
        reset: counter.frees_at(&tally, ctx.now).map_or(whole, |free| free.since(ctx.now)),
    };
    // A handler asks once; should it ask again, the first answer stands.
    let _ = admission.rate.set(rate);
    reservation
}

/// [`admit`] for callers that are known only by their address in the network.
///
/// # Errors
/// [`crate::error::Refusal::RateLimited`].
pub async fn admit_network(app: &App, ctx: &RequestContext) -> Result<()> {
    admit(app, ctx, &Client::Network(ctx.ip)).await
}
