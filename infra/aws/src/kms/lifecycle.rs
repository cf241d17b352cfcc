//! Making a key, and what happens to it until it is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Kms;
use super::describe::Described;
use super::keys::{ACCOUNT, Key, KeySpec, KeyState};
use super::material::Material;
use super::refusal::Refusal;
use super::wire::{Empty, KeyOnly, Tag, seconds};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateKey {
    key_spec: Option<KeySpec>,
    /// The spec's former name, still sent by old clients.
    customer_master_key_spec: Option<KeySpec>,
    key_usage: Option<String>,
    #[serde(default)]
    description: String,
    policy: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduleKeyDeletion {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeletionScheduled {
    key_id: String,
    deletion_date: f64,
    key_state: &'static str,
    pending_window_in_days: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutKeyPolicy {
    key_id: String,
    policy: String,
}

impl Kms {
    /// The secret is made before the store is locked.
    pub(super) fn create_key(&self, request: CreateKey) -> Result<Value, Refusal> {
        let spec = request.key_spec.or(request.customer_master_key_spec).unwrap_or(KeySpec::Symmetric);
        let usage = request.key_usage.as_deref().unwrap_or("ENCRYPT_DECRYPT");
        if usage != spec.usage() {
            return Err(Refusal::validation(format!(
                "KeyUsage {usage} is not compatible with KeySpec {}",
                spec.name()
            )));
        }
        if let Some(policy) = &request.policy {
            check_policy(policy)?;
        }
        let material = Material::generate(spec).map_err(|_| Refusal::internal("the key could not be generated"))?;
        self.store.change(|state, now_ms| {
            let key = Key {
                id: uuid::Uuid::new_v4().to_string(),
                spec,
                state: KeyState::Enabled,
                description: request.description,
                created_ms: now_ms,
                tags: BTreeMap::from_iter(request.tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value))),
                policy: request.policy.unwrap_or_else(default_policy),
                material: Arc::new(material),
            };
            let described = json!({"KeyMetadata": Described::of(&key)});
            state.keys.insert(key.id.clone(), key);
            Ok(described)
        })
    }

    pub(super) fn enable_key(&self, request: &KeyOnly) -> Result<Empty, Refusal> {
        self.switch(&request.key_id, KeyState::Enabled)
    }

    pub(super) fn disable_key(&self, request: &KeyOnly) -> Result<Empty, Refusal> {
        self.switch(&request.key_id, KeyState::Disabled)
    }

    fn switch(&self, key: &str, to: KeyState) -> Result<Empty, Refusal> {
        self.store.change(|state, _| {
            let key = state.find_mut(key)?;
            key.check_not_pending()?;
            key.state = to;
            Ok(Empty {})
        })
    }

    pub(super) fn schedule_key_deletion(&self, request: &ScheduleKeyDeletion) -> Result<DeletionScheduled, Refusal> {
        let days = request.pending_window_in_days.unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(Refusal::validation("PendingWindowInDays is from 7 to 30"));
        }
        self.store.change(|state, now_ms| {
            let key = state.find_mut(&request.key_id)?;
            key.check_not_pending()?;
            let until_ms = now_ms + days * DAY_MS;
            key.state = KeyState::PendingDeletion { until_ms };
            Ok(DeletionScheduled {
                key_id: key.arn(),
                deletion_date: seconds(until_ms),
                key_state: "PendingDeletion",
                pending_window_in_days: days,
            })
        })
    }

    /// A key that was saved comes back disabled, as in AWS.
    pub(super) fn cancel_key_deletion(&self, request: &KeyOnly) -> Result<Value, Refusal> {
        self.store.change(|state, _| {
            let key = state.find_mut(&request.key_id)?;
            if key.check_not_pending().is_ok() {
                return Err(Refusal::state(format!("{} is not pending deletion.", key.arn())));
            }
            key.state = KeyState::Disabled;
            Ok(json!({"KeyId": key.arn()}))
        })
    }

    pub(super) fn tag_resource(&self, request: TagResource) -> Result<Empty, Refusal> {
        self.store.change(|state, _| {
            let key = state.find_mut(&request.key_id)?;
            key.check_not_pending()?;
            key.tags.extend(request.tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
            Ok(Empty {})
        })
    }

    /// Kept and given back; permissions are not evaluated.
    pub(super) fn put_key_policy(&self, request: PutKeyPolicy) -> Result<Empty, Refusal> {
        check_policy(&request.policy)?;
        self.store.change(|state, _| {
            state.find_mut(&request.key_id)?.policy = request.policy;
            Ok(Empty {})
        })
    }
}

fn check_policy(policy: &str) -> Result<(), Refusal> {
    let is_object = serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object());
    if is_object {
        Ok(())
    } else {
        Err(Refusal::new("MalformedPolicyDocumentException", "the policy is not a JSON object"))
    }
}

/// What AWS attaches to a key that is made through the API without a policy.
fn default_policy() -> String {
    let owner = format!("arn:aws:iam::{ACCOUNT}:root");
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": owner},
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}
