//! How KMS says no.
//!
//! The codes are those of the KMS API reference; the texts follow its style where clients show them.

/// An error answer.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The request itself is wrong.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// There is no such key or alias.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new("NotFoundException", message)
    }

    /// The key's state forbids it.
    pub(super) fn state(message: impl Into<String>) -> Self {
        Self::new("KMSInvalidStateException", message)
    }

    /// The key is made for something else.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new("InvalidKeyUsageException", message)
    }

    /// A ciphertext that was tampered with, made by another key or with another encryption context. KMS
    /// does not say which.
    pub(super) fn ciphertext() -> Self {
        Self::new("InvalidCiphertextException", "")
    }

    /// The emulator itself failed.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new("KMSInternalException", message)
    }

    /// Whether the fault is on this side.
    pub(super) fn is_ours(&self) -> bool {
        self.code == "KMSInternalException"
    }
}
