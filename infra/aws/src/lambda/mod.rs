//! Lambda: functions that the local stack has deployed here, invoked by name, listed and described as AWS does.
//!
//! The code of a function is not here: whoever deploys brings a way to run it. Left out: making and changing
//! functions, more versions than the first, concurrency, the retries of asynchronous calls, streamed answers.

mod describe;
mod request;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request::Service;

pub(crate) use request::{Asked, InvocationType, Operation, asked};

/// The only region and account there are.
const PLACE: &str = "arn:aws:lambda:us-east-1:000000000000:function";

/// The version that every deployed function has published.
const VERSION: &str = "1";

/// What is not published yet.
pub const LATEST: &str = "$LATEST";

/// CloudFormation gives a function no longer name than Lambda takes.
const LONGEST_NAME: usize = 64;

/// The largest event of a call that waits for its answer, and of one that does not.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
const LARGEST_ASYNCHRONOUS_EVENT: usize = 1024 * 1024;

/// A function of a stack, as far as Lambda's API tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedFunction {
    /// Such as `postern-AuthLogin-4TQ0PA5YBV7C`.
    pub name: String,
    /// The stack that it belongs to, and its name inside the template.
    pub stack: String,
    pub logical_id: String,
    /// Its variables. Those that Lambda adds are not among them.
    pub environment: BTreeMap<String, String>,
    /// When it is stopped.
    pub timeout: Duration,
    pub memory_mb: u32,
    /// An alias of the published version.
    pub alias: Option<String>,
}

impl DeployedFunction {
    /// Named as CloudFormation would: stack, logical id, and twelve characters that mean nothing. Here they are the
    /// same each time.
    pub fn of_stack(stack: &str, logical_id: &str) -> Self {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        let hash = digest(&SHA256, format!("{stack}/{logical_id}").as_bytes());
        let suffix: String =
            hash.as_ref().iter().take(12).map(|byte| char::from(alphabet[usize::from(byte % 32)])).collect();
        let most = LONGEST_NAME - suffix.len() - 1;
        let beginning: String = format!("{stack}-{logical_id}").chars().take(most).collect();
        Self {
            name: format!("{beginning}-{suffix}"),
            stack: stack.to_owned(),
            logical_id: logical_id.to_owned(),
            environment: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            alias: None,
        }
    }

    /// Its ARN, without a qualifier.
    pub fn arn(&self) -> String {
        format!("{PLACE}:{}", self.name)
    }

    /// The ARN of the version that is published.
    pub fn version_arn(&self) -> String {
        format!("{}:{VERSION}", self.arn())
    }

    /// The ARN of its alias; its own where it has none.
    pub fn alias_arn(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{}:{alias}", self.arn()),
            None => self.arn(),
        }
    }

    /// The version that a qualifier means; `None` if there is no such version or alias.
    fn version(&self, qualifier: Option<&str>) -> Option<&'static str> {
        match qualifier {
            None | Some(LATEST) => Some(LATEST),
            Some(VERSION) => Some(VERSION),
            Some(other) => (self.alias.as_deref() == Some(other)).then_some(VERSION),
        }
    }
}

/// One call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The function's name inside the template.
    pub logical_id: String,
    /// `$LATEST`, or the number of a published version.
    pub version: &'static str,
    pub event: Value,
}

/// What a function failed with, as the runtime would report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    pub kind: String,
    pub message: String,
}

/// The end of a call.
pub type Invoked = Result<Value, FunctionError>;

/// Runs a function. It is called on the server's own thread, so whatever takes time must be done elsewhere.
pub type Run = Arc<dyn Fn(Invocation) -> Pin<Box<dyn Future<Output = Invoked> + Send>> + Send + Sync>;

struct Deployed {
    functions: Vec<DeployedFunction>,
    run: Run,
}

/// The emulated service. There is nothing in it until somebody deploys.
#[derive(Default)]
pub(crate) struct Lambda {
    deployed: OnceLock<Deployed>,
}

/// What was wrong with a request.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn not_found(function: &str, qualifier: Option<&str>) -> Self {
        let qualifier = qualifier.map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        let message = format!("Function not found: {PLACE}:{function}{qualifier}");
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }
}

impl Lambda {
    /// Deploys the functions of a stack, once. False if somebody has been here before.
    pub(crate) fn deploy(&self, mut functions: Vec<DeployedFunction>, run: Run) -> bool {
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        self.deployed.set(Deployed { functions, run }).is_ok()
    }

    pub(crate) async fn serve(&self, asked: &Asked, body: &Bytes) -> Reply {
        match self.answer(asked, body).await {
            Ok(reply) => reply,
            Err(Refusal { status, code, message }) => Reply::error(Service::Lambda, status, code, &message),
        }
    }

    async fn answer(&self, asked: &Asked, body: &Bytes) -> Result<Reply, Refusal> {
        match &asked.operation {
            Operation::ListFunctions { marker, most } => {
                let page = describe::page(self.functions(), marker.as_deref(), *most)?;
                Ok(Reply::json(Service::Lambda, &page))
            }
            Operation::GetFunction => {
                let (function, version) = self.find(asked)?;
                Ok(Reply::json(Service::Lambda, &describe::function(function, version)))
            }
            Operation::GetFunctionConfiguration => {
                let (function, version) = self.find(asked)?;
                Ok(Reply::json(Service::Lambda, &describe::whole_configuration(function, version)))
            }
            Operation::Invoke(kind) => self.invoke(asked, *kind, body).await,
        }
    }

    async fn invoke(&self, asked: &Asked, kind: InvocationType, body: &Bytes) -> Result<Reply, Refusal> {
        let (function, version) = self.find(asked)?;
        let largest = match kind {
            InvocationType::Event => LARGEST_ASYNCHRONOUS_EVENT,
            InvocationType::RequestResponse | InvocationType::DryRun => LARGEST_EVENT,
        };
        if body.len() > largest {
            let message = format!(
                "{} byte payload is too large for the {kind:?} invocation type (limit {largest} bytes)",
                body.len()
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
        }
        let event: Value = match body.is_empty() {
            true => json!({}),
            false => serde_json::from_slice(body).map_err(|error| {
                let message = format!("Could not parse request body into json: {error}");
                Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
            })?,
        };
        let invocation = Invocation { logical_id: function.logical_id.clone(), version, event };
        match kind {
            InvocationType::DryRun => Ok(Reply::empty(StatusCode::NO_CONTENT)),
            InvocationType::Event => {
                // Nobody waits for it, and here nobody tries it again.
                tokio::spawn(self.run(invocation, function.timeout));
                Ok(Reply::empty(StatusCode::ACCEPTED))
            }
            InvocationType::RequestResponse => Ok(outcome(self.run(invocation, function.timeout).await, version)),
        }
    }

    fn run(&self, invocation: Invocation, timeout: Duration) -> impl Future<Output = Invoked> + Send + use<> {
        let running = self.deployed.get().map(|deployed| (deployed.run)(invocation));
        async move {
            let Some(running) = running else { return Ok(Value::Null) };
            tokio::time::timeout(timeout, running).await.unwrap_or_else(|_| {
                let message = format!("Error: Task timed out after {:.2} seconds", timeout.as_secs_f64());
                Err(FunctionError { kind: "Sandbox.Timedout".to_owned(), message })
            })
        }
    }

    fn functions(&self) -> &[DeployedFunction] {
        self.deployed.get().map_or(&[], |deployed| deployed.functions.as_slice())
    }

    fn find(&self, asked: &Asked) -> Result<(&DeployedFunction, &'static str), Refusal> {
        let (name, qualifier) = (asked.function.as_str(), asked.qualifier.as_deref());
        let function = self.functions().iter().find(|function| function.name == name);
        function
            .and_then(|function| Some((function, function.version(qualifier)?)))
            .ok_or_else(|| Refusal::not_found(name, qualifier))
    }
}

/// A function that fails has been invoked all the same: a header says so, and the body why.
fn outcome(invoked: Invoked, version: &str) -> Reply {
    let (body, error) = match invoked {
        Ok(answer) => (answer, None),
        Err(FunctionError { kind, message }) => (
            json!({ "errorType": kind, "errorMessage": message }),
            Some(("x-amz-function-error", "Unhandled".to_owned())),
        ),
    };
    let reply = Reply::json(Service::Lambda, &body).with_header("x-amz-executed-version", version.to_owned());
    match error {
        Some((name, value)) => reply.with_header(name, value),
        None => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cloudformations() {
        let function = DeployedFunction::of_stack("postern", "AuthLogin");
        let (beginning, suffix) = function.name.rsplit_once('-').unwrap();
        assert_eq!((beginning, suffix.len()), ("postern-AuthLogin", 12));
        assert_eq!(function, DeployedFunction::of_stack("postern", "AuthLogin"));
        assert_ne!(function.name, DeployedFunction::of_stack("postern", "AuthLogout").name);
        let long = DeployedFunction::of_stack(&"s".repeat(50), "OrganizationsSlugAvailable");
        assert_eq!(long.name.len(), LONGEST_NAME);
    }
}
