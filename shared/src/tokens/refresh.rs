//! Refresh tokens as their holders see them: opaque text that leads straight to its session.
//!
//! ```text
//! prt_ base64url( version 1 │ user 16 │ session 16 │ generation 4 │ secret 32 │ mark 16 )
//! ```
//!
//! The secret is what counts; only its hash is stored. The mark is a MAC over the rest under a KMS-wrapped key: it shows
//! that we made this token, so a guess costs no read, and a token of an old generation can be told from a forged one
//! although nothing of it is stored any more. The successor's secret is derived from its predecessor under another such
//! key, so the same answer can be given again while the database alone yields no token (D3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::rotation::Presented;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::keys::secrets::{Purpose, Secrets};
use crate::secret::{TokenHash, constant_time_eq};

const PREFIX: &str = "prt_";
const MARK: usize = 16;
const BODY: usize = 1 + 16 + 16 + 4 + 32;

/// A refresh token, in clear. Cannot be printed; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RefreshToken {
    version: u8,
    user: [u8; 16],
    session: [u8; 16],
    generation: u32,
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first token of a new family.
    pub fn first(secrets: &Secrets, user: UserId, session: SessionId) -> Self {
        Self {
            version: secrets.current(),
            user: *user.as_bytes(),
            session: *session.as_bytes(),
            generation: 0,
            secret: crate::random::bytes(),
        }
    }

    /// The one successor of this token under a version of our secrets: the same, whenever it is asked for.
    ///
    /// `None` when that version is gone.
    pub fn successor(&self, secrets: &Secrets, version: u8) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secrets.key(version, Purpose::RefreshSuccessor)?.expose());
        let mut context = hmac::Context::with_key(&key);
        for part in [&self.session[..], &generation.to_be_bytes(), &self.secret] {
            context.update(part);
        }
        let secret = context.sign().as_ref().try_into().ok()?;
        Some(Self { version, user: self.user, session: self.session, generation, secret })
    }

    /// Reads a presented token. `None` for anything that was not made with these secrets.
    pub fn parse(secrets: &Secrets, text: &str) -> Option<Self> {
        let bytes = bytes_of(text)?;
        let (body, mark) = bytes.split_at_checked(BODY)?;
        let [version, rest @ ..] = body else { return None };
        if !constant_time_eq(mark, &mark_of(secrets, *version, body)?) {
            return None;
        }
        let (user, rest) = rest.split_at_checked(16)?;
        let (session, rest) = rest.split_at_checked(16)?;
        let (generation, secret) = rest.split_at_checked(4)?;
        Some(Self {
            version: *version,
            user: user.try_into().ok()?,
            session: session.try_into().ok()?,
            generation: u32::from_be_bytes(generation.try_into().ok()?),
            secret: secret.try_into().ok()?,
        })
    }

    /// The text for its holder. `None` when the version of our secrets that it was made under is gone.
    pub fn encode(&self, secrets: &Secrets) -> Option<String> {
        let mut bytes = Vec::with_capacity(BODY + MARK);
        bytes.push(self.version);
        bytes.extend_from_slice(&self.user);
        bytes.extend_from_slice(&self.session);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.secret);
        let mark = mark_of(secrets, self.version, &bytes)?;
        bytes.extend_from_slice(&mark);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
        bytes.zeroize();
        Some(text)
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.secret)
    }

    pub fn presented(&self) -> Presented {
        Presented { generation: self.generation, hash: self.hash() }
    }

    pub fn user(&self) -> UserId {
        UserId::from_bytes(self.user)
    }

    pub fn session(&self) -> SessionId {
        SessionId::from_bytes(self.session)
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }
}

/// Reads a presented token. `None` for anything that we have not made; what only looks wrong costs no look-up.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) when its version of our secrets cannot be looked up.
pub async fn authentic(app: &App, text: &str, now: Timestamp) -> Result<Option<RefreshToken>> {
    let Some(version) = bytes_of(text).and_then(|bytes| bytes.first().copied()) else { return Ok(None) };
    let secrets = app.secrets_with(version, now).await?;
    Ok(RefreshToken::parse(&secrets, text))
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    (bytes.len() == BODY + MARK).then_some(bytes)
}

fn mark_of(secrets: &Secrets, version: u8, body: &[u8]) -> Option<[u8; MARK]> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secrets.key(version, Purpose::RefreshMark)?.expose());
    hmac::sign(&key, body).as_ref().get(..MARK)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (Secrets, RefreshToken) {
        let secrets = Secrets::for_tests();
        let now = Timestamp::from_seconds(1_800_000_000);
        let token = RefreshToken::first(&secrets, UserId::new(now), SessionId::new(now));
        (secrets, token)
    }

    #[test]
    fn a_token_survives_its_text() {
        let (secrets, token) = fixture();
        let text = token.encode(&secrets).unwrap();
        let read = RefreshToken::parse(&secrets, &text).unwrap();
        assert!(
            read.presented() == token.presented() && read.user() == token.user() && read.session() == token.session()
        );
    }

    #[test]
    fn case_100_every_single_byte_change_of_a_token_is_refused() {
        let (secrets, token) = fixture();
        let text = token.encode(&secrets).unwrap();
        for at in 0..text.len() {
            for replacement in "AZaz09-_=+/ é".chars() {
                let changed: String = text.char_indices().map(|(i, c)| if i == at { replacement } else { c }).collect();
                assert!(changed == text || RefreshToken::parse(&secrets, &changed).is_none(), "{at} {replacement}");
            }
        }
    }

    #[test]
    fn case_080_prefixes_suffixes_and_additions_are_refused() {
        let (secrets, token) = fixture();
        let text = token.encode(&secrets).unwrap();
        for n in 0..text.len() {
            assert!(RefreshToken::parse(&secrets, &text[..n]).is_none());
            assert!(RefreshToken::parse(&secrets, &text[n + 1..]).is_none());
        }
        for bad in
            [format!("{text}A"), format!("{text}="), format!("A{text}"), text.to_uppercase(), text.to_lowercase()]
        {
            assert!(RefreshToken::parse(&secrets, &bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn d3_the_successor_is_the_same_each_time_and_unlike_its_predecessor() {
        let (secrets, token) = fixture();
        let (a, b) = (token.successor(&secrets, 1).unwrap(), token.successor(&secrets, 1).unwrap());
        assert!(a.hash() == b.hash() && a.hash() != token.hash() && a.generation() == 1);
    }
}
