//! KMS: keys that never leave, and real cryptography with them (aws-lc-rs).
//!
//! Left out: grants and permissions (everyone may do everything), imported and multi-region keys, rotation,
//! RSA keys for encryption, and the specs nobody here asks for.
//!
//! `keys.rs` says what a key is, `store.rs` keeps them, `material.rs` computes; the operations are in
//! `lifecycle.rs`, `describe.rs`, `aliases.rs` and `crypto.rs`.

mod aliases;
mod crypto;
mod describe;
mod keys;
mod lifecycle;
mod material;
mod refusal;
mod rsa_pool;
mod store;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use hyper::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Clock;
use crate::reply::Reply;
use crate::request::Service;
use crate::start::StartError;
use refusal::Refusal;
use store::Store;

/// The emulated key management service.
pub(crate) struct Kms {
    store: Store,
}

impl Kms {
    /// Opens the keys of a file, or none.
    pub(crate) fn open(file: Option<PathBuf>, clock: Clock) -> Result<Self, StartError> {
        let store = Store::open(file, clock)?;
        if store.read(|state, _| state.keys.is_empty()) {
            // Keys are about to be made; where some were kept, the work would be for nothing.
            rsa_pool::warm()?;
        }
        Ok(Self { store })
    }

    /// Does one operation, and tells the spec of the key it names. On a thread that may block: an RSA
    /// signature takes long enough to hold up others.
    pub(crate) async fn serve(kms: &Arc<Self>, operation: &str, input: Value) -> (Reply, Option<String>) {
        let (kms, operation) = (Arc::clone(kms), operation.to_owned());
        let work = move || {
            let key_spec = input["KeyId"]
                .as_str()
                .and_then(|id| kms.store.read(|state, _| state.find(id).ok().map(|key| key.spec.name().to_owned())));
            (kms.call(&operation, input), key_spec)
        };
        let (result, key_spec) = tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|panic| (Err(Refusal::internal(panic.to_string())), None));
        let reply = match result {
            Ok(output) => Reply::json(Service::Kms, &output),
            Err(refusal) => {
                let status =
                    if refusal.is_ours() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
                Reply::error(Service::Kms, status, refusal.code, &refusal.message)
            }
        };
        (reply, key_spec)
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        match operation {
            "CreateKey" => run(input, |request| self.create_key(request)),
            "EnableKey" => run(input, |request| self.enable_key(&request)),
            "DisableKey" => run(input, |request| self.disable_key(&request)),
            "ScheduleKeyDeletion" => run(input, |request| self.schedule_key_deletion(&request)),
            "CancelKeyDeletion" => run(input, |request| self.cancel_key_deletion(&request)),
            "TagResource" => run(input, |request| self.tag_resource(request)),
            "PutKeyPolicy" => run(input, |request| self.put_key_policy(request)),
            "DescribeKey" => run(input, |request| self.describe_key(&request)),
            "ListKeys" => run(input, |request| Ok(self.list_keys(&request))),
            "GetPublicKey" => run(input, |request| self.get_public_key(&request)),
            "ListResourceTags" => run(input, |request| self.list_resource_tags(&request)),
            "GetKeyPolicy" => run(input, |request| self.get_key_policy(&request)),
            "CreateAlias" => run(input, |request| self.create_alias(request)),
            "UpdateAlias" => run(input, |request| self.update_alias(request)),
            "DeleteAlias" => run(input, |request| self.delete_alias(&request)),
            "ListAliases" => run(input, |request| self.list_aliases(&request)),
            "Sign" => run(input, |request| self.sign(&request)),
            "Verify" => run(input, |request| self.verify(&request)),
            "GenerateMac" => run(input, |request| self.generate_mac(&request)),
            "VerifyMac" => run(input, |request| self.verify_mac(&request)),
            "Encrypt" => run(input, |request| self.encrypt(&request)),
            "Decrypt" => run(input, |request| self.decrypt(&request)),
            "GenerateDataKey" => run(input, |request| self.generate_data_key(&request, true)),
            "GenerateDataKeyWithoutPlaintext" => run(input, |request| self.generate_data_key(&request, false)),
            "GenerateRandom" => run(input, |request| crypto::generate_random(&request)),
            unknown => {
                Err(Refusal::new("UnknownOperationException", format!("the embedded KMS does not do {unknown}")))
            }
        }
    }
}

/// Reads an operation's input, does it, writes its output.
fn run<I: DeserializeOwned, O: Serialize>(
    input: Value,
    operation: impl FnOnce(I) -> Result<O, Refusal>,
) -> Result<Value, Refusal> {
    // `Null` stands for a body that is no JSON.
    if input.is_null() {
        return Err(Refusal::new("SerializationException", "the body is not JSON"));
    }
    let input = serde_json::from_value(input).map_err(|error| Refusal::validation(error.to_string()))?;
    let output = operation(input)?;
    serde_json::to_value(output).map_err(|error| Refusal::internal(error.to_string()))
}
