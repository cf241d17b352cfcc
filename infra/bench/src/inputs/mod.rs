//! The events of a case: of somebody who is there, each good for one answer.

mod admin;
mod people;
mod streams;

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Timestamp;

use crate::Fault;
use crate::cases::Case;
use crate::event::{of_visitor, with_token};
use crate::world::World;

/// What events are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The sample event as it stands.
    Sample,
    /// Calls of a schedule, each with a time of its own: one that comes again is not run.
    Run,
    /// Somebody's browser, the same again and again; of administrators' functions, an administrator's.
    Visit,
    /// The same by an access token.
    Token,
    /// By the token that metrics are read with.
    Scrape,
    SignUp,
    VerifyEmail,
    /// In a browser that is new to the account, or in one that it knows.
    SignIn,
    SignInAgain,
    Refresh,
    SignOut,
    ChangePassword,
    Forgot,
    Reset,
    Unlock,
    Resend,
    /// A session besides the caller's.
    EndSession,
    EndOthers,
    UnlockFor,
    EraseAudit,
    SwitchJob,
    Webhook,
    Webhooks,
    Redeliver,
    SendMail,
    /// Batches of so many events.
    Events(usize),
    Deliveries,
}

impl Kind {
    /// Whether one event is as good as another, so that there may be many.
    const fn repeats(self) -> bool {
        matches!(self, Self::Sample | Self::Run | Self::Visit | Self::Token | Self::Scrape | Self::Webhooks)
    }

    /// Whether it takes long to prepare.
    const fn is_dear(self) -> bool {
        matches!(
            self,
            Self::ChangePassword | Self::Events(2..) | Self::Reset | Self::Unlock | Self::EndOthers | Self::EraseAudit
        )
    }

    /// How many samples there can be where so many are wanted: fewer of what takes long to prepare, more of what does not.
    pub const fn samples(self, wanted: usize) -> usize {
        if self.is_dear() {
            wanted.div_ceil(4)
        } else if self.repeats() {
            wanted * 10
        } else {
            wanted
        }
    }
}

/// So many events of a case.
///
/// # Errors
/// When somebody cannot be made who is needed.
pub async fn events(world: &World, case: &Case, n: usize) -> Result<Vec<Value>, Fault> {
    let function = case.function;
    let events = match case.kind {
        Kind::Sample => (0..n).map(|_| world.event(function).event().clone()).collect(),
        Kind::Run => runs(world, function, n).await?,
        Kind::Visit | Kind::Token => visits(world, case, n).await?,
        Kind::Scrape => {
            let token = world.app().stack.metrics_token();
            (0..n).map(|_| with_token(world.event(function), token).event().clone()).collect()
        }
        Kind::SignUp => people::sign_ups(world, n),
        Kind::VerifyEmail => people::verifications(world, n).await?,
        Kind::SignIn => people::sign_ins(world, n).await?,
        Kind::SignInAgain => people::sign_ins_again(world, n).await?,
        Kind::Refresh | Kind::SignOut => people::sessions(world, function, n).await?,
        Kind::ChangePassword => people::password_changes(world, n).await?,
        Kind::Forgot => people::forgotten(world, n).await?,
        Kind::Reset => people::resets(world, n).await?,
        Kind::Unlock => people::unlocks(world, n).await?,
        Kind::Resend => people::resends(world, n).await?,
        Kind::EndOthers => people::others_ended(world, n).await?,
        Kind::EndSession => admin::sessions_ended(world, function, n).await?,
        Kind::UnlockFor => admin::unlocks(world, n).await?,
        Kind::EraseAudit => admin::erasures(world, n).await?,
        Kind::SwitchJob => admin::switches(world, n).await?,
        Kind::Webhook => admin::secrets(world, n).await?,
        Kind::Webhooks => admin::webhooks(world, n).await?,
        Kind::Redeliver => admin::redeliveries(world, n).await?,
        Kind::SendMail => streams::mails(world, n).await?,
        Kind::Events(size) => streams::batches(world, function, n, size).await?,
        Kind::Deliveries => streams::deliveries(world, n).await?,
    };
    Ok(events)
}

async fn visits(world: &World, case: &Case, n: usize) -> Result<Vec<Value>, Fault> {
    let visitor = if case.function.starts_with("admin-") {
        world.admin().await?
    } else {
        world.visitor(&world.person(case.function).await?).await?
    };
    let token = visitor.cookie("_access").unwrap_or_default();
    let event = || {
        let event = world.event(case.function);
        if case.kind == Kind::Token { with_token(event, token) } else { of_visitor(event, &visitor) }
    };
    Ok((0..n).map(|_| event().event().clone()).collect())
}

/// A minute apart, and all of them past: times ahead of the clock are no schedule's.
async fn runs(world: &World, function: &str, n: usize) -> Result<Vec<Value>, Fault> {
    // The gateway's instance reads the ring once a minute, and what it reads while it is asked would count as the job's.
    world.ask("keys-jwks", world.event("keys-jwks")).await?;
    let sample = world.event(function).event()["time"].as_str().and_then(Timestamp::parse);
    let start = sample.ok_or_else(|| Fault::Case(function.to_owned(), "its sample event has no time".to_owned()))?;
    let time = || start + Duration::from_secs(60 * u64::from(world.caller()));
    Ok((0..n).map(|_| world.event(function).with("/time", json!(time().to_string())).event().clone()).collect())
}
