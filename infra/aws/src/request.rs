//! What a request is, as far as the front must know: which service and operation, for which tables, and
//! on behalf of which request of the product.
//!
//! Nothing is validated here; the services refuse what they do not like.

use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lambda::{self, Asked};
use crate::sts;

/// One of the emulated services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// DynamoDB, and DynamoDB Streams.
    Dynamodb,
    /// Key Management Service.
    Kms,
    /// Simple Email Service, version 1.
    Ses,
    /// Security Token Service: who calls.
    Sts,
    /// Lambda.
    Lambda,
    /// CodeDeploy.
    Codedeploy,
}

/// As in a fault's `service`.
impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dynamodb => "dynamodb",
            Self::Kms => "kms",
            Self::Ses => "ses",
            Self::Sts => "sts",
            Self::Lambda => "lambda",
            Self::Codedeploy => "codedeploy",
        })
    }
}

/// A request, told apart by its headers and body.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) service: Service,
    pub(crate) operation: String,
    /// The DynamoDB tables it names, each once, in the order of the request.
    pub(crate) tables: Vec<String>,
    /// The Lambda function it names, with the qualifier.
    pub(crate) function: Option<String>,
    /// How many items a DynamoDB transaction has; 0 for everything else.
    pub(crate) transaction_items: usize,
    pub(crate) input: Input,
}

/// The parsed body.
#[derive(Debug)]
pub(crate) enum Input {
    /// DynamoDB, KMS and CodeDeploy speak JSON. `Null` if it could not be read: the service says so.
    Json(Value),
    /// SES and STS speak the query protocol.
    Form(Vec<(String, String)>),
    /// Lambda speaks REST. The body is the function's event.
    Rest(Asked),
}

impl Identified {
    fn json(service: Service, operation: &str, body: &[u8]) -> Self {
        let input = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self {
            service,
            operation: operation.to_owned(),
            tables: Vec::new(),
            function: None,
            transaction_items: 0,
            input: Input::Json(input),
        }
    }
}

/// Tells which service a request is for.
///
/// # Errors
/// A text for the developer whose client speaks something else.
pub(crate) fn identify(head: &Parts, body: &[u8]) -> Result<Identified, String> {
    if let Some(asked) = lambda::asked(head) {
        let asked = asked?;
        return Ok(Identified {
            service: Service::Lambda,
            operation: asked.name().to_owned(),
            tables: Vec::new(),
            function: asked.resource(),
            transaction_items: 0,
            input: Input::Rest(asked),
        });
    }
    if head.method != Method::POST || head.uri.path() != "/" {
        return Err(format!(
            "the embedded AWS answers POST /, and paths of Lambda, not {} {}",
            head.method,
            head.uri.path()
        ));
    }
    let headers = &head.headers;
    if let Some(target) = header(headers, "x-amz-target") {
        return match target.split_once('.') {
            Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", operation)) => {
                let call = Identified::json(Service::Dynamodb, operation, body);
                let Input::Json(input) = &call.input else { return Ok(call) };
                let transaction_items = input["TransactItems"].as_array().map_or(0, Vec::len);
                Ok(Identified { tables: tables_named(input), transaction_items, ..call })
            }
            Some(("TrentService", operation)) => Ok(Identified::json(Service::Kms, operation, body)),
            Some(("CodeDeploy_20141006", operation)) => Ok(Identified::json(Service::Codedeploy, operation, body)),
            _ => Err(format!("the embedded AWS has no service for X-Amz-Target {target}")),
        };
    }
    if header(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
        if let Some((_, action)) = form.iter().find(|(name, _)| name == "Action") {
            return Ok(Identified {
                // No operation of the one is one of the other.
                service: if action == sts::OPERATION { Service::Sts } else { Service::Ses },
                operation: action.clone(),
                tables: Vec::new(),
                function: None,
                transaction_items: 0,
                input: Input::Form(form),
            });
        }
    }
    Err("neither X-Amz-Target (DynamoDB, KMS, CodeDeploy) nor a form with an Action (SES version 1, STS)".to_owned())
}

/// The value of a header, if it is text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The `md/request#<id>` and `md/wave#<n>` that the product adds to its user agent.
pub(crate) fn origin(headers: &HeaderMap) -> (Option<String>, Option<u32>) {
    let (mut request, mut wave) = (None, None);
    for name in [USER_AGENT.as_str(), "x-amz-user-agent"] {
        for token in header(headers, name).unwrap_or_default().split_ascii_whitespace() {
            if let Some(id) = token.strip_prefix("md/request#") {
                request = Some(id.to_owned());
            } else if let Some(n) = token.strip_prefix("md/wave#") {
                wave = n.parse().ok();
            }
        }
    }
    (request, wave)
}

/// Every table a DynamoDB request names: `TableName`, the keys of `RequestItems`, and those within
/// `TransactItems`. A table given by its ARN counts under its name.
fn tables_named(input: &Value) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let name = name.rsplit_once(":table/").map_or(name, |(_, table)| table);
        if !tables.iter().any(|known| known == name) {
            tables.push(name.to_owned());
        }
    };
    if let Some(name) = input["TableName"].as_str() {
        add(name);
    }
    for name in input["RequestItems"].as_object().into_iter().flat_map(serde_json::Map::keys) {
        add(name);
    }
    for item in input["TransactItems"].as_array().into_iter().flatten() {
        for action in item.as_object().into_iter().flat_map(serde_json::Map::values) {
            if let Some(name) = action["TableName"].as_str() {
                add(name);
            }
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_are_found_wherever_a_request_names_them() {
        assert_eq!(tables_named(&json!({"TableName": "arn:aws:dynamodb:us-east-1:1:table/users"})), ["users"]);
        assert_eq!(tables_named(&json!({"RequestItems": {"a": [], "b": []}})), ["a", "b"]);
        let put = json!({"Put": {"TableName": "b"}});
        let transaction = json!({"TransactItems": [put, {"Delete": {"TableName": "a"}}, put]});
        assert_eq!(tables_named(&transaction), ["b", "a"]);
    }

    #[test]
    fn the_origin_is_read_from_either_user_agent() {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, "aws-sdk-rust/1.3 md/request#r-1 lang/rust".parse().unwrap());
        headers.insert("x-amz-user-agent", "aws-sdk-rust/1.3 md/wave#2".parse().unwrap());
        assert_eq!(origin(&headers), (Some("r-1".to_owned()), Some(2)));
        assert_eq!(origin(&HeaderMap::new()), (None, None));
    }
}
