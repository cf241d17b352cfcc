//! CodeDeploy, as far as hooks speak to it.

use embedded_aws::HookStatus;
use serde_json::json;

use crate::client::Client;

#[tokio::test]
async fn a_hook_tells_how_its_check_went_once() {
    let client = Client::start().await;
    let tell = async |deployment: &str, status: &str| {
        let input = json!({ "deploymentId": deployment, "lifecycleEventHookExecutionId": "hook-1", "status": status });
        client.codedeploy("PutLifecycleEventHookExecutionStatus", input).await
    };
    assert_eq!(tell("d-1", "Perhaps").await.unwrap_err()["code"], "InvalidLifecycleEventHookExecutionStatusException");
    assert_eq!(tell("1", "Failed").await.unwrap_err()["code"], "InvalidDeploymentIdException");
    assert_eq!(tell("d-1", "Failed").await.unwrap(), json!({ "lifecycleEventHookExecutionId": "hook-1" }));
    assert_eq!(tell("d-1", "Succeeded").await.unwrap_err()["code"], "LifecycleEventAlreadyCompletedException");
    tell("d-2", "Succeeded").await.unwrap();
    let told = |deployment: &str, status: &str| HookStatus {
        deployment_id: deployment.to_owned(),
        execution_id: "hook-1".to_owned(),
        status: status.to_owned(),
    };
    assert_eq!(client.aws.hook_statuses(), [told("d-1", "Failed"), told("d-2", "Succeeded")]);
    assert_eq!(
        client.codedeploy("CreateDeployment", json!({})).await.unwrap_err()["code"],
        "UnknownOperationException"
    );
}
