//! What administrators ask, and what people and administrators ask alike.

use serde_json::{Value, json};

use super::streams;
use crate::Fault;
use crate::event::{at, of_visitor, to_route, with_body};
use crate::world::World;

const REASON: &str = "asked for it, ticket 4711";

/// Sessions of one account, a person's own or, for an administrator, somebody's.
pub(super) async fn sessions_ended(world: &World, function: &str, n: usize) -> Result<Vec<Value>, Fault> {
    let email = world.person("leaves").await?;
    let is_admin = function.starts_with("admin-");
    let caller = if is_admin { world.admin().await? } else { world.visitor(&email).await? };
    let mut events = Vec::new();
    for _ in 0..n {
        let ended = world.visitor(&email).await?;
        let event = of_visitor(world.event(function), &caller);
        let event = if is_admin {
            let path = format!("/admin/sessions/{}/{}", ended.user_id, ended.session_id);
            at(event, &path, json!({ "userId": ended.user_id, "sessionId": ended.session_id }))
        } else {
            at(event, &format!("/user/sessions/{}", ended.session_id), json!({ "id": ended.session_id }))
        };
        events.push(event.event().clone());
    }
    Ok(events)
}

/// The same account again and again: to end locks that are not there is the same work.
pub(super) async fn unlocks(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let email = world.person("unlocked").await?;
    let admin = world.admin().await?;
    let body = json!({ "email": email, "reason": REASON });
    let event = || with_body(of_visitor(world.event("admin-unlock-account"), &admin), &body);
    Ok((0..n).map(|_| event().event().clone()).collect())
}

pub(super) async fn erasures(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let admin = world.admin().await?;
    let mut events = Vec::new();
    for _ in 0..n {
        let email = world.person("erased").await?;
        let id = world.visitor(&email).await?.user_id;
        let event = of_visitor(world.event("admin-erase-audit"), &admin);
        let event = at(event, &format!("/admin/users/{id}/erase-audit"), json!({ "id": id }));
        events.push(event.event().clone());
    }
    Ok(events)
}

/// Off and on in turn: to switch to what is so already changes nothing.
pub(super) async fn switches(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let admin = world.admin().await?;
    let event = |number: usize| {
        let body = json!({ "enabled": number % 2 == 1, "reason": REASON });
        with_body(of_visitor(world.event("admin-job-switch"), &admin), &body)
    };
    Ok((0..n).map(|number| event(number).event().clone()).collect())
}

pub(super) async fn secrets(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let (admin, id) = world.webhook().await?;
    let event = || {
        let event = of_visitor(world.event("admin-webhook-secret"), &admin);
        at(event, &format!("/admin/webhooks/{id}/rotate-secret"), json!({ "id": id }))
    };
    Ok((0..n).map(|_| event().event().clone()).collect())
}

/// The list: there may be twenty of them, so that nobody can go on making some.
pub(super) async fn webhooks(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let (admin, _) = world.webhook().await?;
    let event = || to_route(of_visitor(world.event("admin-webhooks"), &admin), "GET", "/admin/webhooks");
    Ok((0..n).map(|_| event().event().clone()).collect())
}

pub(super) async fn redeliveries(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let (admin, id, waiting) = streams::waiting(world, n).await?;
    let event = |item: &Value| {
        let delivery = item["delivery"]["S"].as_str().unwrap_or_default();
        let path = format!("/admin/webhooks/{id}/deliveries/{delivery}/redeliver");
        let event = of_visitor(world.event("admin-webhook-deliveries"), &admin);
        at(event, &path, json!({ "id": id, "delivery": delivery }))
    };
    Ok(waiting.iter().map(|item| event(item).event().clone()).collect())
}
