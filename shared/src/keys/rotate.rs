//! Keeps the signing ring in order, and has the secrets kept so: what the job `jobs-rotate-keys` does (KEYS-1, KEYS-2).
//!
//! Every change is one transaction that advances the ring's head, so runs at once, repeated runs and runs that stopped
//! half-way are harmless. A KMS key made by a run that then lost is let go again.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::jwk::PublicJwk;
use super::not_before;
use super::ring::{RingRules, Step, next_step, promote_now};
use super::rotate_secrets;
use crate::app::App;
use crate::audit::{Actor, Event, Kind};
use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::error::{Error, Result};
use crate::store::{KeyRecord, KeyState, RingRecords};

/// What a run is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Whatever is due.
    #[default]
    Settle,
    /// Promote *next* now, if it has been published for long enough.
    Rotate,
    /// Another version of the secrets now, if the newest has been published for long enough.
    RotateSecrets,
    /// Emergency: withdraw this key at once. Its tokens stop verifying here within a minute; verifiers that cache the
    /// JWKS may accept them for as long as they cache (D1). Naming the key makes a repeated command harmless.
    RetireNow { kid: String },
    /// After a backup was restored: end every session and link issued before this instant, or before now. Counts
    /// everywhere within a minute.
    RaiseNotBefore {
        #[serde(default, deserialize_with = "rfc_3339")]
        to: Option<Timestamp>,
    },
}

fn rfc_3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Timestamp::parse(&text).map(Some).ok_or_else(|| D::Error::custom("must be an instant of RFC 3339"))
}

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The steps taken, in order, for people.
    pub steps: Vec<String>,
    /// Another run was at work; what is left is its business.
    pub overtaken: bool,
    /// Keys that were retired and are still in KMS, by their ids there: somebody has to schedule their deletion.
    #[serde(rename = "leftInKms", skip_serializing_if = "Vec::is_empty")]
    pub left_in_kms: Vec<String>,
}

/// A settled ring is at most this many steps away, from any state.
const MAX_STEPS: usize = 6;

/// Does what is asked, and whatever is due. Trouble with the one ring does not keep the other waiting.
pub async fn run(app: &App, ctx: &RequestContext, action: Action) -> Result<Report> {
    let mut report = Report::default();
    let signing = settle(app, ctx, &action, &mut report).await;
    rotate_secrets::settle(app, ctx, action == Action::RotateSecrets, &mut report).await?;
    signing.map(|()| report)
}

async fn settle(app: &App, ctx: &RequestContext, action: &Action, report: &mut Report) -> Result<()> {
    let rules = RingRules::new(app.settings.key_rotation, app.settings.sessions.access_life);
    match action {
        Action::RetireNow { kid } => retire_now(app, ctx, kid, report).await?,
        Action::RaiseNotBefore { to } => not_before::raise(app, ctx, *to, report).await?,
        Action::Settle | Action::Rotate | Action::RotateSecrets => {}
    }
    for round in 0..MAX_STEPS {
        let ring = app.store.signing_ring().await?;
        let by_hand =
            if round == 0 && *action == Action::Rotate { promote_now(&ring.keys, ctx.now, &rules) } else { None };
        let Some(step) = by_hand.or_else(|| next_step(&ring.keys, ctx.now, &rules)) else { break };
        if !take(app, ctx, &ring, step, report).await? {
            report.overtaken = true;
            break;
        }
    }
    Ok(())
}

/// Takes one step. False when another run changed the ring meanwhile.
async fn take(app: &App, ctx: &RequestContext, ring: &RingRecords, step: Step, report: &mut Report) -> Result<bool> {
    let change = app.store.transaction().advance_ring(ring);
    let telling = &ctx.at(app.clock.now());
    let event = |kid: &str, step: &str| {
        Event::new(Kind::KeyRotated, Actor::System("rotate-keys")).on_key(kid).with("step", step)
    };
    let (committed, told) = match step {
        Step::CreateCurrent => return create(app, ctx, ring, KeyState::Current, report).await,
        Step::CreateNext => return create(app, ctx, ring, KeyState::Next, report).await,
        Step::Promote { next, retiring } => {
            let mut change = change.move_key(&next, KeyState::Current, ctx.now);
            if let Some(kid) = &retiring {
                change = change.move_key(kid, KeyState::Retired, ctx.now);
            }
            (change.event(telling, event(&next, "promoted"))?.commit().await?, format!("promoted {next}"))
        }
        Step::Withdraw { kid } => {
            // The key first: it signs no more, and once it has left the ring nobody would know of it.
            let_go(app, ring, &kid).await?;
            (
                change.withdraw_key(&kid).event(telling, event(&kid, "withdrawn"))?.commit().await?,
                format!("withdrew {kid}"),
            )
        }
    };
    if committed.is_done() {
        report.steps.push(told);
    }
    Ok(committed.is_done())
}

async fn create(
    app: &App,
    ctx: &RequestContext,
    ring: &RingRecords,
    state: KeyState,
    report: &mut Report,
) -> Result<bool> {
    let kms_key_id = app.kms.create_signing_key(app.settings.signing_algorithm).await?;
    let added = add(app, ctx, ring, state, &kms_key_id).await;
    match &added {
        Ok(Some(kid)) => report.steps.push(format!("created {kid}")),
        // Another run was faster, or something failed; then the key may be in the ring all the same.
        Ok(None) | Err(_) => forget(app, &kms_key_id).await,
    }
    Ok(added?.is_some())
}

/// Puts a KMS key into the ring. `None` when another run changed the ring meanwhile.
async fn add(
    app: &App,
    ctx: &RequestContext,
    ring: &RingRecords,
    state: KeyState,
    kms_key_id: &str,
) -> Result<Option<String>> {
    let algorithm = app.settings.signing_algorithm;
    let der = app.kms.public_key(kms_key_id).await?;
    let public =
        PublicJwk::from_der(algorithm, &der).ok_or_else(|| Error::internal("KMS gave a public key of another kind"))?;
    let kid = public.thumbprint();
    let event = Event::new(Kind::KeyRotated, Actor::System("rotate-keys")).on_key(&kid).with("step", "created");
    let record = KeyRecord {
        kid: kid.clone(),
        kms_key_id: kms_key_id.to_owned(),
        algorithm,
        public,
        state,
        published_at: ctx.now,
        since: ctx.now,
    };
    let change =
        app.store.transaction().advance_ring(ring).create_key(&record)?.event(&ctx.at(app.clock.now()), event)?;
    Ok(change.commit().await?.is_done().then_some(kid))
}

/// Lets a KMS key go that is not in the ring, so that no run leaves one behind to be paid for.
async fn forget(app: &App, kms_key_id: &str) {
    let forgotten = async {
        let is_in_use = app.store.signing_ring().await?.keys.iter().any(|key| key.kms_key_id == kms_key_id);
        if is_in_use { Ok(()) } else { app.kms.schedule_deletion(kms_key_id).await }
    };
    if let Err(error) = forgotten.await {
        tracing::error!(kms_key_id, %error, "a KMS key may have been left behind");
    }
}

/// Withdraws a key of the ring, whatever its place. If it was *current*, *next* takes over in the same change, and is made
/// first where there is none: there is always a key that signs.
async fn retire_now(app: &App, ctx: &RequestContext, kid: &str, report: &mut Report) -> Result<()> {
    let mut ring = app.store.signing_ring().await?;
    let signs = ring.keys.iter().any(|key| key.kid == kid && key.state == KeyState::Current);
    if signs && !ring.keys.iter().any(|key| key.state == KeyState::Next) {
        if !create(app, ctx, &ring, KeyState::Next, report).await? {
            report.overtaken = true;
            return Ok(());
        }
        ring = app.store.signing_ring().await?;
    }
    let Some(key) = ring.keys.iter().find(|key| key.kid == kid) else {
        report.steps.push(format!("{kid} is not in the ring: nothing to retire"));
        return Ok(());
    };
    // With its name in KMS: should this run die before the deletion is scheduled, nothing else would know it.
    let event = Event::new(Kind::KeyRotated, Actor::System("rotate-keys")).on_key(kid);
    let event = event.with("step", "retired at once").with("kms_key", &key.kms_key_id);
    let mut change =
        app.store.transaction().advance_ring(&ring).withdraw_key(kid).event(&ctx.at(app.clock.now()), event)?;
    let next = ring.keys.iter().find(|other| other.state == KeyState::Next);
    if let (KeyState::Current, Some(next)) = (key.state, next) {
        change = change.move_key(&next.kid, KeyState::Current, ctx.now);
    }
    if !change.commit().await?.is_done() {
        report.overtaken = true;
        return Ok(());
    }
    report.steps.push(format!("retired {kid} at once"));
    if let Err(error) = let_go(app, &ring, kid).await {
        tracing::error!(kid, %error, "a retired key is still in KMS: schedule its deletion by hand");
        report.steps.push(format!("could not schedule the deletion of {kid} in KMS: do it by hand"));
        report.left_in_kms.push(key.kms_key_id.clone());
    }
    Ok(())
}

async fn let_go(app: &App, ring: &RingRecords, kid: &str) -> Result<()> {
    let Some(key) = ring.keys.iter().find(|key| key.kid == kid) else { return Ok(()) };
    app.kms.schedule_deletion(&key.kms_key_id).await
}
