//! Health: whether what sign-ins need answers (OPS-1).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::context::RequestContext;
use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "HealthStatus")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing is wrong.
    Healthy,
    /// People can sign in, but something they will need is failing.
    Degraded,
    /// People cannot sign in.
    Down,
}

/// One dependency.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthCheck")]
pub struct Check {
    status: Status,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    detail: Option<&'static str>,
}

/// The worst of its checks, and each of them.
#[derive(Serialize, JsonSchema)]
pub struct Health {
    pub status: Status,
    /// By name.
    pub checks: BTreeMap<&'static str, Check>,
}

/// Asks every dependency at once. Configuration has been checked at the start, or we would not be here.
pub async fn check(app: &App, ctx: &RequestContext) -> Health {
    let signing = async {
        let ring = app.ring(ctx.now).await?;
        let signer = ring.signer().ok_or_else(|| Error::internal("no key signs"))?;
        app.kms.is_enabled(&signer.kms_key_id).await
    };
    let (dynamodb, ring, signing, secrets, ses) = tokio::join!(
        app.store.ping(),
        app.ring(ctx.now),
        signing,
        app.kms.is_secrets_key_enabled(),
        app.ses().is_sending()
    );
    let is_yes = |answer: &Result<bool>| matches!(answer, Ok(true));
    let checks = BTreeMap::from([
        ("dynamodb", verdict(dynamodb.is_ok(), Status::Down, "does not answer")),
        ("jwks", verdict(ring.is_ok(), Status::Down, "the signing ring cannot be read")),
        ("signingKey", verdict(is_yes(&signing), Status::Down, "no key signs")),
        ("secrets", verdict(is_yes(&secrets), Status::Down, "the service's secrets cannot be unwrapped")),
        ("ses", verdict(is_yes(&ses), Status::Degraded, "mail is not being taken")),
        ("corsOrigins", verdict(!app.settings.frontend_origins.is_empty(), Status::Degraded, "no front end is listed")),
        ("configuration", verdict(true, Status::Down, "")),
    ]);
    let status = checks.values().map(|check| check.status).max().unwrap_or(Status::Healthy);
    Health { status, checks }
}

fn verdict(is_good: bool, otherwise: Status, detail: &'static str) -> Check {
    if is_good {
        Check { status: Status::Healthy, detail: None }
    } else {
        Check { status: otherwise, detail: Some(detail) }
    }
}
