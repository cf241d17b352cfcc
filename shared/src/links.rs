//! Links: the one-time things that are mailed to an address, and what comes back by them.

use std::time::Duration;

use crate::app::App;
use crate::attempts;
use crate::context::RequestContext;
use crate::email::Email;
use crate::error::{Refusal, Result};
use crate::id::UserId;
use crate::secret::PlainToken;
use crate::store::{Challenge, ChallengeKind};

/// A fresh link. It opens nothing before its challenge is stored.
pub(crate) struct Link {
    pub(crate) challenge: Challenge,
    /// What stands in the mail. Holds the token: it goes nowhere else.
    pub(crate) url: String,
}

impl Link {
    /// One to the page for things of this kind, good for so many hours.
    pub(crate) fn new(
        app: &App,
        ctx: &RequestContext,
        kind: ChallengeKind,
        user_id: UserId,
        email: &Email,
        valid_hours: u64,
    ) -> Self {
        let token = PlainToken::generate();
        let challenge = Challenge {
            token_hash: token.hash(),
            kind,
            user_id,
            email: email.clone(),
            created_at: ctx.now,
            expires_at: ctx.now + Duration::from_secs(valid_hours * 3600),
            password_hash: None,
            name: None,
            used_at: None,
        };
        Self { challenge, url: format!("{}/{}?token={}", app.settings.app_url, page(kind), token.expose()) }
    }
}

/// Of the project's own pages, and of every front end in their place.
const fn page(kind: ChallengeKind) -> &'static str {
    match kind {
        ChallengeKind::VerifyEmail => "verify-email",
        ChallengeKind::Unlock => "unlock",
        ChallengeKind::ResetPassword => "reset-password",
    }
}

/// What a link that comes back was made for, if it is of this kind and may still be used. Only *consume* decides.
///
/// # Errors
/// [`Refusal::TokenInvalid`], [`Refusal::TokenExpired`], [`Refusal::TokenUsed`], [`Refusal::RateLimited`].
pub(crate) async fn open(
    app: &App,
    ctx: &RequestContext,
    kind: ChallengeKind,
    token: &PlainToken,
) -> Result<Challenge> {
    let hash = token.hash();
    let (ring, challenge, ()) =
        tokio::try_join!(app.ring(ctx.now), app.store.challenge(&hash), attempts::admit_network(app, ctx))?;
    let challenge = challenge.ok_or(Refusal::TokenInvalid)?;
    challenge.check(kind, ring.not_before(), ctx.now)?;
    Ok(challenge)
}
