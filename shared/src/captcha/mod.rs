//! CAPTCHA: a token that the caller's browser got for solving one is verified with its provider (SIGN-7, LOGIN-5).
//!
//! Where no provider is configured, every check passes at once. `docs/captcha.md` says what is checked and what an outage
//! does.

mod client;
mod provider;
#[cfg(test)]
mod provider_tests;
mod settings;

pub use self::client::Client;
use self::provider::Judgement;
pub use self::provider::{LONGEST_LIFE, Provider};
pub use self::settings::{OnOutage, Settings};
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::context::RequestContext;
use crate::error::{Error, Refusal, Result};
use crate::secret::TokenHash;

/// What a CAPTCHA is solved for. Widgets name it, so that a token got in one place is worth nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    SignUp,
    Login,
}

impl Action {
    /// As widgets are told: `data-action`, or `execute(…, {action})`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "signup",
            Self::Login => "login",
        }
    }
}

/// Lets a request go on whose CAPTCHA is solved, for this action, on one of our sites, lately and for the first time.
///
/// # Errors
/// [`Refusal::CaptchaRequired`] without a token, [`Refusal::CaptchaInvalid`] whatever is wrong with it,
/// [`Error::Unavailable`] when the provider fails, unless outages are to let requests pass.
pub async fn check(app: &App, ctx: &RequestContext, action: Action, token: Option<&str>) -> Result<()> {
    let Some(settings) = &app.settings.captcha else { return Ok(()) };
    let token = token.filter(|token| !token.is_empty()).ok_or(Refusal::CaptchaRequired)?;
    if !settings.provider.could_have_issued(token) {
        return Err(Refusal::CaptchaInvalid.into());
    }
    let client = app.captcha();
    let secret = client.secret(app, settings).await?;
    let Some(probe) = client.breaker.admits(ctx.now) else {
        return without_provider(app, ctx, settings, action, "it has failed several times in a row").await;
    };
    // Claimed before the provider is asked, not meanwhile: of two requests with one token the provider might accept that
    // of the one which lost the claim, and nobody would pass.
    let Some(claim) = app.store.claim_captcha(&TokenHash::of(token.as_bytes()), ctx.now).await? else {
        tracing::info!("a CAPTCHA was presented again");
        return Err(Refusal::CaptchaInvalid.into());
    };
    let judgement = client.ask(app, ctx, settings, secret, action, token).await;
    probe.told();
    match judgement {
        Judgement::Passed => Ok(()),
        Judgement::Refused(flaw) => {
            tracing::info!(%flaw, "a CAPTCHA was refused");
            Err(Refusal::CaptchaInvalid.into())
        }
        // Not an outage, in any mode: a wrong secret would leave the door open for as long as nobody looks.
        Judgement::SecretRefused => {
            tracing::error!(provider = settings.provider.name(), "the CAPTCHA provider does not know our secret");
            let cause = "it does not know our secret".to_owned();
            Err(Error::Unavailable { dependency: settings.provider.name(), cause })
        }
        Judgement::Failed(cause) => {
            // Nothing was decided, so the caller may come again with the same token.
            if settings.on_outage == OnOutage::Closed {
                app.store.release_captcha(&claim).await?;
            }
            without_provider(app, ctx, settings, action, &cause).await
        }
    }
}

/// The provider does not answer: the configuration decides (F43).
async fn without_provider(
    app: &App,
    ctx: &RequestContext,
    settings: &Settings,
    action: Action,
    cause: &str,
) -> Result<()> {
    let provider = settings.provider.name();
    match settings.on_outage {
        OnOutage::Closed => Err(Error::Unavailable { dependency: provider, cause: cause.to_owned() }),
        OnOutage::Open => {
            tracing::warn!(provider, cause, "the CAPTCHA provider did not answer; the request passes");
            let event = Event::new(Kind::CaptchaSkipped, Actor::System("captcha"));
            let event = event.with("action", action.name()).with("provider", provider).with("reason", cause);
            app.store.record_event(ctx, event).await
        }
    }
}
