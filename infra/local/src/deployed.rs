//! For whoever runs the functions' own processes beside a stack, a test or `cargo lambda watch`: what Lambda would give them, and
//! the place of the event source mappings. How such a process is run is not this crate's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;

use crate::gateway::refused;
use crate::laptop;
use crate::stack::{Inner, Stack};

impl Stack {
    /// The variables of a function, by the name of its binary: the template's, and how its clients reach this stack's AWS.
    /// `None` when the template has no such function.
    pub fn environment_of(&self, function: &str) -> Option<BTreeMap<String, String>> {
        self.inner.environment_of(function)
    }

    /// How clients reach this stack's AWS, as Lambda sets it.
    pub fn client_settings(&self) -> BTreeMap<String, String> {
        laptop::client_settings(self.aws().endpoint()).into_iter().collect()
    }

    /// From now on no function gets records of a stream: whoever says this hands them over.
    pub async fn leave_streams(&mut self) {
        self.consumers.shutdown().await;
    }
}

impl Inner {
    fn environment_of(&self, function: &str) -> Option<BTreeMap<String, String>> {
        let function = self.template.functions.iter().find(|it| it.binary == function)?;
        Some(function.environment.clone().into_iter().chain(laptop::client_settings(self.aws.endpoint())).collect())
    }
}

/// The same as a file of variables, which `cargo lambda watch --env-file` takes.
pub(crate) async fn environment(State(stack): State<Arc<Inner>>, Path(function): Path<String>) -> Response<Body> {
    let Some(variables) = stack.environment_of(&function) else {
        return refused(StatusCode::NOT_FOUND, "not_found", "There is no such function");
    };
    let line = |(name, value): (String, String)| format!("{name}={value}\n");
    variables.into_iter().map(line).collect::<String>().into_response()
}
