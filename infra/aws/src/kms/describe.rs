//! Telling what keys there are. Reading needs no enabled key, with the exception of the public key.

use serde::Serialize;
use serde_json::{Value, json};

use super::Kms;
use super::keys::{ACCOUNT, Key, KeySpec, KeyState, SigningAlgorithm, key_arn};
use super::refusal::Refusal;
use super::wire::{Blob, KeyOnly, PageRequest, Tag, seconds};

/// A key without its secret: `KeyMetadata`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    #[serde(rename = "AWSAccountId")]
    account: &'static str,
    key_id: String,
    arn: String,
    creation_date: f64,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<f64>,
    origin: &'static str,
    key_manager: &'static str,
    key_spec: KeySpec,
    customer_master_key_spec: KeySpec,
    multi_region: bool,
    #[serde(skip_serializing_if = "<[SigningAlgorithm]>::is_empty")]
    signing_algorithms: &'static [SigningAlgorithm],
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    mac_algorithms: &'static [&'static str],
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    encryption_algorithms: &'static [&'static str],
}

impl Described {
    pub(super) fn of(key: &Key) -> Self {
        let (key_state, deletion_date) = match key.state {
            KeyState::Enabled => ("Enabled", None),
            KeyState::Disabled => ("Disabled", None),
            KeyState::PendingDeletion { until_ms } => ("PendingDeletion", Some(seconds(until_ms))),
        };
        Self {
            account: ACCOUNT,
            key_id: key.id.clone(),
            arn: key.arn(),
            creation_date: seconds(key.created_ms),
            enabled: key.state == KeyState::Enabled,
            description: key.description.clone(),
            key_usage: key.spec.usage(),
            key_state,
            deletion_date,
            origin: "AWS_KMS",
            key_manager: "CUSTOMER",
            key_spec: key.spec,
            customer_master_key_spec: key.spec,
            multi_region: false,
            signing_algorithms: key.spec.signing_algorithms(),
            mac_algorithms: if key.spec == KeySpec::Hmac256 { &["HMAC_SHA_256"] } else { &[] },
            encryption_algorithms: if key.spec == KeySpec::Symmetric { &["SYMMETRIC_DEFAULT"] } else { &[] },
        }
    }
}

impl Kms {
    pub(super) fn describe_key(&self, request: &KeyOnly) -> Result<Value, Refusal> {
        self.store.read(|state, _| Ok(json!({"KeyMetadata": Described::of(state.find(&request.key_id)?)})))
    }

    pub(super) fn list_keys(&self, request: &PageRequest) -> Value {
        self.store.read(|state, _| {
            let (ids, next) = request.cut(state.keys.keys());
            let keys: Vec<Value> = ids.iter().map(|id| json!({"KeyId": id, "KeyArn": key_arn(id)})).collect();
            json!({"Keys": keys, "Truncated": next.is_some(), "NextMarker": next})
        })
    }

    pub(super) fn get_public_key(&self, request: &KeyOnly) -> Result<Value, Refusal> {
        let key = self.store.read(|state, _| state.find(&request.key_id).cloned())?;
        let Some(public) = key.material.public_key() else {
            return Err(Refusal::new(
                "UnsupportedOperationException",
                format!("{} is not an asymmetric key", key.arn()),
            ));
        };
        key.check_enabled()?;
        Ok(json!({
            "KeyId": key.arn(),
            "PublicKey": Blob(public),
            "KeySpec": key.spec,
            "CustomerMasterKeySpec": key.spec,
            "KeyUsage": key.spec.usage(),
            "SigningAlgorithms": key.spec.signing_algorithms(),
        }))
    }

    pub(super) fn list_resource_tags(&self, request: &KeyOnly) -> Result<Value, Refusal> {
        self.store.read(|state, _| {
            let tag = |(key, value): (&String, &String)| Tag { tag_key: key.clone(), tag_value: value.clone() };
            let tags: Vec<Tag> = state.find(&request.key_id)?.tags.iter().map(tag).collect();
            Ok(json!({"Tags": tags, "Truncated": false}))
        })
    }

    pub(super) fn get_key_policy(&self, request: &KeyOnly) -> Result<Value, Refusal> {
        self.store.read(|state, _| Ok(json!({"Policy": state.find(&request.key_id)?.policy, "PolicyName": "default"})))
    }
}
