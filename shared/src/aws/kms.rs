//! KMS: signing keys that never leave it, and data keys that it wraps. Names operations as Postern uses them.

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::sign::SignError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec, Tag};
use aws_types::SdkConfig;
use zeroize::Zeroizing;

use super::trips::CountTrips;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::keys::jwk::der_to_fixed;
use crate::secret::{Key, SecretText};
use crate::settings::Algorithm;

const KMS: &str = "KMS";

pub struct Kms {
    client: Client,
    secrets_key_id: String,
    stack_name: String,
}

/// What KMS made of a message.
pub enum Signed {
    Signature(Vec<u8>),
    /// The key was retired, disabled or deleted: whoever asked has an old idea of the ring.
    KeyOutOfUse,
}

fn is_out_of_use(error: &SignError) -> bool {
    error.is_kms_invalid_state_exception() || error.is_disabled_exception() || error.is_not_found_exception()
}

/// A data key as it may be stored.
pub struct WrappedKey(pub Vec<u8>);

impl Kms {
    pub fn new(config: &SdkConfig, secrets_key_id: &str, stack_name: &str) -> Self {
        let config = aws_sdk_kms::config::Builder::from(config).interceptor(CountTrips).build();
        Self {
            client: Client::from_conf(config),
            secrets_key_id: secrets_key_id.to_owned(),
            stack_name: stack_name.to_owned(),
        }
    }

    /// Signs a message of at most 4,096 bytes as it is: KMS hashes it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when KMS does not sign; nothing has been consumed then.
    pub async fn sign(&self, kms_key_id: &str, algorithm: Algorithm, message: &[u8]) -> Result<Signed> {
        let algorithm = match algorithm {
            Algorithm::RS256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
            Algorithm::ES256 => SigningAlgorithmSpec::EcdsaSha256,
        };
        let request = self.client.sign().key_id(kms_key_id).message_type(MessageType::Raw).message(Blob::new(message));
        match request.signing_algorithm(algorithm).send().await {
            Ok(output) => {
                let signature = output.signature.ok_or_else(|| Error::internal("KMS answered without a signature"))?;
                Ok(Signed::Signature(signature.into_inner()))
            }
            Err(cause) if cause.as_service_error().is_some_and(is_out_of_use) => Ok(Signed::KeyOutOfUse),
            Err(cause) => Err(Error::unavailable(KMS, &cause)),
        }
    }

    /// Signs for the audit trail, by a key that does nothing else: r and s of ECDSA with P-256 and SHA-256.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when KMS does not sign.
    pub async fn sign_for_audit(&self, kms_key_id: &str, message: &[u8]) -> Result<[u8; 64]> {
        match self.sign(kms_key_id, Algorithm::ES256, message).await? {
            Signed::Signature(der) => {
                der_to_fixed(&der).ok_or_else(|| Error::internal("KMS gave a signature of another kind"))
            }
            Signed::KeyOutOfUse => {
                Err(Error::Unavailable { dependency: KMS, cause: "the audit key is not in use".to_owned() })
            }
        }
    }

    /// Whether a key can be used. For the health check.
    pub async fn is_enabled(&self, kms_key_id: &str) -> Result<bool> {
        let output = self.client.describe_key().key_id(kms_key_id).send().await;
        let key = output.map_err(|cause| Error::unavailable(KMS, &cause))?.key_metadata;
        Ok(key.is_some_and(|key| key.enabled))
    }

    /// The same for the key that wraps the data keys.
    pub async fn is_secrets_key_enabled(&self) -> Result<bool> {
        self.is_enabled(&self.secrets_key_id).await
    }

    /// Makes a signing key, tagged as this stack's. Returns its KMS key id.
    pub async fn create_signing_key(&self, algorithm: Algorithm) -> Result<String> {
        let spec = match algorithm {
            Algorithm::RS256 => KeySpec::Rsa2048,
            Algorithm::ES256 => KeySpec::EccNistP256,
        };
        let request = self
            .client
            .create_key()
            .key_spec(spec)
            .key_usage(KeyUsageType::SignVerify)
            .description(format!("{}: signs access tokens", self.stack_name))
            .tags(tag("postern:stack", &self.stack_name)?)
            .tags(tag("postern:ring", "signing")?);
        let output = request.send().await.map_err(|cause| Error::unavailable(KMS, &cause))?;
        output.key_metadata.map(|key| key.key_id).ok_or_else(|| Error::internal("KMS made a key without an id"))
    }

    /// The public half, as a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub async fn public_key(&self, kms_key_id: &str) -> Result<Vec<u8>> {
        let output = self
            .client
            .get_public_key()
            .key_id(kms_key_id)
            .send()
            .await
            .map_err(|cause| Error::unavailable(KMS, &cause))?;
        output.public_key.map(Blob::into_inner).ok_or_else(|| Error::internal("KMS answered without a public key"))
    }

    /// When a key was made.
    pub async fn created_at(&self, kms_key_id: &str) -> Result<Timestamp> {
        let output = self.client.describe_key().key_id(kms_key_id).send().await;
        let key = output.map_err(|cause| Error::unavailable(KMS, &cause))?.key_metadata;
        let at = key.and_then(|key| key.creation_date).and_then(|at| at.to_millis().ok());
        at.map(Timestamp::from_millis).ok_or_else(|| Error::internal("KMS does not know when a key was made"))
    }

    /// Lets a key die in seven days, the shortest wait KMS allows. Harmless when it is already dying.
    pub async fn schedule_deletion(&self, kms_key_id: &str) -> Result<()> {
        match self.client.schedule_key_deletion().key_id(kms_key_id).pending_window_in_days(7).send().await {
            Ok(_) => Ok(()),
            Err(cause)
                if cause
                    .as_service_error()
                    .is_some_and(|e| e.is_kms_invalid_state_exception() || e.is_not_found_exception()) =>
            {
                Ok(())
            }
            Err(cause) => Err(Error::unavailable(KMS, &cause)),
        }
    }

    /// A new 256-bit data key, known to nobody until it is unwrapped.
    pub async fn new_data_key(&self, purpose: &str) -> Result<WrappedKey> {
        let request = self
            .client
            .generate_data_key_without_plaintext()
            .key_id(&self.secrets_key_id)
            .key_spec(DataKeySpec::Aes256);
        let output = request
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|cause| Error::unavailable(KMS, &cause))?;
        output
            .ciphertext_blob
            .map(|blob| WrappedKey(blob.into_inner()))
            .ok_or_else(|| Error::internal("KMS made a data key without a ciphertext"))
    }

    /// Unwraps a data key. The purpose must be the one it was made for: KMS authenticates it.
    pub async fn unwrap_data_key(&self, purpose: &str, wrapped: &WrappedKey) -> Result<Key> {
        let request =
            self.client.decrypt().key_id(&self.secrets_key_id).ciphertext_blob(Blob::new(wrapped.0.as_slice()));
        let output = request
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|cause| Error::unavailable(KMS, &cause))?;
        let plain = output.plaintext.map(Blob::into_inner).unwrap_or_default();
        Ok(Key::new(plain.try_into().map_err(|_| Error::internal("a data key does not have 32 bytes"))?))
    }

    /// Encrypts a secret for this stack and a purpose, of at most 4,096 bytes: what [`Self::unwrap_setting`] opens.
    pub async fn wrap_setting(&self, purpose: &str, secret: &SecretText) -> Result<Vec<u8>> {
        let plaintext = Blob::new(secret.expose());
        let request = self.client.encrypt().key_id(&self.secrets_key_id).plaintext(plaintext);
        let output = request
            .encryption_context("stack", &self.stack_name)
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|cause| Error::unavailable(KMS, &cause))?;
        let ciphertext = output.ciphertext_blob.ok_or_else(|| Error::internal("KMS encrypted without a ciphertext"))?;
        Ok(ciphertext.into_inner())
    }

    /// Unwraps a secret that an operator has encrypted for this stack and a purpose: the encryption context names both,
    /// and KMS authenticates it. Space around it does not count: files end with a line break.
    pub async fn unwrap_setting(&self, purpose: &str, wrapped: &[u8]) -> Result<SecretText> {
        let request = self.client.decrypt().key_id(&self.secrets_key_id).ciphertext_blob(Blob::new(wrapped));
        let output = request
            .encryption_context("stack", &self.stack_name)
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|cause| Error::unavailable(KMS, &cause))?;
        let plain = Zeroizing::new(output.plaintext.map(Blob::into_inner).unwrap_or_default());
        let text = std::str::from_utf8(&plain).map_err(|_| Error::internal("an unwrapped setting is not text"))?;
        Ok(SecretText::new(text.trim().to_owned()))
    }
}

fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().tag_key(key).tag_value(value).build().map_err(Error::internal)
}
