//! What the faults that answer look like on the wire: each service's own error.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Fault, FaultKind};
use crate::reply::Reply;
use crate::request::{Identified, Service};

/// The error a fault answers with, or `None` if it lets the call be done.
pub(crate) fn reply(fault: &Fault, call: &Identified) -> Option<Reply> {
    let service = fault.service;
    match fault.kind {
        FaultKind::Throttle => Some(throttled(service)),
        FaultKind::Error => Some(broken(service)),
        FaultKind::CancelItem => Some(cancelled(fault, call)),
        FaultKind::Delay | FaultKind::DropAfterCommit => None,
    }
}

fn throttled(service: Service) -> Reply {
    let (code, message) = match service {
        Service::Dynamodb => (
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. \
             Consider increasing your provisioning level with the UpdateTable API.",
        ),
        Service::Kms => (
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        Service::Ses => ("Throttling", "Maximum sending rate exceeded."),
        Service::Sts => ("Throttling", "Rate exceeded"),
        Service::Lambda => ("TooManyRequestsException", "Rate Exceeded."),
        Service::Codedeploy => ("ThrottlingException", "Rate exceeded"),
    };
    let status = match service {
        Service::Lambda => StatusCode::TOO_MANY_REQUESTS,
        Service::Dynamodb | Service::Kms | Service::Ses | Service::Sts | Service::Codedeploy => StatusCode::BAD_REQUEST,
    };
    Reply::error(service, status, code, message)
}

fn broken(service: Service) -> Reply {
    let (code, message) = match service {
        Service::Dynamodb => ("InternalServerError", "Internal server error"),
        Service::Kms => ("KMSInternalException", "An internal error occurred."),
        Service::Ses | Service::Sts | Service::Codedeploy => ("InternalFailure", "An internal error occurred."),
        Service::Lambda => ("ServiceException", "An error occurred and the request cannot be processed."),
    };
    Reply::error(service, StatusCode::INTERNAL_SERVER_ERROR, code, message)
}

fn cancelled(fault: &Fault, call: &Identified) -> Reply {
    let code = fault.reason.as_deref().unwrap_or_default();
    let is_hit = |item: usize| fault.item == Some(item);
    let codes: Vec<&str> = (0..call.transaction_items).map(|item| if is_hit(item) { code } else { "None" }).collect();
    let reasons: Vec<Value> = codes
        .iter()
        .map(|code| match *code {
            "None" => json!({"Code": "None"}),
            code => json!({"Code": code, "Message": reason_text(code)}),
        })
        .collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    Reply::json_error(
        Service::Dynamodb,
        StatusCode::BAD_REQUEST,
        "TransactionCanceledException",
        json!({"Message": message, "CancellationReasons": reasons}),
    )
}

/// The texts of the API reference; another code carries itself.
fn reason_text(code: &str) -> &str {
    match code {
        "ConditionalCheckFailed" => "The conditional request failed.",
        "TransactionConflict" => "Transaction is ongoing for the item.",
        "ProvisionedThroughputExceeded" => "The level of configured provisioned throughput for the table was exceeded.",
        "ThrottlingError" => "Throughput exceeds the current capacity of your table or index.",
        "ItemCollectionSizeLimitExceeded" => "Collection size exceeded.",
        "ValidationError" => "One or more parameter values were invalid.",
        other => other,
    }
}
