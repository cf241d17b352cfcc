//! What people ask of their own accounts.

use serde_json::{Value, json};
use tests::PASSWORD;

use crate::Fault;
use crate::event::{of_visitor, with_body, with_cookies, without_query};
use crate::world::World;

const OTHER_PASSWORD: &str = "Nine quiet rivers, 2 old maps";

/// The sample of a function with a body of one's own.
fn saying(world: &World, function: &str, body: &Value) -> Value {
    with_body(world.event(function), body).event().clone()
}

pub(super) fn sign_ups(world: &World, n: usize) -> Vec<Value> {
    (0..n).map(|_| saying(world, "auth-signup", &world.sign_up(&world.address("new")))).collect()
}

pub(super) async fn verifications(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let token = world.signed_up(&world.address("verifies")).await?;
        events.push(saying(world, "auth-verify-email", &json!({ "token": token })));
    }
    Ok(events)
}

/// Of an account that has been signed in to before: the first time nobody is told of a new device.
pub(super) async fn sign_ins(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let email = world.person("signs-in").await?;
    world.visitor(&email).await?;
    let body = json!({ "email": email, "password": PASSWORD });
    Ok((0..n).map(|_| saying(world, "auth-login", &body)).collect())
}

/// Each in a browser of its own that has signed in once: one and the same would have to slow down.
pub(super) async fn sign_ins_again(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let email = world.person("comes-again").await?;
    let body = json!({ "email": email, "password": PASSWORD });
    let mut events = Vec::new();
    for _ in 0..n {
        let visitor = world.visitor(&email).await?;
        let device: Vec<&String> =
            visitor.cookies.iter().filter(|cookie| cookie.contains("postern_v1_device=")).collect();
        events.push(with_cookies(&with_body(world.event("auth-login"), &body), &device));
    }
    Ok(events)
}

/// Of one account, a session for each.
pub(super) async fn sessions(world: &World, function: &str, n: usize) -> Result<Vec<Value>, Fault> {
    let email = world.person(function).await?;
    let mut events = Vec::new();
    for _ in 0..n {
        let visitor = world.visitor(&email).await?;
        events.push(without_query(of_visitor(world.event(function), &visitor)).event().clone());
    }
    Ok(events)
}

pub(super) async fn password_changes(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let body = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("changes").await?;
        let visitor = world.visitor(&email).await?;
        events.push(with_body(of_visitor(world.event("auth-password-change"), &visitor), &body).event().clone());
    }
    Ok(events)
}

pub(super) async fn forgotten(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("forgets").await?;
        events.push(saying(world, "auth-password-forgot", &json!({ "email": email })));
    }
    Ok(events)
}

pub(super) async fn resets(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("resets").await?;
        let forgot = with_body(world.event("auth-password-forgot"), &json!({ "email": email }));
        world.ask("auth-password-forgot", forgot).await?;
        world.send_mails().await?;
        let token = world.app().link(&email, "reset-password").await;
        let body = json!({ "token": token, "password": OTHER_PASSWORD });
        events.push(saying(world, "auth-password-reset", &body));
    }
    Ok(events)
}

/// Of accounts that five wrong passwords have locked.
pub(super) async fn unlocks(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("locked").await?;
        let wrong = json!({ "email": email, "password": "not this one" });
        for _ in 0..5 {
            world.try_to("auth-login", with_body(world.event("auth-login"), &wrong)).await?;
        }
        world.send_mails().await?;
        let token = world.app().link(&email, "unlock").await;
        events.push(saying(world, "auth-unlock", &json!({ "token": token })));
    }
    Ok(events)
}

pub(super) async fn resends(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.address("waits");
        world.signed_up(&email).await?;
        events.push(saying(world, "auth-verify-email-resend", &json!({ "email": email })));
    }
    Ok(events)
}

/// Of people with one session besides: an account for each, as the sessions of another event's would be ended, too.
pub(super) async fn others_ended(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("ends-others").await?;
        world.visitor(&email).await?;
        let visitor = world.visitor(&email).await?;
        events.push(of_visitor(world.event("user-sessions-end-others"), &visitor).event().clone());
    }
    Ok(events)
}
