//! Access tokens: JWTs of the profile of RFC 9068, signed inside KMS (TOKEN-1).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::jws::{self, Header, Unverified};
use crate::app::App;
use crate::aws::kms::Signed;
use crate::clock::Timestamp;
use crate::error::{Error, Refusal, Result};
use crate::id::{self, OrganizationId, SessionId, UserId};
use crate::json;
use crate::keys::cache::SigningRing;
use crate::keys::jwk::{PublicJwk, der_to_fixed};
use crate::settings::Algorithm;

/// How far the clocks of signer and verifier may be apart.
pub const LEEWAY: Duration = Duration::from_secs(60);

const TYPE: &str = "at+jwt";

/// Single factor: what a password gives (`acr`). Second factors will raise it.
pub const SINGLE_FACTOR: &str = "aal1";

/// What an access token says. Times are seconds since the epoch (RFC 7519 §2, NumericDate).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: Audience,
    pub client_id: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub jti: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nbf: Option<i64>,
    pub auth_time: i64,
    pub amr: Vec<String>,
    pub acr: String,
    /// The organization in which the roles hold.
    pub org: OrganizationId,
    pub roles: Vec<String>,
    /// The person's token version; an older one than the stored is dead (TOKEN-8).
    pub ver: u32,
}

/// One audience or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

/// Who a token is for: what differs from one token to the next.
pub struct Subject {
    pub user: UserId,
    pub session: SessionId,
    pub organization: OrganizationId,
    pub roles: Vec<String>,
    pub token_version: u32,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    /// No token outlives its session.
    pub session_ends_at: Timestamp,
}

/// A signed access token. Cannot be printed.
pub struct AccessToken {
    text: String,
    pub expires_at: Timestamp,
}

impl AccessToken {
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// Has KMS sign a token with the ring's current key.
///
/// # Errors
/// [`Error::Unavailable`] when KMS does not sign, or when no key may.
pub async fn issue(app: &App, ring: &SigningRing, subject: &Subject, now: Timestamp) -> Result<AccessToken> {
    let expires_at = subject.session_ends_at.min(now + app.settings.sessions.access_life);
    let claims = claims(app, subject, now, expires_at);
    if let Some(text) = signed(app, ring, &claims).await? {
        return Ok(AccessToken { text, expires_at });
    }
    // The key has been retired since this ring was read (an emergency): look again, once.
    let ring = app.ring_read_anew(now).await?;
    let text = signed(app, &ring, &claims).await?.ok_or_else(no_key_signs)?;
    Ok(AccessToken { text, expires_at })
}

fn no_key_signs() -> Error {
    Error::Unavailable { dependency: "SigningKeys", cause: "no key signs".to_owned() }
}

fn claims(app: &App, subject: &Subject, now: Timestamp, expires_at: Timestamp) -> Claims {
    Claims {
        iss: app.settings.public_url.clone(),
        aud: Audience::One(app.settings.audience.clone()),
        client_id: app.settings.audience.clone(),
        sub: subject.user,
        sid: subject.session,
        jti: id::fresh(now),
        iat: now.seconds(),
        exp: expires_at.seconds(),
        nbf: None,
        auth_time: subject.auth_time.seconds(),
        amr: subject.amr.clone(),
        acr: SINGLE_FACTOR.to_owned(),
        org: subject.organization,
        roles: subject.roles.clone(),
        ver: subject.token_version,
    }
}

/// The token's text. `None` when the ring's key is out of use.
async fn signed(app: &App, ring: &SigningRing, claims: &Claims) -> Result<Option<String>> {
    let signer = ring.signer().ok_or_else(no_key_signs)?;
    let header =
        Header { alg: signer.algorithm.name().to_owned(), kid: Some(signer.kid.clone()), typ: Some(TYPE.to_owned()) };
    let input = jws::signing_input(&header, claims).map_err(Error::internal)?;
    let Signed::Signature(signature) = app.kms.sign(&signer.kms_key_id, signer.algorithm, input.as_bytes()).await?
    else {
        return Ok(None);
    };
    let fixed = || der_to_fixed(&signature).ok_or_else(|| Error::internal("KMS gave an ECDSA signature that is none"));
    Ok(Some(match signer.algorithm {
        Algorithm::RS256 => jws::assemble(&input, &signature),
        Algorithm::ES256 => jws::assemble(&input, &fixed()?),
    }))
}

/// Verifies a token by its signature and claims. Says nothing about its session, nor about whether its key has been
/// withdrawn in the last minutes: whoever asks the database about the session asks that, too.
///
/// # Errors
/// [`Refusal::AccessTokenExpired`] for one that was good, [`Refusal::AccessTokenInvalid`] for everything else.
pub async fn verify(app: &App, token: &str, now: Timestamp) -> Result<Verified> {
    let verified = authentic(app, token, now).await?;
    if verified.claims.exp <= (now - LEEWAY).seconds() {
        return Err(Refusal::AccessTokenExpired.into());
    }
    Ok(verified)
}

/// A token whose signature and claims are good.
pub struct Verified {
    pub claims: Claims,
    /// The key that signed it.
    pub kid: String,
}

/// The same for a token that may have expired: enough to end its session, or to protect a form, and for nothing else.
pub async fn authentic(app: &App, token: &str, now: Timestamp) -> Result<Verified> {
    let invalid = || Error::from(Refusal::AccessTokenInvalid);
    let unverified = Unverified::parse(token).ok_or_else(invalid)?;
    let kid = unverified.header.kid.clone().ok_or_else(invalid)?;
    if unverified.header.typ.as_deref() != Some(TYPE) {
        return Err(invalid());
    }
    let ring = app.ring_with(&kid, now).await?;
    let (algorithm, key) = ring.key(&kid).ok_or_else(invalid)?;
    let claims = claims_under(app, &unverified, algorithm, key, now).ok_or_else(invalid)?;
    Ok(Verified { claims, kid })
}

/// The claims of a token for somebody who has nothing of us but our published keys. `None` unless it is good now.
pub fn verify_by(
    app: &App,
    token: &str,
    published: impl FnOnce(&str) -> Option<PublicJwk>,
    now: Timestamp,
) -> Option<Claims> {
    let unverified = Unverified::parse(token)?;
    let key = published(unverified.header.kid.as_deref()?)?;
    let claims = claims_under(app, &unverified, key.algorithm(), &key, now)?;
    (unverified.header.typ.as_deref() == Some(TYPE) && claims.exp > now.seconds()).then_some(claims)
}

/// The claims, if this key signed them and they are ours. They may have expired.
fn claims_under(
    app: &App,
    unverified: &Unverified<'_>,
    algorithm: Algorithm,
    key: &PublicJwk,
    now: Timestamp,
) -> Option<Claims> {
    let claims: Claims = json::object(&unverified.verify(algorithm, key)?).ok()?;
    let latest = (now + LEEWAY).seconds();
    let is_ours = claims.iss == app.settings.public_url && claims.aud.contains(&app.settings.audience);
    let is_from_the_past = claims.iat <= latest && claims.nbf.is_none_or(|nbf| nbf <= latest);
    (is_ours && is_from_the_past && claims.exp >= claims.iat).then_some(claims)
}
