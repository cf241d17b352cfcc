//! `AWS::KMS::Key`. Who may use a key is not read: the local stack lets every function use every key.

use crate::object::Object;

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name inside the template.
    pub logical_id: String,
    /// KMS's `KeySpec`.
    pub spec: String,
    /// KMS's `KeyUsage`.
    pub usage: String,
    /// What it is for.
    pub description: String,
    /// Whether it stays when the stack goes.
    pub retained: bool,
    /// Whether KMS replaces its material every year.
    pub rotated_by_kms: bool,
}

/// Reads the evaluated properties of a key.
pub(crate) fn read(logical_id: &str, retained: bool, mut key: Object) -> Key {
    key.ignore(&["KeyPolicy", "PendingWindowInDays", "Tags"]);
    let specs = ["SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "HMAC_256"];
    let usages = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"];
    let read = Key {
        logical_id: logical_id.to_owned(),
        spec: key.choice("KeySpec", &specs).unwrap_or_else(|| specs[0].to_owned()),
        usage: key.choice("KeyUsage", &usages).unwrap_or_else(|| usages[0].to_owned()),
        description: key.text("Description").unwrap_or_default(),
        retained,
        rotated_by_kms: key.flag("EnableKeyRotation").unwrap_or(false),
    };
    let fits = match read.spec.as_str() {
        "SYMMETRIC_DEFAULT" => read.usage == "ENCRYPT_DECRYPT",
        "HMAC_256" => read.usage == "GENERATE_VERIFY_MAC",
        "ECC_NIST_P256" => read.usage == "SIGN_VERIFY",
        _ => read.usage != "GENERATE_VERIFY_MAC",
    };
    if !fits {
        key.fault("KeyUsage", format!("{} does not go with {}", read.usage, read.spec));
    }
    key.finish();
    read
}
