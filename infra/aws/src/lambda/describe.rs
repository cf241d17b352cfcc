//! What Lambda tells of its functions. Only what a function has here, or what cannot be otherwise.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{DeployedFunction, LATEST, Refusal};

/// However many are asked for, a page has no more.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>
const PAGE: usize = 50;

/// One page of all functions, in the order of their names.
pub(super) fn page(functions: &[DeployedFunction], marker: Option<&str>, most: usize) -> Result<Value, Refusal> {
    if most == 0 {
        let message = "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: \
                       Member must have value greater than or equal to 1";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message));
    }
    let start = match marker {
        None => 0,
        Some(marker) => functions.iter().position(|function| function.name == marker).ok_or_else(|| {
            Refusal::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", "The Marker is not valid")
        })?,
    };
    let end = functions.len().min(start + most.min(PAGE));
    let listed: Vec<Value> = functions[start..end].iter().map(|function| configuration(function, LATEST)).collect();
    // What is not there is `null`, as Lambda writes it.
    Ok(json!({ "Functions": listed, "NextMarker": functions.get(end).map(|next| &next.name) }))
}

/// As `GetFunction` tells it.
pub(super) fn function(function: &DeployedFunction, version: &str) -> Value {
    let tags = json!({
        "aws:cloudformation:stack-name": function.stack,
        "aws:cloudformation:logical-id": function.logical_id,
        "aws:cloudformation:stack-id":
            format!("arn:aws:cloudformation:us-east-1:000000000000:stack/{}/local", function.stack),
        "lambda:createdBy": "SAM",
    });
    json!({ "Configuration": whole_configuration(function, version), "Tags": tags })
}

/// The configuration with the state of the function, which lists leave out.
pub(super) fn whole_configuration(function: &DeployedFunction, version: &str) -> Value {
    let mut whole = configuration(function, version);
    whole["State"] = "Active".into();
    whole["LastUpdateStatus"] = "Successful".into();
    whole
}

fn configuration(function: &DeployedFunction, version: &str) -> Value {
    let arn = match version {
        LATEST => function.arn(),
        version => format!("{}:{version}", function.arn()),
    };
    let variables: Map<String, Value> =
        function.environment.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "FunctionName": function.name,
        "FunctionArn": arn,
        "Version": version,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "PackageType": "Zip",
        "Timeout": function.timeout.as_secs(),
        "MemorySize": function.memory_mb,
        "Environment": { "Variables": variables },
    })
}
