//! What a webhook is told of an event: the least that lets a receiver act. Ids, never addresses, never secrets; whoever
//! needs more asks with the id.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::feed::Entry;

#[derive(Serialize)]
struct Payload<'a> {
    /// The event's id, and the message's.
    id: &'a str,
    r#type: &'a str,
    timestamp: String,
    data: Map<String, Value>,
}

/// Details that are our own words or numbers. Everything else of an event stays in the trail.
const TOLD: [&str; 7] = ["method", "how", "alert", "value", "threshold", "job", "check"];

/// The body, as it is stored, signed and sent (case 259).
///
/// # Errors
/// None that an event could cause.
pub fn of(entry: &Entry) -> Result<String> {
    let mut data = Map::new();
    let mut put = |name: &str, value: &str| {
        data.insert(name.to_owned(), Value::String(value.to_owned()));
    };
    put("outcome", &entry.outcome);
    let (kind, target) = entry.target.as_deref().and_then(|target| target.split_once('#')).unwrap_or_default();
    let actor = entry.actor.strip_prefix("user#");
    let name = match kind {
        "session" => Some("sessionId"),
        "organization" => Some("organizationId"),
        "user" => Some("userId"),
        "webhook" => Some("webhookId"),
        "key" => Some("keyId"),
        "job" => Some("job"),
        "check" => Some("check"),
        _ => None,
    };
    if let Some(name) = name {
        put(name, target);
    }
    // Whose it is; and who did it, where that is somebody else.
    match actor {
        Some(actor) if kind == "user" && target != actor => put("actorId", actor),
        Some(actor) => put("userId", actor),
        None => {}
    }
    if !entry.label().is_empty() && !TOLD.iter().any(|name| entry.detail.contains_key(*name)) {
        put("reason", entry.label());
    }
    for name in TOLD {
        if let Some(value) = entry.detail.get(name) {
            put(name, value);
        }
    }
    let payload = Payload { id: &entry.id, r#type: &entry.kind, timestamp: entry.at().to_string(), data };
    serde_json::to_string(&payload).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(entry: Value) -> Value {
        let entry = serde_json::from_value(entry).unwrap();
        serde_json::from_str(&of(&entry).unwrap()).unwrap()
    }

    #[test]
    fn note_2_a_payload_has_ids_and_neither_address_nor_device() {
        let payload = told(
            json!({ "actor": "user#u1", "at": "2026-11-21T01:50:00.007Z#e1", "id": "e1", "kind": "UserLoggedIn",
            "outcome": "success", "target": "session#s1", "ip": "192.0.2.7", "user_agent": "Firefox", "request_id": "r1",
            "detail": { "method": "pwd", "email": "ada@example.com" } }),
        );
        assert_eq!(
            payload,
            json!({ "id": "e1", "type": "UserLoggedIn", "timestamp": "2026-11-21T01:50:00.007Z",
                "data": { "outcome": "success", "sessionId": "s1", "userId": "u1", "method": "pwd" } })
        );
        let unknown = told(json!({ "actor": "email#ada@example.com", "at": "2026-11-21T01:50:00.007Z#e1", "id": "e1",
            "kind": "UserLoginFailed", "outcome": "failure", "detail": { "reason": "invalid credentials" } }));
        assert_eq!(unknown["data"], json!({ "outcome": "failure", "reason": "invalid credentials" }));
    }

    #[test]
    fn note_2_who_did_it_to_whom_is_told() {
        let payload = told(json!({ "actor": "user#admin", "at": "2026-11-21T01:50:00.007Z#e1", "id": "e1",
            "kind": "UserAccountUnlocked", "outcome": "success", "target": "user#u1", "detail": { "why": "free text" } }));
        assert_eq!(payload["data"], json!({ "outcome": "success", "userId": "u1", "actorId": "admin" }));
    }
}
