//! Where the chain stands, without following it: whether it grows, and whether it is signed as it should be. That nobody has
//! touched an event is for `cargo audit-verify` to say.

use schemars::JsonSchema;
use serde::Serialize;

use super::checkpoint::Checkpoint;
use super::segment::Segment;
use super::sign::LONGEST_GAP;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Result;

/// Where the audit trail's chain stands.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditChain")]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub state: State,
    /// The number of the newest link.
    pub links: u64,
    /// The number of the newest link that was signed.
    pub signed_links: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub newest_link_at: Option<String>,
    /// When it was signed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub signed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub signature_age_seconds: Option<u64>,
}

/// In a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditChainState")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is no event yet.
    Empty,
    /// There are events, and no signature.
    Unsigned,
    Signed,
    /// The newest signature is older than it may get: the job does not run.
    Stale,
    /// What was signed is not there any more, or says something else.
    Broken,
}

/// Reads the chain's end, its newest signature, and the link that was signed.
///
/// # Errors
/// When DynamoDB does not answer.
pub async fn standing(app: &App, now: Timestamp) -> Result<Standing> {
    let (head, checkpoint) = tokio::try_join!(app.store.chain_head(), app.store.newest_checkpoint())?;
    // Number 0 says that there was no link yet.
    let checkpoint = checkpoint.filter(|checkpoint| checkpoint.number > 0);
    let signed = match &checkpoint {
        Some(checkpoint) => app.store.segments(checkpoint.number, 1).await?.into_iter().next(),
        None => None,
    };
    Ok(judge(head.as_ref(), checkpoint.as_ref(), signed.as_ref(), now))
}

/// Since when something has been waiting for a signature: the oldest link that has none.
///
/// # Errors
/// When DynamoDB does not answer.
pub async fn unsigned_since(app: &App, standing: &Standing) -> Result<Option<Timestamp>> {
    Ok(app.store.segments(standing.signed_links + 1, 1).await?.first().map(|link| link.at))
}

/// Pure: the newest link, the newest signature, and the link that it is of.
fn judge(
    head: Option<&Segment>,
    checkpoint: Option<&Checkpoint>,
    signed: Option<&Segment>,
    now: Timestamp,
) -> Standing {
    let is_as_signed = |checkpoint: &Checkpoint| {
        signed
            .is_some_and(|it| it.number == checkpoint.number && it.hash == checkpoint.hash && it.computed() == it.hash)
    };
    let state = match (head, checkpoint) {
        (None, None) => State::Empty,
        (Some(_), None) => State::Unsigned,
        (_, Some(checkpoint)) if !is_as_signed(checkpoint) => State::Broken,
        // A signature may be as old as that before it is renewed, and the job may come late once.
        (_, Some(checkpoint)) if now.since(checkpoint.at) > LONGEST_GAP => State::Stale,
        _ => State::Signed,
    };
    Standing {
        state,
        links: head.map_or(0, |head| head.number),
        signed_links: checkpoint.map_or(0, |checkpoint| checkpoint.number),
        newest_link_at: head.map(|head| head.at.to_string()),
        signed_at: checkpoint.map(|checkpoint| checkpoint.at.to_string()),
        signature_age_seconds: checkpoint.map(|checkpoint| now.since(checkpoint.at).as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn audit_5_a_chain_is_signed_stale_or_broken() {
        let at = Timestamp::from_seconds(1_800_000_000);
        let first = Segment::after(None, vec!["a".to_owned()], at);
        let second = Segment::after(Some(&first), vec!["b".to_owned()], at);
        let (number, hash) = (first.number, first.hash.clone());
        let (previous, signature) = (String::new(), String::new());
        let checkpoint = Checkpoint { ordinal: 1, previous, at, number, hash, kept_since: at, signature };
        let state = |signed: Option<&Segment>, seconds| {
            judge(Some(&second), Some(&checkpoint), signed, at + Duration::from_secs(seconds)).state
        };
        assert_eq!(state(Some(&first), 7_200), State::Signed);
        assert_eq!(state(Some(&first), 7_201), State::Stale);
        let other = Segment { entries: vec!["c".to_owned()], ..first.clone() };
        for signed in [None, Some(&second), Some(&other)] {
            assert_eq!(state(signed, 0), State::Broken);
        }
        assert_eq!(judge(Some(&second), None, None, at).state, State::Unsigned);
        assert_eq!(judge(None, None, None, at).state, State::Empty);
        let standing = judge(Some(&second), Some(&checkpoint), Some(&first), at);
        assert_eq!((standing.links, standing.signed_links), (2, 1));
    }
}
