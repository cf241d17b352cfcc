//! `postern keys`: the signing ring and the versions of the secrets. Looks into the table; what changes it is the deployed
//! job, as in the runbooks. Looks again afterwards: a job that found nothing to do has ended well, too.

use std::fmt;

use serde::Serialize;
use serde_json::json;
use shared::clock::Timestamp;
use shared::keys::ring::{RingRules, Step, promote_now};
use shared::store::KeyState;

use crate::arguments::{KeysCommand, Options};
use crate::exit::{Exit, Failure};
use crate::jobs;
use crate::stack::Stack;
use crate::tell::{Tell, table};

const JOB: &str = "jobs-rotate-keys";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    signing: Vec<SigningKey>,
    secrets: Vec<SecretVersion>,
    /// From when on `keys rotate` would promote the next key.
    #[serde(skip_serializing_if = "Option::is_none")]
    can_rotate_from: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningKey {
    kid: String,
    state: &'static str,
    algorithm: &'static str,
    published_at: String,
    since: String,
    kms_key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretVersion {
    version: u8,
    created_at: String,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["KID", "STATE", "ALGORITHM", "SINCE", "PUBLISHED", "KMS KEY"].map(str::to_owned).to_vec()];
        for key in &self.signing {
            rows.push(
                [key.kid.as_str(), key.state, key.algorithm, &key.since, &key.published_at, &key.kms_key_id]
                    .map(str::to_owned)
                    .to_vec(),
            );
        }
        write!(f, "{}\n\n", table(&rows))?;
        let mut rows = vec![["SECRETS", "CREATED"].map(str::to_owned).to_vec()];
        rows.extend(self.secrets.iter().map(|it| vec![format!("version {}", it.version), it.created_at.clone()]));
        f.write_str(&table(&rows))?;
        match &self.can_rotate_from {
            Some(from) => write!(f, "\n\nThe next key may sign from {from} on."),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(options: &Options, command: &KeysCommand, tell: &Tell) -> Result<Exit, Failure> {
    let stack = Stack::find(options).await?;
    match command {
        KeysCommand::List => {
            tell.report(&list(&stack).await?)?;
            Ok(Exit::Well)
        }
        KeysCommand::Rotate { secrets: true } => rotate_secrets(options, &stack, tell).await,
        KeysCommand::Rotate { secrets: false } => rotate(options, &stack, tell).await,
        KeysCommand::Retire { kid } => retire(options, &stack, kid, tell).await,
    }
}

async fn rotate(options: &Options, stack: &Stack, tell: &Tell) -> Result<Exit, Failure> {
    let ring = stack.app.store.signing_ring().await?;
    let Some(Step::Promote { next, .. }) = promote_now(&ring.keys, stack.app.clock.now(), &rules(stack)) else {
        let from = list(stack).await?.can_rotate_from;
        let when = from.map_or_else(|| "there is no next key yet".to_owned(), |from| format!("it may from {from} on"));
        let why = "the next key has not been published for two hours";
        return Err(Failure::found("too_early", format!("{why}: {when}")));
    };
    let exit = jobs::start(options, stack, JOB, &json!({ "action": "rotate" }), tell).await?;
    let ring = stack.app.store.signing_ring().await?;
    if !options.dry_run && !ring.keys.iter().any(|key| key.kid == next && key.state == KeyState::Current) {
        return Err(Failure::found("not_rotated", format!("{next} does not sign: look at postern keys list")));
    }
    Ok(exit)
}

async fn rotate_secrets(options: &Options, stack: &Stack, tell: &Tell) -> Result<Exit, Failure> {
    let newest = async || -> Result<_, Failure> {
        Ok(stack.app.store.secrets().await?.iter().map(|secret| secret.created_at).max())
    };
    let before = newest().await?;
    let exit = jobs::start(options, stack, JOB, &json!({ "action": "rotate-secrets" }), tell).await?;
    if !options.dry_run && newest().await? == before {
        let why =
            "the newest version has not been known everywhere for long enough: ten minutes after it was made it is";
        return Err(Failure::found("too_early", why));
    }
    Ok(exit)
}

async fn retire(options: &Options, stack: &Stack, kid: &str, tell: &Tell) -> Result<Exit, Failure> {
    let ring = stack.app.store.signing_ring().await?;
    let Some(key) = ring.keys.iter().find(|key| key.kid == kid) else {
        return Err(Failure::found("not_found", format!("{kid} is not in the ring: nothing to retire")));
    };
    tell.note(&match (key.state, ring.keys.iter().find(|key| key.state == KeyState::Next)) {
        (KeyState::Current, Some(next)) => {
            format!("{kid} signs; {} takes over, which has been published since {}", next.kid, next.published_at)
        }
        (KeyState::Current, None) => format!(
            "{kid} signs, and there is no next key: one is made first, and signs at once; verifiers with caches do not know it yet"
        ),
        (KeyState::Next, _) => format!("{kid} is the next key, and has signed nothing"),
        (KeyState::Retired, _) => format!("{kid} has been retired; tokens that it signed may still be alive"),
    });
    let exit = jobs::start(options, stack, JOB, &json!({ "action": "retire-now", "kid": kid }), tell).await?;
    let ring = stack.app.store.signing_ring().await?;
    if !options.dry_run && ring.keys.iter().any(|key| key.kid == kid) {
        return Err(Failure::found("not_retired", format!("{kid} is still in the ring: do it again")));
    }
    Ok(exit)
}

pub(crate) fn rules(stack: &Stack) -> RingRules {
    RingRules::new(stack.app.settings.key_rotation, stack.app.settings.sessions.access_life)
}

async fn list(stack: &Stack) -> Result<Listed, Failure> {
    let store = &stack.app.store;
    let (ring, mut secrets) = tokio::try_join!(store.signing_ring(), store.secrets())?;
    secrets.sort_by_key(|secret| secret.version);
    let mut keys = ring.keys;
    keys.sort_by_key(|key| (place(key.state), key.since));
    let next = keys.iter().find(|key| key.state == KeyState::Next);
    let can_rotate_from: Option<Timestamp> = next.map(|key| key.published_at + rules(stack).publish_before);
    Ok(Listed {
        can_rotate_from: can_rotate_from.map(|at| at.to_string()),
        signing: keys
            .into_iter()
            .map(|key| SigningKey {
                kid: key.kid,
                state: ["current", "next", "retired"][place(key.state)],
                algorithm: key.algorithm.name(),
                published_at: key.published_at.to_string(),
                since: key.since.to_string(),
                kms_key_id: key.kms_key_id,
            })
            .collect(),
        secrets: secrets
            .into_iter()
            .map(|it| SecretVersion { version: it.version, created_at: it.created_at.to_string() })
            .collect(),
    })
}

/// Where a key stands among the others.
const fn place(state: KeyState) -> usize {
    match state {
        KeyState::Current => 0,
        KeyState::Next => 1,
        KeyState::Retired => 2,
    }
}
