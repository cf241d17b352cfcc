//! The world around the rule: two tabs, a network that delays and loses, a server that reads first and commits later, a
//! thief, a forger, a logout. Every step that could happen next is tried; nothing here knows what is right.
//!
//! Time moves in ticks. Every limit below is inclusive, so whole ticks lose no schedule that finer time would have. A
//! tick must wait for whoever is at their limit. The clock stands still once the current token is no longer fresh, unless
//! a decision waits for its commit: from then on time makes no difference to the rule, and the state space stays finite
//! without a horizon.

use std::sync::Arc;
use std::time::Duration;

use shared::clock::Timestamp;
use shared::settings::SessionRules;
use shared::tokens::rotation::{Decision, Family, Revocation};
use stateright::{Model, Property as Checked};

use crate::judge::{Faults, History, Property};
use crate::rule::{self, FORGED, Rule, Successor, Token};
use crate::state::{Action, Answer, Phase, Request, Stage, State, Tab, Who};

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// What is checked, and against what. Ticks, except where it says otherwise.
#[derive(Clone, Copy)]
pub struct Setting {
    pub rule: Rule,
    pub rules: SessionRules,
    pub tick: Duration,
    /// From sending to arriving; and from a time-out to a late answer's arrival.
    pub delay: u8,
    /// From arriving to the commit.
    pub service: u8,
    /// How long a tab waits for an answer.
    pub patience: u8,
    /// How long it may wait then, or after a 409, before it tries again.
    pub pause: u8,
    /// How many answers in a row a tab may miss (L).
    pub losses: u8,
    pub thefts: u8,
    pub forgeries: u8,
    /// The forger can set our mark, so that the forged token may be of a past generation.
    pub has_mark: bool,
    pub logout: bool,
    /// Rotations that are looked at.
    pub generations: u32,
}

impl Setting {
    /// Whether nobody but the user's own tabs holds a token, and nobody wants to end the session.
    const fn is_honest(&self) -> bool {
        self.thefts == 0 && !self.logout && !self.has_mark
    }

    fn read(&self, state: &mut State, from: Who, token: Token) -> Request {
        let decision = (self.rule.decide)(&state.family, &token.presented(), state.now, &self.rules);
        let goes_on = matches!(decision, Decision::Rotate | Decision::Keep | Decision::Repeat | Decision::Replay);
        if self.is_honest()
            && matches!(from, Who::Tab(_))
            && !matches!(decision, Decision::Rotate | Decision::Keep | Decision::Repeat)
        {
            state.faults.add(Property::HonestStaySignedIn);
        }
        let stage = if goes_on {
            Stage::Decided { read: Arc::clone(&state.family), decision, at: state.now }
        } else {
            Stage::Answered(Answer::Refused(decision))
        };
        Request { from, is_abandoned: false, token, stage, age: 0 }
    }

    fn commit(&self, state: &mut State, token: Token, read: &Family, decision: Decision, at: Timestamp) -> Answer {
        if decision == Decision::Replay {
            state.family = Arc::new((self.rule.replayed)(&state.family, read));
            state.history.has_ended = true;
            return Answer::Refused(decision);
        }
        if !(self.rule.may_commit)(&state.family, read, decision) {
            return Answer::Race;
        }
        let successor = match (self.rule.successor, decision) {
            // A second one for the same generation is another token; which, makes no difference.
            (Successor::Random, Decision::Rotate) => {
                let is_second = state.history.given.len() > usize::from(token.generation) + 1;
                Token { seed: token.seed + u8::from(is_second), ..token.successor() }
            }
            (Successor::Random, _) => {
                state.history.given.get(usize::from(token.generation) + 1).copied().unwrap_or(token.successor())
            }
            (Successor::Derived, _) => token.successor(),
        };
        if let Some(next) = (self.rule.next)(read, decision, &successor.presented(), at, &self.rules) {
            state.family = Arc::new(next);
        }
        let answer = (decision != Decision::Keep).then_some(successor);
        let State { history, faults, family, now, .. } = state;
        history.accept(faults, token, answer, (at, *now), &self.rules);
        history.look(faults, family, &self.rule, *now, &self.rules);
        Answer::Given { decision, token: answer }
    }

    fn deliver(state: &mut State, request: &Request, answer: Answer) {
        if let Answer::Given { token: Some(token), .. } = answer {
            // Even an answer that comes too late for its tab sets the cookie.
            match request.from {
                Who::Tab(_) => state.jar = token,
                Who::Thief => state.thief = Some(token),
                Who::Forger => {}
            }
        }
        let Who::Tab(tab) = request.from else { return };
        if request.is_abandoned {
            return;
        }
        state.tabs[tab] = match answer {
            Answer::Given { .. } => Tab { phase: Phase::Idle, lost: 0 },
            Answer::Race => Tab { phase: Phase::Pausing(0), ..state.tabs[tab] },
            Answer::Refused(_) => Tab { phase: Phase::SignedOut, lost: 0 },
        };
    }

    fn give_up(state: &mut State, tab: usize) {
        for request in
            state.requests.iter_mut().filter(|request| request.from == Who::Tab(tab) && !request.is_abandoned)
        {
            request.is_abandoned = true;
            if matches!(request.stage, Stage::Answered(_)) {
                request.age = 0;
            }
        }
        state.tabs[tab] = Tab { phase: Phase::Pausing(0), lost: state.tabs[tab].lost + 1 };
    }

    fn may_tick(&self, state: &State) -> bool {
        let tabs_may = state.tabs.iter().all(|tab| match tab.phase {
            Phase::Idle | Phase::SignedOut => true,
            Phase::Waiting(ticks) => ticks < self.patience,
            Phase::Pausing(ticks) => ticks < self.pause,
        });
        tabs_may
            && state.requests.iter().all(|request| match request.stage {
                Stage::Sent => request.age < self.delay,
                Stage::Decided { .. } => request.age < self.service,
                // An answer that is waited for is limited by its tab's patience.
                Stage::Answered(_) => !request.is_abandoned || request.age < self.delay,
            })
    }

    fn tick(&self, state: &mut State) {
        let is_decided = |request: &Request| matches!(request.stage, Stage::Decided { .. });
        if state.now.since(state.family.rotated_at) < self.rules.fresh || state.requests.iter().any(is_decided) {
            state.now = state.now + self.tick;
        }
        for tab in &mut state.tabs {
            if let Phase::Waiting(ticks) | Phase::Pausing(ticks) = &mut tab.phase {
                *ticks += 1;
            }
        }
        for request in &mut state.requests {
            if request.is_abandoned || !matches!(request.stage, Stage::Answered(_)) {
                request.age += 1;
            }
        }
    }

    /// A request in the hands of the server is committed; all else happens at the request's end.
    fn step_request(&self, state: &mut State, request: Request) {
        match request.stage {
            Stage::Sent => {
                let read = self.read(state, request.from, request.token);
                state.requests.push(Request { is_abandoned: request.is_abandoned, ..read });
            }
            Stage::Decided { ref read, decision, at } => {
                let answer = self.commit(state, request.token, read, decision, at);
                let answered = Request { stage: Stage::Answered(answer), age: 0, ..request };
                match answered.from {
                    Who::Tab(_) => state.requests.push(answered),
                    // They wait for nothing and nobody, and lose nothing.
                    Who::Thief | Who::Forger => Self::deliver(state, &answered, answer),
                }
            }
            Stage::Answered(answer) => Self::deliver(state, &request, answer),
        }
    }
}

impl Model for Setting {
    type State = State;
    type Action = Action;

    /// A session whose first token has just become old enough to be rotated.
    fn init_states(&self) -> Vec<State> {
        let now = START + self.rules.fresh;
        vec![State {
            now,
            family: Arc::new(Family::begin(Token::FIRST.presented().hash, START, &self.rules)),
            jar: Token::FIRST,
            tabs: [Tab { phase: Phase::Idle, lost: 0 }; 2],
            requests: Vec::new(),
            thief: None,
            thefts: self.thefts,
            forgeries: self.forgeries,
            may_log_out: self.logout,
            history: History::begin(START),
            faults: Faults::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if !state.faults.is_empty() {
            return;
        }
        for (n, tab) in state.tabs.iter().enumerate() {
            match tab.phase {
                Phase::Idle | Phase::Pausing(_) => actions.push(Action::Send(n)),
                Phase::Waiting(ticks) if ticks == self.patience && tab.lost < self.losses => {
                    actions.push(Action::GiveUp(n));
                }
                Phase::Waiting(_) | Phase::SignedOut => {}
            }
        }
        for (n, request) in state.requests.iter().enumerate() {
            let is_decided = matches!(request.stage, Stage::Decided { .. });
            actions.push(match request.stage {
                Stage::Sent => Action::Read(n),
                Stage::Decided { .. } => Action::Commit(n),
                Stage::Answered(_) => Action::Deliver(n),
            });
            if request.is_abandoned && !is_decided {
                actions.push(Action::Vanish(n));
            }
        }
        if self.may_tick(state) {
            actions.push(Action::Tick);
        }
        if state.may_log_out {
            actions.push(Action::LogOut);
        }
        if state.thefts > 0 {
            actions.push(if state.thief.is_some() { Action::Use } else { Action::Steal });
        }
        if state.forgeries > 0 {
            let newest = u8::try_from(state.history.given.len()).unwrap_or(u8::MAX);
            let oldest = newest.saturating_sub(if self.has_mark { 2 } else { 1 });
            actions.extend((oldest..=newest).map(Action::Forge));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Send(tab) => {
                state.tabs[tab].phase = Phase::Waiting(0);
                let from = Who::Tab(tab);
                state.requests.push(Request {
                    from,
                    is_abandoned: false,
                    token: state.jar,
                    stage: Stage::Sent,
                    age: 0,
                });
            }
            Action::Read(n) | Action::Commit(n) | Action::Deliver(n) => {
                let request = state.requests.remove(n);
                self.step_request(&mut state, request);
            }
            Action::Vanish(n) => drop(state.requests.remove(n)),
            Action::GiveUp(tab) => Self::give_up(&mut state, tab),
            Action::Tick => self.tick(&mut state),
            Action::LogOut => {
                state.family = Arc::new(rule::revoked(&state.family, Revocation::Logout));
                state.history.has_ended = true;
                state.may_log_out = false;
            }
            Action::Steal => state.thief = Some(state.jar),
            Action::Use => {
                state.thefts -= 1;
                let request = self.read(&mut state, Who::Thief, last.thief?);
                state.requests.extend(matches!(request.stage, Stage::Decided { .. }).then_some(request));
            }
            Action::Forge(generation) => {
                state.forgeries -= 1;
                let request = self.read(&mut state, Who::Forger, Token { generation, seed: FORGED });
                state.requests.extend(matches!(request.stage, Stage::Decided { .. }).then_some(request));
            }
        }
        state.settle();
        Some(state)
    }

    fn properties(&self) -> Vec<Checked<Self>> {
        let mut properties = vec![
            Checked::always(Property::OneLiveToken.name(), |_, s: &State| !s.faults.has(Property::OneLiveToken)),
            Checked::always(Property::NothingAfterTheEnd.name(), |_, s: &State| {
                !s.faults.has(Property::NothingAfterTheEnd)
            }),
            Checked::always(Property::OnlyThePredecessorInGrace.name(), |_, s: &State| {
                !s.faults.has(Property::OnlyThePredecessorInGrace)
            }),
            Checked::always(Property::HonestStaySignedIn.name(), |_, s: &State| {
                !s.faults.has(Property::HonestStaySignedIn)
            }),
        ];
        properties.extend(crate::check::sanity(self));
        properties
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.family.generation <= self.generations
    }
}
