//! What a key is: its spec, what the spec can do, and the state it is in.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::rsa::KeySize;
use serde::{Deserialize, Serialize};

use super::material::Material;
use super::refusal::Refusal;

const REGION: &str = "us-east-1";
/// The account everything belongs to.
pub(super) const ACCOUNT: &str = "000000000000";

/// The kinds of key that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeySpec {
    #[serde(rename = "RSA_2048")]
    Rsa2048,
    #[serde(rename = "RSA_3072")]
    Rsa3072,
    #[serde(rename = "RSA_4096")]
    Rsa4096,
    #[serde(rename = "ECC_NIST_P256")]
    P256,
    #[serde(rename = "HMAC_256")]
    Hmac256,
    #[serde(rename = "SYMMETRIC_DEFAULT")]
    Symmetric,
}

impl KeySpec {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
            Self::P256 => "ECC_NIST_P256",
            Self::Hmac256 => "HMAC_256",
            Self::Symmetric => "SYMMETRIC_DEFAULT",
        }
    }

    /// The size of its modulus, if it is an RSA key.
    pub(super) fn rsa_size(self) -> Option<KeySize> {
        match self {
            Self::Rsa2048 => Some(KeySize::Rsa2048),
            Self::Rsa3072 => Some(KeySize::Rsa3072),
            Self::Rsa4096 => Some(KeySize::Rsa4096),
            Self::P256 | Self::Hmac256 | Self::Symmetric => None,
        }
    }

    /// What it is for.
    pub(super) fn usage(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::P256 => "SIGN_VERIFY",
            Self::Hmac256 => "GENERATE_VERIFY_MAC",
            Self::Symmetric => "ENCRYPT_DECRYPT",
        }
    }

    /// The signing algorithms it offers.
    pub(super) fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as A;
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => {
                &[A::Pkcs1Sha256, A::Pkcs1Sha384, A::Pkcs1Sha512, A::PssSha256, A::PssSha384, A::PssSha512]
            }
            Self::P256 => &[A::EcdsaSha256],
            Self::Hmac256 | Self::Symmetric => &[],
        }
    }
}

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SigningAlgorithm {
    #[serde(rename = "RSASSA_PKCS1_V1_5_SHA_256")]
    Pkcs1Sha256,
    #[serde(rename = "RSASSA_PKCS1_V1_5_SHA_384")]
    Pkcs1Sha384,
    #[serde(rename = "RSASSA_PKCS1_V1_5_SHA_512")]
    Pkcs1Sha512,
    #[serde(rename = "RSASSA_PSS_SHA_256")]
    PssSha256,
    #[serde(rename = "RSASSA_PSS_SHA_384")]
    PssSha384,
    #[serde(rename = "RSASSA_PSS_SHA_512")]
    PssSha512,
    #[serde(rename = "ECDSA_SHA_256")]
    EcdsaSha256,
}

/// What may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeyState {
    Enabled,
    Disabled,
    /// Gone for good once the clock reaches `until_ms`.
    PendingDeletion {
        until_ms: i64,
    },
}

/// A key and its secret.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) spec: KeySpec,
    pub(super) state: KeyState,
    pub(super) description: String,
    pub(super) created_ms: i64,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) policy: String,
    /// Shared, so that it is parsed once and used outside the store's lock.
    pub(super) material: Arc<Material>,
}

impl Key {
    pub(super) fn arn(&self) -> String {
        key_arn(&self.id)
    }

    /// Refuses a use that the state forbids.
    pub(super) fn check_enabled(&self) -> Result<(), Refusal> {
        match self.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(Refusal::new("DisabledException", format!("{} is disabled.", self.arn()))),
            KeyState::PendingDeletion { .. } => Err(self.pending_deletion()),
        }
    }

    /// Refuses a change that a key on its way out does not take.
    pub(super) fn check_not_pending(&self) -> Result<(), Refusal> {
        match self.state {
            KeyState::Enabled | KeyState::Disabled => Ok(()),
            KeyState::PendingDeletion { .. } => Err(self.pending_deletion()),
        }
    }

    fn pending_deletion(&self) -> Refusal {
        Refusal::state(format!("{} is pending deletion.", self.arn()))
    }
}

/// The ARN of a key.
pub(super) fn key_arn(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

/// The ARN of an alias; its name begins with `alias/`.
pub(super) fn alias_arn(name: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:{name}")
}
