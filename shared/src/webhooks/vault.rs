//! Secrets of webhooks and channels as a process holds them: unwrapped by KMS once, then kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::error::{Error, Result};
use crate::secret::SecretText;

/// What they are encrypted for; part of the encryption context, so part of the format.
pub(super) const WEBHOOK: &str = "webhook";
pub(crate) const CHANNEL: &str = "alert-channel";

/// More than there can be of; a process that has seen many replaced ones begins anew.
const MOST: usize = 100;

/// Known by their ciphertext: a replaced secret is another one.
#[derive(Default)]
pub struct Vault(Mutex<HashMap<String, Arc<SecretText>>>);

impl Vault {
    /// # Errors
    /// When KMS does not unwrap it.
    pub(crate) async fn open(&self, app: &App, purpose: &str, wrapped: &str) -> Result<Arc<SecretText>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(wrapped).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let bytes = STANDARD.decode(wrapped).map_err(Error::internal)?;
        let secret = Arc::new(app.kms.unwrap_setting(purpose, &bytes).await?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(wrapped.to_owned(), secret.clone());
        Ok(secret)
    }
}
