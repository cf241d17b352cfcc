//! `deploy-check`: lets a synthetic person live with the new versions of the functions, before anybody else does (DEPLOY-3).
//!
//! CodeDeploy runs it ahead of each deployment of a function that takes part in that life. Its word is all that lets the
//! deployment go on: whatever goes wrong here, or does not answer, is a failure, and so is no word at all.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::accounts::synthetic;
use shared::app::App;
use shared::aws::trips;
use shared::context::RequestContext;
use shared::environment::Environment;
use shared::error::{Error, Result};
use shared::id;
use tracing::Instrument;

use super::aws::{Lambda, tell};
use super::life::{self, Fault};

pub const NAME: &str = "deploy-check";

/// The life has to be over by then. The rest of the function's sixty seconds is for the account's making and removal.
const LONGEST: Duration = Duration::from_secs(40);

/// The versions that a deployment brings, by their ARNs. The template names them.
pub struct Versions {
    pub(super) login: String,
    pub(super) refresh: String,
    pub(super) logout: String,
    pub(super) verify_token: String,
    pub(super) jwks: String,
    pub(super) authorizer: String,
}

impl Versions {
    /// # Errors
    /// Names the variable that is missing.
    pub fn read(environment: &Environment) -> Result<Self> {
        let version = |name: &str| {
            environment.get(name).map(str::to_owned).ok_or_else(|| Error::internal(format!("{name} is not set")))
        };
        Ok(Self {
            login: version("AUTH_LOGIN_VERSION")?,
            refresh: version("AUTH_REFRESH_VERSION")?,
            logout: version("AUTH_LOGOUT_VERSION")?,
            verify_token: version("AUTH_VERIFY_TOKEN_VERSION")?,
            jwks: version("KEYS_JWKS_VERSION")?,
            authorizer: version("AUTHORIZER_VERSION")?,
        })
    }
}

/// What CodeDeploy sends, and wants to hear of again.
#[derive(Deserialize)]
pub struct Order {
    #[serde(rename = "DeploymentId")]
    pub(super) deployment_id: String,
    #[serde(rename = "LifecycleEventHookExecutionId")]
    pub(super) execution_id: String,
}

/// What came of a check. CodeDeploy does not read it; whoever runs one by hand does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    run_id: String,
    has_passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// Checks the new versions and tells CodeDeploy.
///
/// # Errors
/// Only when CodeDeploy could not be told.
pub async fn handle(app: &App, versions: &Versions, order: &Order) -> Result<Report> {
    let now = app.clock.now();
    let run_id = id::fresh(now);
    let ctx = RequestContext::of_job(now, run_id.clone());
    let span = tracing::error_span!("check", request_id = run_id, function = NAME);
    let work = async {
        let judged = judge(app, &ctx, versions).await;
        let fault = judged.err().map(|fault| fault.to_string());
        match &fault {
            None => tracing::info!(deployment = order.deployment_id, "deployment checked"),
            Some(fault) => tracing::warn!(deployment = order.deployment_id, fault, "deployment refused"),
        }
        tell(app.sdk(), order, fault.is_none()).await.inspect_err(|error| {
            tracing::warn!(deployment = order.deployment_id, %error, "the deployment could not be told");
        })?;
        Ok(Report { run_id: run_id.clone(), has_passed: fault.is_none(), fault })
    };
    trips::counted(&run_id, work).instrument(span).await.0
}

/// The account is removed whatever its life was like; one that cannot be is a fault as well, and the next check's to remove.
async fn judge(app: &App, ctx: &RequestContext, versions: &Versions) -> Result<(), Fault> {
    synthetic::remove_left_over(app, ctx).await?;
    let account = synthetic::make(app, ctx).await?;
    let lambda = Lambda::new(app.sdk());
    let life = life::live(app, ctx, &lambda, versions, &account);
    let lived = tokio::time::timeout(LONGEST, life).await.unwrap_or(Err(Fault::TooLong));
    let ctx = RequestContext { now: app.clock.now(), ..ctx.clone() };
    let removed = synthetic::remove(app, &ctx, &account.record).await;
    lived?;
    removed.map_err(Fault::from)
}
