//! Cross-site request forgery: two layers (WEB-1, SECURITY.md D7).
//!
//! 1. Where a browser says where a request comes from (`Sec-Fetch-Site`, `Origin`), only our own and the listed origins
//!    may change anything: [`check_origin`], for every route, before its handler runs.
//! 2. What a cookie authenticates also needs a token bound to the session, the user agent and the day: [`check`].

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::Call;
use super::cors;
use crate::app::App;
use crate::error::{Error, Refusal, Result};
use crate::id::SessionId;
use crate::keys::secrets::{Purpose, Secrets};
use crate::metrics;
use crate::secret::constant_time_eq;

pub const HEADER: &str = "x-csrf-token";

/// Refuses a changing request that a browser says comes from elsewhere.
///
/// # Errors
/// [`Refusal::CsrfInvalid`].
pub fn check_origin(app: &App, call: &Call) -> Result<()> {
    if call.method().is_safe() {
        return Ok(());
    }
    let is_ok = match (call.header("origin"), call.header("sec-fetch-site")) {
        (Some(origin), _) => cors::is_allowed(&app.settings, origin),
        // A browser that tells the site but no origin: its own pages, or a person's own doing.
        (None, Some(site)) => matches!(site, "same-origin" | "none") && !call.has_header("origin"),
        (None, None) => !call.has_header("origin"),
    };
    if is_ok {
        return Ok(());
    }
    app.gathered().count(call.function(), &[metrics::name::CSRF, "invalid"], 1, call.ctx.now);
    Err(Refusal::CsrfInvalid.into())
}

/// The token for a session, a user agent and a day.
pub async fn token(app: &App, call: &Call, session: SessionId) -> Result<String> {
    let secrets = app.secrets(call.ctx.now).await?;
    mac(&secrets, secrets.current(), session, &call.ctx.user_agent, call.ctx.now.day())
        .ok_or_else(|| Error::internal("no CSRF key"))
}

/// Checks the request's token: today's, or yesterday's for pages that were open at midnight (F49); of any version of our
/// secrets, also one that this process has not heard of yet (F42).
///
/// # Errors
/// [`Refusal::CsrfInvalid`].
pub async fn check(app: &App, call: &Call, session: SessionId) -> Result<()> {
    check_presented(app, call, session, call.header(HEADER).unwrap_or_default()).await
}

/// [`check`] for a token that came in a form's hidden field.
///
/// # Errors
/// [`Refusal::CsrfInvalid`].
pub async fn check_presented(app: &App, call: &Call, session: SessionId, presented: &str) -> Result<()> {
    let today = call.ctx.now.day();
    let is_ours = |secrets: &Secrets| {
        secrets.versions().any(|version| {
            let expected = [today, today - 1].map(|day| mac(secrets, version, session, &call.ctx.user_agent, day));
            expected.iter().flatten().any(|expected| constant_time_eq(expected.as_bytes(), presented.as_bytes()))
        })
    };
    let made = app.made_by_us(call.ctx.now, |secrets| is_ours(secrets).then_some(())).await?;
    let outcome = if made.is_some() { "valid" } else { "invalid" };
    app.gathered().count(call.function(), &[metrics::name::CSRF, outcome], 1, call.ctx.now);
    made.ok_or_else(|| Refusal::CsrfInvalid.into())
}

fn mac(secrets: &Secrets, version: u8, session: SessionId, user_agent: &str, day: i64) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secrets.key(version, Purpose::Csrf)?.expose());
    let mut context = hmac::Context::with_key(&key);
    // Fixed lengths first, the one that varies last: no two inputs run together.
    context.update(session.as_bytes());
    context.update(&day.to_be_bytes());
    context.update(user_agent.as_bytes());
    Some(URL_SAFE_NO_PAD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn case_122_a_token_is_for_one_session_one_user_agent_and_one_day() {
        let secrets = Secrets::for_tests();
        let now = Timestamp::from_seconds(1_800_000_000);
        let (mine, other) = (SessionId::new(now), SessionId::new(now));
        let token = |session, agent, day| mac(&secrets, 1, session, agent, day).unwrap();
        let reference = token(mine, "Firefox", 20_000);
        assert_eq!(reference, token(mine, "Firefox", 20_000));
        for different in
            [token(other, "Firefox", 20_000), token(mine, "Firefo", 20_000), token(mine, "Firefox", 20_001)]
        {
            assert_ne!(reference, different);
        }
    }
}
