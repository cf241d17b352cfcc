//! Events as they are shown: the same members in pages and in exports.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Recorded};

/// An event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditEvent")]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub id: String,
    /// RFC 3339 in UTC, with milliseconds.
    pub at: String,
    pub action: String,
    pub outcome: Outcome,
    pub actor: ShownActor,
    /// `<what>#<id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub target: Option<String>,
    pub ip: Option<String>,
    pub user_agent: String,
    pub request_id: String,
    pub detail: BTreeMap<String, String>,
}

/// Who did it; one of the three is there.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "AuditActor")]
#[serde(rename_all = "camelCase")]
pub struct ShownActor {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub user_id: Option<String>,
    /// An address that was given, whoever gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub email: Option<String>,
    /// A job of ours, or the ARN of an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub system: Option<String>,
}

impl From<Recorded> for Shown {
    fn from(event: Recorded) -> Self {
        let actor = event.actor.split_once('#').map(|(kind, name)| (kind, name.to_owned()));
        let actor = match actor {
            Some(("user", id)) => ShownActor { user_id: Some(id), ..ShownActor::default() },
            Some(("email", address)) => ShownActor { email: Some(address), ..ShownActor::default() },
            Some((_, name)) => ShownActor { system: Some(name), ..ShownActor::default() },
            None => ShownActor::default(),
        };
        Self {
            at: event.at.split_once('#').map_or_else(|| event.at.clone(), |(at, _)| at.to_owned()),
            id: event.id,
            action: event.kind,
            outcome: event.outcome,
            actor,
            target: event.target,
            ip: event.ip,
            user_agent: event.user_agent,
            request_id: event.request_id,
            detail: event.detail,
        }
    }
}
