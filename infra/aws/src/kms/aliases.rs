//! Names for keys, which can be moved from one key to the next.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Kms;
use super::keys::alias_arn;
use super::refusal::Refusal;
use super::wire::{Empty, PageRequest};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PointAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteAlias {
    alias_name: String,
}

impl Kms {
    pub(super) fn create_alias(&self, request: PointAlias) -> Result<Empty, Refusal> {
        let PointAlias { alias_name, target_key_id } = request;
        let has_name = alias_name.strip_prefix("alias/").is_some_and(|name| !name.is_empty());
        if !has_name {
            return Err(Refusal::validation("an alias begins with alias/"));
        }
        if alias_name.starts_with("alias/aws/") {
            return Err(Refusal::new("NotAuthorizedException", "alias/aws/ is for the keys of AWS"));
        }
        self.store.change(|state, _| {
            if state.aliases.contains_key(&alias_name) {
                let text = format!("An alias with the name {} already exists", alias_arn(&alias_name));
                return Err(Refusal::new("AlreadyExistsException", text));
            }
            let target = state.find(&target_key_id)?;
            target.check_not_pending()?;
            let id = target.id.clone();
            state.aliases.insert(alias_name, id);
            Ok(Empty {})
        })
    }

    /// The new key must be of the old one's spec and usage, as in AWS.
    pub(super) fn update_alias(&self, request: PointAlias) -> Result<Empty, Refusal> {
        let PointAlias { alias_name, target_key_id } = request;
        self.store.change(|state, _| {
            let current = state.find(&alias_name)?.spec;
            let target = state.find(&target_key_id)?;
            target.check_not_pending()?;
            if target.spec.usage() != current.usage() || target.spec != current {
                return Err(Refusal::validation("the alias's keys must have the same type and usage"));
            }
            let id = target.id.clone();
            state.aliases.insert(alias_name, id);
            Ok(Empty {})
        })
    }

    pub(super) fn delete_alias(&self, request: &DeleteAlias) -> Result<Empty, Refusal> {
        self.store.change(|state, _| match state.aliases.remove(&request.alias_name) {
            Some(_) => Ok(Empty {}),
            None => Err(Refusal::not_found(format!("Alias {} is not found.", alias_arn(&request.alias_name)))),
        })
    }

    pub(super) fn list_aliases(&self, request: &PageRequest) -> Result<Value, Refusal> {
        self.store.read(|state, _| {
            let only = match &request.key_id {
                Some(key) => Some(&state.find(key)?.id),
                None => None,
            };
            let of_key = state.aliases.iter().filter(|(_, id)| only.is_none_or(|only| only == *id));
            let (names, next) = request.cut(of_key.map(|(name, _)| name));
            let alias = |name: &&String| {
                let target = &state.aliases[*name];
                json!({"AliasName": name, "AliasArn": alias_arn(name), "TargetKeyId": target})
            };
            let aliases: Vec<Value> = names.iter().map(alias).collect();
            Ok(json!({"Aliases": aliases, "Truncated": next.is_some(), "NextMarker": next}))
        })
    }
}
