//! What is asked of Lambda: it speaks REST, so method, path and query say which operation it is and of which function.

use form_urlencoded::parse;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

use crate::request::header;

/// The version of the API that all of its paths begin with.
const FUNCTIONS: &str = "/2015-03-31/functions";

/// An operation on Lambda's functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Invoke(InvocationType),
    ListFunctions { marker: Option<String>, most: usize },
    GetFunction,
    GetFunctionConfiguration,
}

/// How a function is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// An operation, and the function it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) operation: Operation,
    /// The function's name; empty where the operation is about no single one.
    pub(crate) function: String,
    /// A version or an alias.
    pub(crate) qualifier: Option<String>,
}

impl Asked {
    /// The function as a policy's resource would end: its name, and the qualifier if there is one.
    pub(crate) fn resource(&self) -> Option<String> {
        let qualifier = self.qualifier.as_ref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        (!self.function.is_empty()).then(|| format!("{}{qualifier}", self.function))
    }

    /// The operation's name in the API reference.
    pub(crate) fn name(&self) -> &'static str {
        match self.operation {
            Operation::Invoke(_) => "Invoke",
            Operation::ListFunctions { .. } => "ListFunctions",
            Operation::GetFunction => "GetFunction",
            Operation::GetFunctionConfiguration => "GetFunctionConfiguration",
        }
    }
}

/// Reads a request for Lambda. `None` if the path is not one of Lambda's.
///
/// # Errors
/// A text for the developer who asks for what is not played here.
pub(crate) fn asked(head: &Parts) -> Option<Result<Asked, String>> {
    let rest = head.uri.path().strip_prefix(FUNCTIONS)?;
    let query: Vec<(String, String)> = parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let parameter = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let unknown = || format!("the embedded Lambda does not know {} {}", head.method, head.uri.path());
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let operation = match (&head.method, parts.as_slice()) {
        (&Method::GET, []) => match parameter("MaxItems").map(|most| most.parse::<usize>()) {
            Some(Err(_)) => return Some(Err("MaxItems is not a number".to_owned())),
            most => Operation::ListFunctions {
                marker: parameter("Marker"),
                most: most.and_then(Result::ok).unwrap_or(usize::MAX),
            },
        },
        (&Method::GET, [_]) => Operation::GetFunction,
        (&Method::GET, [_, "configuration"]) => Operation::GetFunctionConfiguration,
        (&Method::POST, [_, "invocations"]) => match invocation_type(&head.headers) {
            Some(kind) => Operation::Invoke(kind),
            None => return Some(Err("X-Amz-Invocation-Type is RequestResponse, Event or DryRun".to_owned())),
        },
        _ => return Some(Err(unknown())),
    };
    let (function, qualifier) = parts.first().map(|name| named(&decoded(name))).unwrap_or_default();
    Some(Ok(Asked { operation, function, qualifier: qualifier.or_else(|| parameter("Qualifier")) }))
}

fn invocation_type(headers: &HeaderMap) -> Option<InvocationType> {
    match header(headers, "x-amz-invocation-type") {
        None | Some("RequestResponse") => Some(InvocationType::RequestResponse),
        Some("Event") => Some(InvocationType::Event),
        Some("DryRun") => Some(InvocationType::DryRun),
        Some(_) => None,
    }
}

/// A segment of a path with its `%3A`s read. A `+` is a plus there, unlike in a query.
fn decoded(segment: &str) -> String {
    let segment = segment.replace('+', "%2B");
    parse(format!("={segment}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A function may be named by its name, by a part of its ARN or by the whole, each with a qualifier behind it.
fn named(text: &str) -> (String, Option<String>) {
    let rest = match text.rsplit_once(":function:") {
        Some((_, rest)) => rest,
        None => text.strip_prefix("function:").unwrap_or(text),
    };
    match rest.split_once(':') {
        Some((name, qualifier)) => (name.to_owned(), Some(qualifier.to_owned())),
        None => (rest.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str) -> Option<Result<Asked, String>> {
        let (head, ()) = hyper::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        asked(&head)
    }

    #[test]
    fn a_function_has_many_names() {
        let whole = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Amine";
        for name in ["mine", whole, "000000000000:function:mine", "function:mine"] {
            for (path, qualifier) in [
                (format!("{name}/invocations"), None),
                (format!("{name}:live/invocations"), Some("live")),
                (format!("{name}%3A1/invocations"), Some("1")),
                (format!("{name}/invocations?Qualifier=%24LATEST"), Some("$LATEST")),
            ] {
                let asked = read("POST", &format!("{FUNCTIONS}/{path}")).unwrap().unwrap();
                assert_eq!((asked.function.as_str(), asked.qualifier.as_deref()), ("mine", qualifier), "{path}");
                assert_eq!(asked.operation, Operation::Invoke(InvocationType::RequestResponse));
            }
        }
    }

    #[test]
    fn only_what_is_played_is_understood() {
        assert_eq!(read("POST", "/"), None);
        assert_eq!(read("GET", &format!("{FUNCTIONS}/")).unwrap().unwrap().name(), "ListFunctions");
        assert_eq!(read("GET", &format!("{FUNCTIONS}/mine")).unwrap().unwrap().name(), "GetFunction");
        for (method, path) in [("POST", ""), ("DELETE", "/mine"), ("GET", "/mine/policy"), ("GET", "?MaxItems=many")] {
            assert!(read(method, &format!("{FUNCTIONS}{path}")).unwrap().is_err(), "{method} {path}");
        }
    }
}
