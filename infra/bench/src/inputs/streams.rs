//! What the tables' streams tell of: mails, events of the trail, deliveries of webhooks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Fault;
use crate::event::{Visitor, of_stream, with_body};
use crate::world::World;

pub(super) async fn mails(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    for _ in 0..n {
        let email = world.address("mailed");
        let event = with_body(world.event("auth-signup"), &world.sign_up(&email));
        world.ask("auth-signup", event).await?;
    }
    let messages = world.messages().await?;
    let event = |message| of_stream(world.event("jobs-send-mail"), &[message], &["message_id"]).event().clone();
    Ok(messages.into_iter().take(n).map(event).collect())
}

pub(super) async fn batches(world: &World, function: &str, n: usize, size: usize) -> Result<Vec<Value>, Fault> {
    let batch = |items: &[Value]| of_stream(world.event(function), items, &["actor", "at"]).event().clone();
    Ok(trail(world, n * size).await?.chunks(size).map(batch).collect())
}

pub(super) async fn deliveries(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let (.., waiting) = waiting(world, n).await?;
    let keys = ["destination", "delivery"];
    let event = |item| of_stream(world.event("jobs-send-webhooks"), &[item], &keys).event().clone();
    Ok(waiting.into_iter().map(event).collect())
}

/// So many deliveries that nobody has made: the administrator whose webhook it is, its id, and their items.
pub(super) async fn waiting(world: &World, n: usize) -> Result<(Visitor, String, Vec<Value>), Fault> {
    let (admin, id) = world.webhook().await?;
    for batch in trail(world, n).await?.chunks(80) {
        let event = of_stream(world.event("jobs-follow-events"), batch, &["actor", "at"]);
        world.ask("jobs-follow-events", event).await?;
    }
    let items = world.items("deliveries").await?.into_iter().filter(|item| item["destination"]["S"] == *id);
    let items = items.take(n).collect();
    Ok((admin, id, items))
}

/// So many events that no consumer has seen: those of one person's first sign-in and all before it, again and again, each under a
/// name of its own.
async fn trail(world: &World, n: usize) -> Result<Vec<Value>, Fault> {
    let id = |event: &Value| event["id"]["S"].to_string();
    let before: BTreeSet<String> = world.items("audit-events").await?.iter().map(id).collect();
    let email = world.person("events").await?;
    world.visitor(&email).await?;
    let mut written = world.items("audit-events").await?;
    written.retain(|event| !before.contains(&id(event)));
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
