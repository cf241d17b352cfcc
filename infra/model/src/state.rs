//! One state of the modelled world, and the steps that lead on. Plain data: how steps work is in [`crate::world`].

use std::sync::Arc;

use shared::clock::Timestamp;
use shared::tokens::rotation::{Decision, Family};

use crate::judge::{Faults, History};
use crate::rule::Token;

/// Everything there is, between two steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: Timestamp,
    /// As stored.
    pub family: Arc<Family>,
    /// The cookie that both tabs share: what the last answer set, whether or not it is the newest.
    pub jar: Token,
    pub tabs: [Tab; 2],
    /// In a fixed order, so that schedules that lead to the same place meet there.
    pub requests: Vec<Request>,
    pub thief: Option<Token>,
    /// How often the thief, and the forger, may still try.
    pub thefts: u8,
    pub forgeries: u8,
    pub may_log_out: bool,
    pub history: History,
    pub faults: Faults,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tab {
    pub phase: Phase,
    /// Attempts in a row that the tab has given up.
    pub lost: u8,
}

/// Ticks are counted from the phase's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Idle,
    /// For the answer to its newest request.
    Waiting(u8),
    /// After a lost answer or a 409, before the next attempt.
    Pausing(u8),
    SignedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    Tab(usize),
    Thief,
    Forger,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub from: Who,
    /// Its tab has given up waiting. Request and answer may still arrive.
    pub is_abandoned: bool,
    pub token: Token,
    pub stage: Stage,
    /// Ticks in this stage.
    pub age: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Sent,
    /// The server has read the family and decided, at `at`; its commit is still to come.
    Decided {
        read: Arc<Family>,
        decision: Decision,
        at: Timestamp,
    },
    Answered(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200; with the successor, unless the presented token stays good.
    Given { decision: Decision, token: Option<Token> },
    /// 409: somebody else has moved the family between read and commit.
    Race,
    /// 401.
    Refused(Decision),
}

/// Requests are named by their place in [`State::requests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A tab sends what the jar holds.
    Send(usize),
    /// The request arrives: the server reads and decides.
    Read(usize),
    /// The server commits, under its condition, and answers.
    Commit(usize),
    Deliver(usize),
    /// A request or an answer that nobody waits for any more never arrives.
    Vanish(usize),
    /// A tab's time-out: for it, the answer is lost.
    GiveUp(usize),
    /// One tick passes.
    Tick,
    LogOut,
    /// The thief copies what the jar holds.
    Steal,
    /// The thief presents what he has.
    Use,
    /// Somebody presents a token of this generation that nobody made.
    Forge(u8),
}

impl Request {
    /// Answers that change nothing for a client that does not wait for them.
    pub fn is_moot(&self) -> bool {
        self.is_abandoned
            && matches!(
                self.stage,
                Stage::Answered(Answer::Race | Answer::Refused(_) | Answer::Given { token: None, .. })
            )
    }

    const fn order(&self) -> (Who, bool, Token, u8, u8) {
        let stage = match self.stage {
            Stage::Sent => 0,
            Stage::Decided { .. } => 1,
            Stage::Answered(_) => 2,
        };
        (self.from, self.is_abandoned, self.token, stage, self.age)
    }
}

impl State {
    /// Brings requests into their order.
    pub fn settle(&mut self) {
        self.requests.retain(|request| !request.is_moot());
        self.requests.sort_by_key(Request::order);
    }

    pub fn answers(&self) -> impl Iterator<Item = (&Request, Answer)> {
        self.requests.iter().filter_map(|request| match request.stage {
            Stage::Answered(answer) => Some((request, answer)),
            Stage::Sent | Stage::Decided { .. } => None,
        })
    }
}
