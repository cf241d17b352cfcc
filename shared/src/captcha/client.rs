//! Asks the provider about a token: its secret unwrapped once per process, one call, a breaker in front.

use std::time::Duration;

use tokio::sync::OnceCell;

use super::provider::{Expected, Judgement};
use super::{Action, Settings};
use crate::app::App;
use crate::breaker::Breaker;
use crate::context::RequestContext;
use crate::error::Result;
use crate::outbound::Outbound;
use crate::secret::SecretText;

/// How long the provider may take. Leaves a request time enough to do its work, and to answer (F10).
const PATIENCE: Duration = Duration::from_secs(2);

/// What the secret is encrypted for; part of the encryption context, so part of the format.
const PURPOSE: &str = "captcha";

/// One per process. Costs nothing where no CAPTCHA is checked.
#[derive(Default)]
pub struct Client {
    outbound: Outbound,
    secret: OnceCell<SecretText>,
    pub(super) breaker: Breaker,
}

impl Client {
    /// The provider's secret.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when KMS does not unwrap it; also when it was not encrypted for this.
    pub(super) async fn secret(&self, app: &App, settings: &Settings) -> Result<&SecretText> {
        self.secret.get_or_try_init(|| app.kms.unwrap_setting(PURPOSE, &settings.wrapped_secret)).await
    }

    /// Asks, and tells the breaker what came of it.
    pub(super) async fn ask(
        &self,
        app: &App,
        ctx: &RequestContext,
        settings: &Settings,
        secret: &SecretText,
        action: Action,
        token: &str,
    ) -> Judgement {
        let Settings { provider, hostnames, min_score, verify_url, .. } = settings;
        let ip = ctx.ip.map(|ip| ip.to_string());
        let form = provider.form(secret.expose(), token, ip.as_deref());
        let judgement = match self.outbound.post_form(verify_url, &form, PATIENCE).await {
            Ok(answer) => {
                let expected = Expected { action, hostnames, min_score: *min_score };
                provider.judge(answer.status, &answer.body, &expected, ctx.now)
            }
            Err(failed) => Judgement::Failed(failed.to_string()),
        };
        match &judgement {
            // Not the request's instant: the failure may have taken its time.
            Judgement::Failed(_) => self.breaker.failed(app.clock.now()),
            Judgement::Passed | Judgement::Refused(_) | Judgement::SecretRefused => self.breaker.succeeded(),
        }
        judgement
    }
}
