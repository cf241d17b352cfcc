//! Checkpoints: what is signed of the chain, and what is known of it beyond the tables.
//!
//! Each names the one before by its digest. So they are a chain of their own, and none can be taken out of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::broken;
use crate::app::App;
use crate::aws::kms::Kms;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::keys::jwk::PublicJwk;
use crate::settings::Algorithm;

/// The chain's head at an instant, signed.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkpoint {
    /// Counts from 1.
    #[serde(rename = "seq", deserialize_with = "super::number")]
    pub ordinal: u64,
    /// The digest of the checkpoint before; empty for the first.
    pub previous: String,
    pub at: Timestamp,
    /// The number and the hash of the newest segment; 0 and empty before the first.
    pub number: u64,
    pub hash: String,
    /// Events before this instant may have been purged: the retention of that time.
    pub kept_since: Timestamp,
    /// ECDSA with P-256 and SHA-256 (r and s, 32 bytes each), base64url.
    pub signature: String,
}

/// What the log says of a checkpoint. Who can write to the tables cannot write there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Logged {
    pub ordinal: u64,
    pub digest: String,
}

/// What the tables are held against. Nothing of it comes from them.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The public half of the audit key.
    pub key: PublicJwk,
    /// When the key was made. The trail has been signed since then.
    pub begun_at: Timestamp,
    /// What the signing job has logged, as far as somebody has brought it.
    pub logged: Vec<Logged>,
}

impl Checkpoint {
    pub(super) fn message(&self, stack: &str) -> String {
        let Self { ordinal, previous, at, number, hash, kept_since, .. } = self;
        format!("postern audit checkpoint v2\n{stack}\n{ordinal}\n{previous}\n{at}\n{number}\n{hash}\n{kept_since}")
    }

    /// SHA-256 in hexadecimal digits: in base64 there could be what the log takes for a token, and masks.
    pub(super) fn digest(&self, stack: &str) -> String {
        let digest = digest(&SHA256, self.message(stack).as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn is_signed_by(&self, key: &PublicJwk, stack: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(&self.signature).unwrap_or_default();
        key.verify(self.message(stack).as_bytes(), &signature)
    }
}

/// The message of the log line that tells of a checkpoint.
pub(super) const LOGGED: &str = "audit checkpoint";

impl Logged {
    /// Reads log lines, one JSON object each. Lines of anything else do not matter.
    pub fn read(lines: &str) -> Vec<Self> {
        #[derive(Deserialize)]
        struct Line {
            message: String,
            #[serde(flatten)]
            logged: Logged,
        }
        let lines = lines.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        lines.filter(|line| line.message == LOGGED).map(|line| line.logged).collect()
    }
}

impl Witness {
    /// What KMS knows of a key. `logged` is still empty.
    ///
    /// # Errors
    /// When KMS does not answer, or the key is of another kind.
    pub async fn of_key(kms: &Kms, key_id: &str) -> Result<Self> {
        let (key, begun_at) = tokio::try_join!(public_key(kms, key_id), kms.created_at(key_id))?;
        Ok(Self { key, begun_at, logged: Vec::new() })
    }
}

async fn public_key(kms: &Kms, key_id: &str) -> Result<PublicJwk> {
    PublicJwk::from_der(Algorithm::ES256, &kms.public_key(key_id).await?)
        .ok_or_else(|| Error::internal("this key does not sign audit trails (ECC_NIST_P256)"))
}

/// The newest checkpoint. Who writes to the table could put one there, so its signature is looked at before anything
/// follows from it.
///
/// # Errors
/// [`Error::Internal`] when the key did not sign it: somebody has been at it. See the runbook.
pub(in crate::audit) async fn newest_signed(app: &App) -> Result<Option<Checkpoint>> {
    let Some(checkpoint) = app.store.newest_checkpoint().await? else { return Ok(None) };
    let key = public_key(&app.kms, &app.settings.audit_key_id).await?;
    if checkpoint.is_signed_by(&key, &app.settings.stack_name) {
        Ok(Some(checkpoint))
    } else {
        Err(broken("the newest checkpoint was not signed by the key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_checkpoints_are_found_among_other_lines() {
        let lines = "START RequestId: 1\n\
            {\"level\":\"INFO\",\"message\":\"audit checkpoint\",\"ordinal\":7,\"number\":12,\"digest\":\"d7\"}\n\
            {\"level\":\"INFO\",\"message\":\"job ran\",\"ordinal\":8,\"digest\":\"d8\"}\n";
        assert_eq!(Logged::read(lines), [Logged { ordinal: 7, digest: "d7".to_owned() }]);
    }
}
