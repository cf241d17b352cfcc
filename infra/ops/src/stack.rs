//! A deployed stack, found by its functions: they have its name, its tables, its keys and its settings in their environment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::Value;
use shared::app::App;
use shared::audit::Actor;
use shared::context::RequestContext;
use shared::environment::Environment;
use shared::error::Error;
use shared::id;
use shared::settings::Settings;

use crate::arguments::Options;
use crate::aws::{self, AwsClock};
use crate::exit::Failure;

const LAMBDA: &str = "Lambda";

/// What leads to the version of a function that is in use, where a newer one may be waiting (`AutoPublishAlias`).
const ALIAS: &str = "live";

/// No function runs longer.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

/// The tags that CloudFormation gives to what it makes.
const STACK_TAG: &str = "aws:cloudformation:stack-name";
const LOGICAL_ID_TAG: &str = "aws:cloudformation:logical-id";

/// A function as it is deployed.
pub(crate) struct Function {
    /// Its physical name.
    pub(crate) name: String,
    pub(crate) environment: BTreeMap<String, String>,
}

/// The functions of a stack, before anything is known of their settings.
pub(crate) struct Functions {
    pub(crate) stack: String,
    pub(crate) all: Vec<Function>,
    pub(crate) clock: AwsClock,
    config: SdkConfig,
    client: Client,
}

/// A stack whose settings are valid, with all that its functions have at hand.
pub(crate) struct Stack {
    pub(crate) app: Arc<App>,
    pub(crate) functions: Functions,
}

impl Functions {
    /// Looks the stack up.
    ///
    /// # Errors
    /// When there is none of this name here.
    pub(crate) async fn find(options: &Options) -> Result<Self, Failure> {
        let config = aws::connect(options).await?;
        let clock = AwsClock::default();
        let client =
            Client::from_conf(aws_sdk_lambda::config::Builder::from(&config).interceptor(clock.interceptor()).build());
        let mut all = Vec::new();
        let mut pages = client.list_functions().into_paginator().items().send();
        while let Some(function) = pages.next().await {
            let function = function.map_err(|cause| Error::unavailable(LAMBDA, &cause))?;
            let variables = function.environment.and_then(|environment| environment.variables).unwrap_or_default();
            if variables.get("STACK_NAME") == Some(&options.stack) {
                let name = function.function_name.unwrap_or_default();
                all.push(Function { name, environment: variables.into_iter().collect() });
            }
        }
        if all.is_empty() {
            let region = config.region().map(ToString::to_string).unwrap_or_default();
            let message = format!(
                "there is no function of a stack {:?} in {region}: look at --stack, --region and --profile",
                options.stack
            );
            return Err(Failure::found("stack_not_found", message));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { stack: options.stack.clone(), all, clock, config, client })
    }

    /// With the settings of the functions, which are the same for all (`doctor` looks whether they are).
    ///
    /// # Errors
    /// When they have faults.
    pub(crate) fn into_stack(self) -> Result<Stack, Failure> {
        let environment: Environment = self.all[0].environment.clone().into_iter().collect();
        let settings = Settings::read(&environment).map_err(|faults| {
            Failure::found("settings", format!("{faults}\nmend the template's parameters and deploy again"))
        })?;
        let app = App::on(self.config.clone(), settings, self.clock.clock());
        Ok(Stack { app: Arc::new(app), functions: self })
    }

    /// Whether a function of the code, named like its binary, is deployed.
    pub(crate) fn has(&self, binary: &str) -> bool {
        let logical_id = logical_id(binary);
        self.all.iter().any(|function| may_be(&function.name, &logical_id))
    }

    /// Has a function do its work, and gives its answer.
    ///
    /// # Errors
    /// When it failed, with what it said.
    pub(crate) async fn invoke(&self, binary: &str, input: &Value) -> Result<Value, Failure> {
        let name = self.physical_name(binary).await?;
        // Once: a job that is slow to answer is at work all the same.
        let patient = aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(
            TimeoutConfig::builder().operation_timeout(LONGEST_RUN).operation_attempt_timeout(LONGEST_RUN).build(),
        );
        let request = self.client.invoke().function_name(&name).qualifier(ALIAS).payload(Blob::new(input.to_string()));
        let output = request.customize().config_override(patient).send().await;
        let output = output.map_err(|cause| Error::unavailable(LAMBDA, &cause))?;
        let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
        let answer: Value = serde_json::from_slice(&payload).unwrap_or_default();
        match output.function_error {
            None => Ok(answer),
            Some(kind) => {
                let what = answer["errorMessage"].as_str().map_or(kind, str::to_owned);
                Err(Failure::found("function_failed", format!("{name} failed: {what}")))
            }
        }
    }

    /// A function's name as CloudFormation made it. Several may look alike, so its tags decide.
    async fn physical_name(&self, binary: &str) -> Result<String, Failure> {
        let logical_id = logical_id(binary);
        for function in self.all.iter().filter(|function| may_be(&function.name, &logical_id)) {
            let described = self.client.get_function().function_name(&function.name).send().await;
            let tags = described.map_err(|cause| Error::unavailable(LAMBDA, &cause))?.tags.unwrap_or_default();
            if tags.get(LOGICAL_ID_TAG) == Some(&logical_id) && tags.get(STACK_TAG) == Some(&self.stack) {
                return Ok(function.name.clone());
            }
        }
        Err(Failure::found("not_deployed", format!("the stack {} has no function {logical_id}", self.stack)))
    }
}

impl Stack {
    pub(crate) async fn find(options: &Options) -> Result<Self, Failure> {
        Functions::find(options).await?.into_stack()
    }

    /// The context of something that happens now.
    pub(crate) fn context(&self) -> RequestContext {
        let now = self.app.clock.now();
        RequestContext { user_agent: USER_AGENT.to_owned(), ..RequestContext::of_job(now, id::fresh(now)) }
    }

    /// Who is at the keyboard.
    ///
    /// # Errors
    /// When AWS does not say.
    pub(crate) async fn operator(&self) -> Result<Actor, Failure> {
        aws::operator(&self.functions.config).await
    }
}

/// What the trail shows as the device.
const USER_AGENT: &str = concat!("postern/", env!("CARGO_PKG_VERSION"));

/// `jobs-rotate-keys` is `JobsRotateKeys` in the template.
fn logical_id(binary: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    binary.split('-').map(capital).collect()
}

/// CloudFormation names a function `<stack>-<logical id>-<random>`, and cuts the first two if that gets too long.
fn may_be(name: &str, logical_id: &str) -> bool {
    name.split('-').any(|part| part.len() >= 8 && logical_id.starts_with(part) || part == logical_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_logical_id_also_where_that_was_cut() {
        assert_eq!(logical_id("jobs-rotate-keys"), "JobsRotateKeys");
        assert!(may_be("postern-JobsRotateKeys-1Q2W3E4R", "JobsRotateKeys"));
        assert!(may_be("a-stack-with-a-very-long-name-JobsRotate-1Q2W3E4R", "JobsRotateKeys"));
        assert!(!may_be("postern-JobsRotateKeys-1Q2W3E4R", "JobsRetryMail"));
        assert!(!may_be("postern-AuthLogin-1Q2W3E4R", "AuthLogout"));
    }
}
