//! What is asked of each function: a real event of somebody who is there, as often as it is measured.

use serde_json::{Value, json};
use tests::{PASSWORD, Sample};

use crate::Fault;
use crate::event::{of_stream, of_visitor, with_body, with_token, without_query};
use crate::world::World;

/// One thing that is asked of one function.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    pub function: &'static str,
    pub about: &'static str,
    /// What it must answer.
    pub status: Option<u64>,
    kind: Kind,
}

impl Case {
    /// A function that does nothing of ours.
    pub const fn floor(name: &'static str, about: &'static str) -> Self {
        Self { name, function: name, about, status: Some(200), kind: Kind::Sample }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The sample event as it stands.
    Sample,
    /// Somebody's browser, the same again and again.
    Visit,
    /// The same by an access token.
    Token,
    SignUp,
    VerifyEmail,
    SignIn,
    Refresh,
    SignOut,
    ChangePassword,
    SendMail,
    /// Batches of so many events.
    Events(usize),
}

const fn case(name: &'static str, about: &'static str, status: u64, kind: Kind) -> Case {
    Case { name, function: name, about, status: Some(status), kind }
}

const fn batch(name: &'static str, function: &'static str, about: &'static str, kind: Kind) -> Case {
    Case { name, function, about, status: None, kind }
}

/// What is measured unless more is asked for. Sessions are refreshed last: theirs must be a minute old.
pub const CASES: [Case; 20] = [
    case("http-fallback", "a preflight", 204, Kind::Sample),
    case("health-auth", "how the service does", 200, Kind::Sample),
    case("keys-jwks", "the public keys", 200, Kind::Sample),
    case("pages", "the page to sign in", 200, Kind::Sample),
    case("pages-assets", "its style", 200, Kind::Sample),
    case("auth-csrf", "a CSRF token", 200, Kind::Visit),
    case("auth-verify-token", "is this session alive?", 204, Kind::Visit),
    Case { status: None, ..case("authorizer", "the same, in front of another API", 200, Kind::Token) },
    case("user-me", "who am I?", 200, Kind::Visit),
    case("auth-signup", "a new account", 202, Kind::SignUp),
    case("auth-verify-email", "the link in the first mail", 200, Kind::VerifyEmail),
    case("auth-login", "a sign-in in a browser that is new", 200, Kind::SignIn),
    case("auth-logout", "a sign-out", 204, Kind::SignOut),
    case("auth-password-change", "another password", 200, Kind::ChangePassword),
    batch("jobs-send-mail", "jobs-send-mail", "one mail, from the outbox's stream", Kind::SendMail),
    batch("jobs-follow-events 1", "jobs-follow-events", "one event of the trail's stream", Kind::Events(1)),
    batch("jobs-follow-events 80", "jobs-follow-events", "a full batch", Kind::Events(80)),
    batch("jobs-chain-audit 1", "jobs-chain-audit", "one event of the trail's stream", Kind::Events(1)),
    batch("jobs-chain-audit 100", "jobs-chain-audit", "a full batch", Kind::Events(100)),
    case("auth-refresh", "a refresh that rotates", 200, Kind::Refresh),
];

/// The other functions, with their sample events and a live session. What some answer is a refusal: measured it is all the same.
pub fn others(functions: &[String]) -> Vec<Case> {
    let is_other = |name: &&String| !CASES.iter().any(|case| case.function == **name);
    let case = |name: &String| {
        // They live as long as the process.
        let name: &'static str = name.clone().leak();
        let kind = if name.starts_with("jobs-") { Kind::Sample } else { Kind::Visit };
        Case { name, function: name, about: "its sample event", status: None, kind }
    };
    functions.iter().filter(is_other).map(case).collect()
}

/// Whether sessions have to be older than they can be made: whoever measures waits a minute, or moves the clock.
pub fn is_late(case: &Case) -> bool {
    case.kind == Kind::Refresh
}

/// Fewer of what takes long to prepare.
pub fn samples(case: &Case, wanted: usize) -> usize {
    match case.kind {
        Kind::ChangePassword | Kind::Events(2..) => wanted.div_ceil(4),
        _ => wanted,
    }
}

/// So many events of a case, each good for one answer.
///
/// # Errors
/// When somebody cannot be made who is needed.
pub async fn events(world: &World, case: &Case, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events: Vec<Sample> = Vec::new();
    match case.kind {
        Kind::Sample => {
            events.extend((0..n).map(|_| world.event(case.function)));
        }
        Kind::Visit | Kind::Token => {
            let visitor = match case.function.starts_with("admin-") {
                true => world.admin().await?,
                false => {
                    let email = format!("{}@example.com", case.function);
                    world.account(&email).await?;
                    world.visitor(&email).await?
                }
            };
            for _ in 0..n {
                let event = world.event(case.function);
                let token = visitor.cookie("_access").unwrap_or_default();
                events.push(if case.kind == Kind::Token {
                    with_token(event, token)
                } else {
                    of_visitor(event, &visitor)
                });
            }
        }
        Kind::SignUp => {
            for _ in 0..n {
                let email = format!("new-{}@example.com", world.caller());
                events.push(with_body(world.event(case.function), &world.sign_up(&email)));
            }
        }
        Kind::VerifyEmail => {
            for _ in 0..n {
                let email = format!("verifies-{}@example.com", world.caller());
                let token = world.signed_up(&email).await?;
                events.push(with_body(world.event(case.function), &json!({ "token": token })));
            }
        }
        Kind::SignIn => {
            world.account("ada@example.com").await?;
            let body = json!({ "email": "ada@example.com", "password": PASSWORD });
            for _ in 0..n {
                events.push(with_body(world.event(case.function), &body));
            }
        }
        Kind::Refresh | Kind::SignOut => {
            let email = format!("{}@example.com", case.function);
            world.account(&email).await?;
            for _ in 0..n {
                let visitor = world.visitor(&email).await?;
                events.push(without_query(of_visitor(world.event(case.function), &visitor)));
            }
        }
        Kind::ChangePassword => {
            let body = json!({ "currentPassword": PASSWORD, "newPassword": "Nine quiet rivers, 2 old maps" });
            for _ in 0..n {
                let email = format!("changes-{}@example.com", world.caller());
                world.account(&email).await?;
                let visitor = world.visitor(&email).await?;
                events.push(with_body(of_visitor(world.event(case.function), &visitor), &body));
            }
        }
        Kind::SendMail => {
            for _ in 0..n {
                let email = format!("mailed-{}@example.com", world.caller());
                let event = with_body(world.event("auth-signup"), &world.sign_up(&email));
                world.ask("auth-signup", event).await?;
            }
            for message in world.messages().await?.into_iter().take(n) {
                events.push(of_stream(world.event(case.function), &[message], &["message_id"]));
            }
        }
        Kind::Events(size) => {
            for batch in trail(world, n * size).await?.chunks(size) {
                events.push(of_stream(world.event(case.function), batch, &["actor", "at"]));
            }
        }
    }
    Ok(events.iter().map(|event| event.event().clone()).collect())
}

/// So many events that no consumer has seen: those of the trail, each under a name of its own where there are too few.
async fn trail(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let email = format!("events-{}@example.com", world.caller());
    world.account(&email).await?;
    world.visitor(&email).await?;
    let written = world.items("audit-events").await?;
    let now = world.app().stack.clock().now();
    let event = |number: usize| {
        let mut event = written[number % written.len()].clone();
        let (id, instant) = (shared::id::fresh(now), now.to_string());
        event["id"]["S"] = json!(id);
        event["at"]["S"] = json!(format!("{instant}#{id}"));
        event
    };
    Ok((0..n).map(event).collect())
}
