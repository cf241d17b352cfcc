//! The public keys, fetched as every verifier fetches them, against the ring (OPS-6): what `jobs-monitor-jwks` does.
//!
//! A token whose key outsiders cannot find is refused by them, and one of a key that is not ours is accepted: either is
//! an incident. What an honest cache explains is not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Standing, Trouble, note};
use crate::app::App;
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::Result;
use crate::keys::jwk::PublicJwk;
use crate::outbound::Failed;
use crate::store::KeyRecord;

pub(crate) const CHECK: &str = "jwks";

/// How long an outsider waits for one answer, and how often we try before we say that nobody gets one.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: usize = 2;

/// Our instances keep a ring for one minute, and others may keep the answer for five (KEYS-3): for so long outsiders may
/// honestly see an older ring.
const CACHED: Duration = Duration::from_secs(10 * 60);

/// What a run saw.
#[derive(Debug, Serialize)]
pub struct Report {
    pub standing: Standing,
    /// How many keys outsiders see.
    pub keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

#[derive(Deserialize)]
struct PublishedSet {
    keys: Vec<PublishedKey>,
}

#[derive(Debug, Deserialize)]
struct PublishedKey {
    kid: String,
    #[serde(flatten)]
    public: PublicJwk,
}

/// Looks once, and tells if there is news.
pub async fn check(app: &App, ctx: &RequestContext) -> Result<Report> {
    let (keys, trouble) = match published(app).await {
        Err(trouble) => (0, Some(trouble)),
        Ok(published) => {
            // Read after the answer: a key that is made meanwhile is in the ring by now, and not thought foreign.
            let ring = app.store.signing_ring().await?.keys;
            (published.len(), compare(&ring, &published, ctx.now))
        }
    };
    let standing = note(app, ctx, CHECK, trouble.as_ref()).await?;
    Ok(Report { standing, keys, trouble: trouble.map(|trouble| trouble.what) })
}

async fn published(app: &App) -> Result<Vec<PublishedKey>, Trouble> {
    let url = format!("{}/.well-known/jwks.json", app.settings.public_url);
    let at_once = |what| Trouble { what, patience: Duration::ZERO };
    let mut last = String::new();
    for _ in 0..TRIES {
        match app.outbound().get(&url, PATIENCE).await {
            Ok(answer) if answer.status == 200 => {
                let read = serde_json::from_slice::<PublishedSet>(&answer.body);
                return read.map(|set| set.keys).map_err(|_| at_once("the JWKS cannot be read".to_owned()));
            }
            Ok(answer) => last = format!("the JWKS is answered with status {}", answer.status),
            Err(Failed::TimedOut(_)) => last = "the JWKS is not answered in time".to_owned(),
            Err(failed) => last = format!("the JWKS cannot be fetched: {failed}"),
        }
    }
    Err(at_once(last))
}

/// What is wrong with what outsiders see.
fn compare(ring: &[KeyRecord], published: &[PublishedKey], now: Timestamp) -> Option<Trouble> {
    let find = |kid: &str| published.iter().find(|key| key.kid == kid);
    for key in ring {
        match find(&key.kid) {
            Some(seen) if seen.public != key.public => {
                return Some(Trouble {
                    what: format!("key {} is published with other numbers", key.kid),
                    patience: Duration::ZERO,
                });
            }
            None if now.since(key.published_at) >= CACHED => {
                return Some(Trouble { what: format!("key {} is not published", key.kid), patience: Duration::ZERO });
            }
            _ => {}
        }
    }
    let foreign = published.iter().find(|key| ring.iter().all(|ours| ours.kid != key.kid))?;
    // A key that was withdrawn just now; or one that is not ours.
    Some(Trouble { what: format!("key {} is published and not in the ring", foreign.kid), patience: CACHED })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Algorithm;
    use crate::store::KeyState;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn jwk(n: &str) -> PublicJwk {
        PublicJwk::Rsa { n: n.to_owned(), e: "AQAB".to_owned() }
    }

    fn ours(kid: &str, age: u64) -> KeyRecord {
        let published_at = NOW - Duration::from_secs(age);
        KeyRecord {
            kid: kid.to_owned(),
            kms_key_id: kid.to_owned(),
            algorithm: Algorithm::RS256,
            public: jwk(kid),
            state: KeyState::Current,
            published_at,
            since: published_at,
        }
    }

    fn seen(kid: &str, n: &str) -> PublishedKey {
        PublishedKey { kid: kid.to_owned(), public: jwk(n) }
    }

    #[test]
    fn keys_3_what_outsiders_see_is_the_ring() {
        let ring = [ours("a", 9_000), ours("b", 9_000)];
        assert_eq!(compare(&ring, &[seen("b", "b"), seen("a", "a")], NOW), None);
        let missing = compare(&ring, &[seen("a", "a")], NOW).unwrap();
        assert!(missing.what.contains("b is not published") && missing.patience.is_zero());
        let other = compare(&ring, &[seen("a", "a"), seen("b", "z")], NOW).unwrap();
        assert!(other.what.contains("other numbers") && other.patience.is_zero());
        let foreign = compare(&ring, &[seen("a", "a"), seen("b", "b"), seen("c", "c")], NOW).unwrap();
        assert_eq!((foreign.what.contains("c is published"), foreign.patience), (true, CACHED));
    }

    #[test]
    fn keys_3_a_cache_may_be_as_old_as_we_allow() {
        assert_eq!(compare(&[ours("a", 9_000), ours("b", 599)], &[seen("a", "a")], NOW), None);
        assert!(compare(&[ours("a", 9_000), ours("b", 600)], &[seen("a", "a")], NOW).is_some());
    }

    #[test]
    fn keys_3_the_members_of_a_published_key_are_read() {
        let set = r#"{"keys":[{"kty":"RSA","n":"a","e":"AQAB","kid":"a","alg":"RS256","use":"sig"}]}"#;
        let set: PublishedSet = serde_json::from_str(set).unwrap();
        assert_eq!(compare(&[ours("a", 9_000)], &set.keys, NOW), None);
    }
}
