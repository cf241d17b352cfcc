//! The template's functions behind Lambda's API: what they are called there, and how they are run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use embedded_aws::{DeployedFunction, FunctionError, Invocation, Invoked, LATEST, Run};
use lambda_http::lambda_runtime::Diagnostic;
use serde_json::Value;
use template::{Function, Template};
use tokio::runtime::Handle;

use crate::functions::{self, Failed};
use crate::stack::Inner;

/// The functions of a template as a stack of this name has them.
pub(crate) fn functions(template: &Template, stack: &str) -> Vec<DeployedFunction> {
    let deployed = |function: &Function| DeployedFunction {
        environment: function.environment.clone(),
        timeout: Duration::from_secs(function.timeout_seconds.into()),
        memory_mb: function.memory_mb,
        alias: function.alias.clone(),
        ..DeployedFunction::of_stack(stack, &function.logical_id)
    };
    template.functions.iter().map(deployed).collect()
}

/// Runs a function on the stack's own runtime, for as long as there is a stack: whoever asks has a thread of its own that
/// must not wait.
pub(crate) fn run(stack: Weak<Inner>) -> Run {
    let runtime = Handle::current();
    Arc::new(move |invocation| {
        let running = runtime.spawn(invoke(stack.clone(), invocation));
        Box::pin(async move { running.await.unwrap_or_else(|_| Err(error("the local stack is stopping"))) })
    })
}

/// Versions that answer otherwise than the code, by their functions' binaries.
#[derive(Default)]
pub(crate) struct Published(Mutex<BTreeMap<String, Version>>);

type Version = Arc<dyn Fn(&Value) -> Option<Value> + Send + Sync>;

impl Published {
    pub(crate) fn put(&self, binary: &str, version: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(binary.to_owned(), Arc::new(version));
    }

    fn answer(&self, binary: &str, event: &Value) -> Option<Value> {
        let version = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(binary).cloned();
        version?(event)
    }
}

async fn invoke(stack: Weak<Inner>, invocation: Invocation) -> Invoked {
    let stack = stack.upgrade().ok_or_else(|| error("the local stack is stopping"))?;
    let function = stack.template.functions.iter().find(|function| function.logical_id == invocation.logical_id);
    let binary = function.map(|function| function.binary.as_str()).ok_or_else(|| error("no such function"))?;
    if invocation.version != LATEST
        && let Some(answer) = stack.published.answer(binary, &invocation.event)
    {
        return Ok(answer);
    }
    functions::invoke(stack.app(), &stack.template, binary, invocation.event).await.map_err(|failed| match failed {
        Failed::Panicked => FunctionError { kind: "panic".to_owned(), message: format!("Lambda panicked: {failed}") },
        Failed::NoSuchFunction(_) | Failed::Error(_) | Failed::Refused(_) => error(&failed.to_string()),
    })
}

/// As the runtime reports what a handler failed with.
fn error(message: &str) -> FunctionError {
    let Diagnostic { error_type, error_message, .. } = Diagnostic::from(lambda_http::Error::from(message.to_owned()));
    FunctionError { kind: error_type, message: error_message }
}
