//! Whether the keys are in order: the ring has its keys, the job moves it in time, and KMS lets them be used.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::keys::ring::{Step, next_step};
use shared::store::{KeyRecord, KeyState, SecretRecord};

use super::Finding;
use crate::exit::Failure;
use crate::keys::rules;
use crate::stack::Stack;

/// A step that has been due for so long is one that the job does not take.
const LATE: Duration = Duration::from_secs(2 * 3600);

const RUNBOOK: &str = "look at the runs of jobs-rotate-keys (postern jobs list), then docs/runbooks/rotate-keys.md";

pub(super) async fn all(stack: &Stack) -> Result<Vec<Finding>, Failure> {
    let store = &stack.app.store;
    let now = stack.app.clock.now();
    let (ring, secrets) = tokio::try_join!(store.signing_ring(), store.secrets())?;
    let mut findings = vec![ring_finding(stack, &ring.keys, now), secrets_finding(stack, &secrets, now)];
    let kms = &stack.app.kms;
    let mut unusable = Vec::new();
    for key in ring.keys.iter().filter(|key| key.state != KeyState::Retired) {
        if !kms.is_enabled(&key.kms_key_id).await? {
            unusable.push(format!("signing key {} ({})", key.kid, key.kms_key_id));
        }
    }
    if !kms.is_secrets_key_enabled().await? {
        unusable.push("SecretsKey".to_owned());
    }
    if !kms.is_enabled(&stack.app.settings.audit_key_id).await? {
        unusable.push("AuditKey".to_owned());
    }
    findings.push(match unusable[..] {
        [] => Finding::ok("keys", "KMS has every key enabled"),
        _ => Finding::problem(
            "keys",
            format!("disabled or to be deleted in KMS: {}", unusable.join(", ")),
            "cancel the deletion and enable them (aws kms cancel-key-deletion, enable-key)",
        ),
    });
    Ok(findings)
}

fn ring_finding(stack: &Stack, keys: &[KeyRecord], now: Timestamp) -> Finding {
    let Some(current) = keys.iter().find(|key| key.state == KeyState::Current) else {
        let todo = "postern jobs run rotate-keys: right after a first deployment that is all";
        return Finding::problem("keys", "no key signs: nobody can sign in", todo);
    };
    let age = days(now.since(current.since));
    // What was due two hours ago should have been done.
    match next_step(keys, now - LATE, &rules(stack)) {
        Some(step) => Finding::problem("keys", format!("{} has been due for two hours", named(&step)), RUNBOOK),
        None => Finding::ok(
            "keys",
            format!("{} signs since {age} days, of {}", current.kid, days(stack.app.settings.key_rotation)),
        ),
    }
}

fn named(step: &Step) -> String {
    match step {
        Step::CreateCurrent => "a first key".to_owned(),
        Step::CreateNext => "a next key".to_owned(),
        Step::Promote { next, .. } => format!("the promotion of {next}"),
        Step::Withdraw { kid } => format!("the withdrawal of {kid}"),
    }
}

fn secrets_finding(stack: &Stack, secrets: &[SecretRecord], now: Timestamp) -> Finding {
    let Some(newest) = secrets.iter().max_by_key(|secret| secret.created_at) else {
        let todo = "postern jobs run rotate-keys: right after a first deployment that is all";
        return Finding::problem("keys", "there are no secrets: nothing works", todo);
    };
    let age = now.since(newest.created_at);
    if age > stack.app.settings.secret_rotation + LATE {
        return Finding::problem("keys", format!("the newest secrets are {} days old", days(age)), RUNBOOK);
    }
    Finding::ok("keys", format!("{} version(s) of the secrets, the newest {} days old", secrets.len(), days(age)))
}

const fn days(span: Duration) -> u64 {
    span.as_secs() / 86_400
}
