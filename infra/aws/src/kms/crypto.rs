//! Using a key. The store is locked only to find it; the computing is done with the key's shared secret.

use std::collections::BTreeMap;

use aws_lc_rs::error::Unspecified;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Kms;
use super::keys::{Key, KeySpec, SigningAlgorithm};
use super::material::{ToSign, random};
use super::refusal::Refusal;
use super::wire::Blob;

/// The longest message or plaintext KMS takes.
const LONGEST: usize = 4096;
/// A key id as text, which stands before a ciphertext.
const ID: usize = 36;

#[derive(Default, Deserialize)]
enum MessageType {
    #[default]
    #[serde(rename = "RAW")]
    Raw,
    #[serde(rename = "DIGEST")]
    Digest,
}

/// `Sign`, and `Verify` with its signature.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Signing {
    key_id: String,
    message: Blob,
    #[serde(default)]
    message_type: MessageType,
    signing_algorithm: SigningAlgorithm,
    signature: Option<Blob>,
}

#[derive(Deserialize)]
enum MacAlgorithm {
    #[serde(rename = "HMAC_SHA_256")]
    HmacSha256,
}

/// `GenerateMac`, and `VerifyMac` with its code.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Macing {
    key_id: String,
    message: Blob,
    mac_algorithm: MacAlgorithm,
    mac: Option<Blob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypt {
    key_id: String,
    plaintext: Blob,
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypt {
    key_id: Option<String>,
    ciphertext_blob: Blob,
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKey {
    key_id: String,
    key_spec: Option<DataKeySpec>,
    number_of_bytes: Option<usize>,
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
}

#[derive(Deserialize)]
enum DataKeySpec {
    #[serde(rename = "AES_128")]
    Aes128,
    #[serde(rename = "AES_256")]
    Aes256,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateRandom {
    number_of_bytes: usize,
}

impl Kms {
    pub(super) fn sign(&self, request: &Signing) -> Result<Value, Refusal> {
        let key = self.signing_key(request)?;
        let signature =
            key.material.sign(request.signing_algorithm, &request.to_sign()).map_err(|_| wrong_digest(request))?;
        Ok(json!({"KeyId": key.arn(), "Signature": Blob(signature), "SigningAlgorithm": request.signing_algorithm}))
    }

    pub(super) fn verify(&self, request: &Signing) -> Result<Value, Refusal> {
        let key = self.signing_key(request)?;
        let signature = request.signature.as_ref().ok_or_else(|| Refusal::validation("Signature must not be null"))?;
        let is_valid = key
            .material
            .verify(request.signing_algorithm, &request.to_sign(), &signature.0)
            .map_err(|_| wrong_digest(request))?;
        if !is_valid {
            return Err(Refusal::new("KMSInvalidSignatureException", ""));
        }
        Ok(json!({"KeyId": key.arn(), "SignatureValid": true, "SigningAlgorithm": request.signing_algorithm}))
    }

    pub(super) fn generate_mac(&self, request: &Macing) -> Result<Value, Refusal> {
        let (key, name) = self.mac_key(request)?;
        let mac = key.material.mac(&request.message.0).map_err(failed)?;
        Ok(json!({"KeyId": key.arn(), "Mac": Blob(mac), "MacAlgorithm": name}))
    }

    pub(super) fn verify_mac(&self, request: &Macing) -> Result<Value, Refusal> {
        let (key, name) = self.mac_key(request)?;
        let mac = request.mac.as_ref().ok_or_else(|| Refusal::validation("Mac must not be null"))?;
        if !key.material.verify_mac(&request.message.0, &mac.0).map_err(failed)? {
            return Err(Refusal::new("KMSInvalidMacException", ""));
        }
        Ok(json!({"KeyId": key.arn(), "MacValid": true, "MacAlgorithm": name}))
    }

    pub(super) fn encrypt(&self, request: &Encrypt) -> Result<Value, Refusal> {
        let key = self.usable(&request.key_id, KeySpec::Symmetric.usage())?;
        check_length("plaintext", &request.plaintext)?;
        let ciphertext = seal(&key, &request.plaintext.0, &request.encryption_context)?;
        Ok(json!({"KeyId": key.arn(), "CiphertextBlob": ciphertext, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}))
    }

    pub(super) fn decrypt(&self, request: &Decrypt) -> Result<Value, Refusal> {
        let sealed = &request.ciphertext_blob.0;
        let (id, sealed) = sealed.split_at_checked(ID).ok_or_else(Refusal::ciphertext)?;
        let id = std::str::from_utf8(id).map_err(|_| Refusal::ciphertext())?;
        let key = self.store.read(|state, _| {
            let key = state.keys.get(id).ok_or_else(Refusal::ciphertext)?;
            match &request.key_id {
                Some(named) if state.find(named)?.id != id => {
                    let text = "The key ID in the request does not identify a CMK that can perform this operation.";
                    Err(Refusal::new("IncorrectKeyException", text))
                }
                _ => Ok(key.clone()),
            }
        })?;
        key.check_enabled()?;
        let context = bound_context(&key, &request.encryption_context)?;
        let plaintext = key.material.open(sealed, &context).map_err(|_| Refusal::ciphertext())?;
        Ok(json!({"KeyId": key.arn(), "Plaintext": Blob(plaintext), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}))
    }

    pub(super) fn generate_data_key(&self, request: &GenerateDataKey, with_plaintext: bool) -> Result<Value, Refusal> {
        let key = self.usable(&request.key_id, KeySpec::Symmetric.usage())?;
        let length = match (&request.key_spec, request.number_of_bytes) {
            (Some(DataKeySpec::Aes128), None) => 16,
            (Some(DataKeySpec::Aes256), None) => 32,
            (None, Some(length @ 1..=1024)) => length,
            _ => return Err(Refusal::validation("Please specify either number of bytes (1 to 1024) or key spec.")),
        };
        let plaintext = random(length).map_err(failed)?;
        let ciphertext = seal(&key, &plaintext, &request.encryption_context)?;
        let mut output = json!({"KeyId": key.arn(), "CiphertextBlob": ciphertext});
        if with_plaintext {
            output["Plaintext"] = json!(Blob(plaintext));
        }
        Ok(output)
    }

    /// The key, if it is enabled and made for this.
    fn usable(&self, name: &str, usage: &str) -> Result<Key, Refusal> {
        let key = self.store.read(|state, _| state.find(name).cloned())?;
        key.check_enabled()?;
        if key.spec.usage() != usage {
            let text =
                format!("{} key usage is {} which is not valid for this operation.", key.arn(), key.spec.usage());
            return Err(Refusal::usage(text));
        }
        Ok(key)
    }

    fn signing_key(&self, request: &Signing) -> Result<Key, Refusal> {
        let key = self.usable(&request.key_id, KeySpec::P256.usage())?;
        if !key.spec.signing_algorithms().contains(&request.signing_algorithm) {
            let text = format!(
                "Algorithm {} is incompatible with key spec {}.",
                json!(request.signing_algorithm),
                key.spec.name()
            );
            return Err(Refusal::usage(text));
        }
        check_length("message", &request.message)?;
        Ok(key)
    }

    fn mac_key(&self, request: &Macing) -> Result<(Key, &'static str), Refusal> {
        let key = self.usable(&request.key_id, KeySpec::Hmac256.usage())?;
        check_length("message", &request.message)?;
        match request.mac_algorithm {
            MacAlgorithm::HmacSha256 => Ok((key, "HMAC_SHA_256")),
        }
    }
}

impl Signing {
    fn to_sign(&self) -> ToSign<'_> {
        match self.message_type {
            MessageType::Raw => ToSign::Raw(&self.message.0),
            MessageType::Digest => ToSign::Digest(&self.message.0),
        }
    }
}

/// Random bytes, without any key.
pub(super) fn generate_random(request: &GenerateRandom) -> Result<Value, Refusal> {
    if !(1..=1024).contains(&request.number_of_bytes) {
        return Err(Refusal::validation("NumberOfBytes is from 1 to 1024"));
    }
    Ok(json!({"Plaintext": Blob(random(request.number_of_bytes).map_err(failed)?)}))
}

/// A ciphertext names its key, as in AWS, so that `Decrypt` needs no key id.
fn seal(key: &Key, plaintext: &[u8], context: &BTreeMap<String, String>) -> Result<Blob, Refusal> {
    let sealed = key.material.seal(plaintext, &bound_context(key, context)?).map_err(failed)?;
    Ok(Blob([key.id.as_bytes(), &sealed].concat()))
}

/// What a ciphertext is bound to: its key, and the encryption context in an order that does not depend on
/// how the client wrote it.
fn bound_context(key: &Key, context: &BTreeMap<String, String>) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(&(&key.id, context)).map_err(|error| Refusal::internal(error.to_string()))
}

fn check_length(member: &str, value: &Blob) -> Result<(), Refusal> {
    if (1..=LONGEST).contains(&value.0.len()) {
        return Ok(());
    }
    Err(Refusal::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
         Member must have length between 1 and {LONGEST}"
    )))
}

/// With a key that fits its algorithm, a signature fails only for a digest of the wrong length.
fn wrong_digest(request: &Signing) -> Refusal {
    Refusal::validation(format!("Digest is invalid length for algorithm {}.", json!(request.signing_algorithm)))
}

fn failed(_: Unspecified) -> Refusal {
    Refusal::internal("the cryptography failed")
}
