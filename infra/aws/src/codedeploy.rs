//! CodeDeploy: hears from the hooks of deployments how their checks went, and keeps what it was told.
//!
//! Left out: everything else, deployments included. Any that is named like one is taken for one under way.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request::Service;

/// What a hook said of its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookStatus {
    pub deployment_id: String,
    /// Which hook of that deployment.
    pub execution_id: String,
    /// `Succeeded` or `Failed`.
    pub status: String,
}

/// The emulated service.
#[derive(Default)]
pub(crate) struct Codedeploy {
    told: Mutex<Vec<HookStatus>>,
}

impl Codedeploy {
    pub(crate) fn serve(&self, operation: &str, input: &Value) -> Reply {
        let refuse =
            |code: &str, message: &str| Reply::error(Service::Codedeploy, StatusCode::BAD_REQUEST, code, message);
        if operation != "PutLifecycleEventHookExecutionStatus" {
            return refuse("UnknownOperationException", "The embedded CodeDeploy only hears from hooks");
        }
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let told = HookStatus {
            deployment_id: text("deploymentId"),
            execution_id: text("lifecycleEventHookExecutionId"),
            status: text("status"),
        };
        if !told.deployment_id.starts_with("d-") {
            return refuse("InvalidDeploymentIdException", "The deployment ID is not valid");
        }
        if told.execution_id.is_empty() {
            return refuse("InvalidLifecycleEventHookExecutionIdException", "The hook's execution ID is not valid");
        }
        // CodeDeploy takes no other answer than these two, although its model knows more.
        if !["Succeeded", "Failed"].contains(&told.status.as_str()) {
            return refuse("InvalidLifecycleEventHookExecutionStatusException", "It should be Succeeded or Failed");
        }
        let mut all = self.told();
        if all.iter().any(|known| known.deployment_id == told.deployment_id && known.execution_id == told.execution_id)
        {
            return refuse("LifecycleEventAlreadyCompletedException", "The status of this hook has been told already");
        }
        let answer = json!({ "lifecycleEventHookExecutionId": told.execution_id });
        all.push(told);
        Reply::json(Service::Codedeploy, &answer)
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Vec<HookStatus>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
