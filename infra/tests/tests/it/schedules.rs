//! The schedules that the model of refresh rotation produces, replayed against the real handler over the embedded
//! DynamoDB, on a stopped clock (`infra/model`).

use std::collections::BTreeMap;

use model::schedules::{Expect, Schedule, Step, schedules};
use serde_json::json;
use shared::tokens::rotation::{Family, Revocation};
use tests::{Answer, Native, TestApp};

/// One family under replay, with every token it was ever given.
struct Replay<'a> {
    app: &'a TestApp,
    native: Native<'a>,
    tokens: BTreeMap<u32, String>,
    at: String,
}

impl<'a> Replay<'a> {
    async fn of(app: &'a TestApp, schedule: &Schedule) {
        let native = Native::sign_in(app, "ada@example.com").await;
        let tokens = BTreeMap::from([(0, native.refresh.clone())]);
        let mut replay = Self { app, native, tokens, at: String::new() };
        for (n, step) in schedule.steps.iter().enumerate() {
            replay.at = format!("{}, step {n}: {step:?}", schedule.name);
            replay.take(step).await;
        }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Advance(seconds) => self.app.advance(*seconds),
            Step::Refresh { presents, expect, delivered: _ } => {
                let answer = self.native.present(&self.tokens[presents]).await;
                self.check(answer, *expect).await;
            }
            Step::AtOnce { presents: [a, b], allowed } => {
                let (a, b) = tokio::join!(self.native.present(&self.tokens[a]), self.native.present(&self.tokens[b]));
                let fitting = allowed.iter().find(|[x, y]| status(*x) == told(&a) && status(*y) == told(&b));
                let [x, y] = *fitting.unwrap_or_else(|| panic!("{}: {} and {}", self.at, a.text, b.text));
                // Who rotated is known before who repeats it.
                let (first, second) = if matches!(y, Expect::Rotated(_)) { ((b, y), (a, x)) } else { ((a, x), (b, y)) };
                self.check(first.0, first.1).await;
                self.check(second.0, second.1).await;
            }
            Step::Forged { presents } => {
                let before = self.family().await;
                let mut forged = self.tokens[presents].clone().into_bytes();
                let at = forged.len() / 2;
                forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
                let forged = String::from_utf8_lossy(&forged).into_owned();
                self.native.present(&forged).await.refused(401, "refresh_invalid");
                assert_eq!(self.family().await, before, "{}", self.at);
            }
            Step::Logout { presents } => {
                self.app.post("/auth/logout", json!({ "refreshToken": self.tokens[presents] })).await.expect(204);
            }
        }
    }

    /// The family as it is stored.
    async fn family(&self) -> Family {
        let id = |name: &str| self.native.session[name].as_str().unwrap_or_default().to_owned();
        let (user, session) = (id("userId").parse().unwrap(), id("id").parse().unwrap());
        self.app.stack.app().store.session(user, session).await.unwrap().unwrap().family
    }

    async fn check(&mut self, answer: Answer, expect: Expect) {
        assert_eq!(told(&answer), status(expect), "{}: {}", self.at, answer.text);
        match expect {
            Expect::Rotated(generation) | Expect::Repeated(generation) => {
                let token = answer.text_of("refreshToken");
                let known = self.tokens.entry(generation).or_insert_with(|| token.clone());
                assert_eq!(*known, token, "{}: one generation, one token", self.at);
            }
            Expect::Replay | Expect::ReplayAgain => {
                assert_eq!(self.family().await.revoked, Some(Revocation::Replay), "{}", self.at);
            }
            Expect::Kept => assert!(answer.body.get("refreshToken").is_none(), "{}", self.at),
            _ => {}
        }
    }
}

/// What a client is told: the status, the code of a refusal, and whether there was a refresh token.
fn told(answer: &Answer) -> (u16, String, bool) {
    (answer.status, answer.code().to_owned(), answer.body["refreshToken"].is_string())
}

fn status(expect: Expect) -> (u16, String, bool) {
    let (status, code, token) = match expect {
        Expect::Rotated(_) | Expect::Repeated(_) => (200, "", true),
        Expect::Kept => (200, "", false),
        Expect::Race => (409, "refresh_in_progress", false),
        Expect::Replay | Expect::ReplayAgain => (401, "refresh_reused", false),
        Expect::Revoked => (401, "session_revoked", false),
        Expect::Expired => (401, "session_expired", false),
    };
    (status, code.to_owned(), token)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_models_schedules_hold_for_the_real_handler() {
    let schedules = tokio::task::spawn_blocking(schedules).await.unwrap();
    assert!(schedules.len() >= 200);
    let app = TestApp::start().await;
    app.account("ada@example.com").await;
    app.stack.clock().stop();
    for schedule in &schedules {
        Replay::of(&app, schedule).await;
    }
}
