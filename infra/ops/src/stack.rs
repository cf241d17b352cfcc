//! A deployed stack, found by its functions: they have its name, its tables, its keys and its settings in their environment.
//! The settings are those of a function that is the stack's (`origin`).

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
use crate::aws::{self, AwsClock, Place};
use crate::exit::Failure;
use crate::origin::{Origin, logical_id, may_be, origin, untold};
use crate::tell::Tell;

const LAMBDA: &str = "Lambda";

/// What leads to the version of a function that is in use, where a newer one may be waiting (`AutoPublishAlias`).
const ALIAS: &str = "live";

/// No function runs longer.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

/// A function as it is deployed.
pub(crate) struct Function {
    /// Its physical name.
    pub(crate) name: String,
    pub(crate) environment: BTreeMap<String, String>,
}

/// A function that has another value of a variable than the stack's settings.
pub(crate) struct Differing<'a> {
    pub(crate) name: &'a str,
    pub(crate) variables: Vec<&'a str>,
    /// False of one that only says that it is the stack's.
    pub(crate) is_own: bool,
}

/// The functions of a stack, before anything is known of their settings.
pub(crate) struct Functions {
    pub(crate) stack: String,
    /// Those that say that they are the stack's, as they were deployed last. The first is.
    pub(crate) all: Vec<Function>,
    /// The variables of the first, in the version that is in use.
    pub(crate) settings: BTreeMap<String, String>,
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
        // CloudFormation's names first: mostly the first is the stack's.
        let own = format!("{}-", options.stack);
        all.sort_by_cached_key(|function| (!function.name.starts_with(&own), function.name.clone()));
        let mut found = Self { stack: options.stack.clone(), all, settings: BTreeMap::new(), clock, config, client };
        found.settle().await?;
        Ok(found)
    }

    /// Finds a function that is the stack's, puts it first, and takes the settings from it.
    async fn settle(&mut self) -> Result<(), Failure> {
        let Some(first) = self.first_own(None).await? else {
            let (name, stack) = (&self.all[0].name, &self.stack);
            let message = format!("{name} and others say that they are of a stack {stack}, and are not");
            return Err(Failure::found("stack_not_found", message));
        };
        self.all[..=first].rotate_right(1);
        let name = &self.all[0].name;
        let in_use = self.client.get_function().function_name(name).qualifier(ALIAS).send().await;
        let in_use = in_use.map_err(|cause| Error::unavailable(LAMBDA, &cause))?.configuration;
        let variables = in_use.and_then(|it| it.environment).and_then(|it| it.variables);
        self.settings = variables.unwrap_or_default().into_iter().collect();
        Ok(())
    }

    /// The place of the first function that is the stack's: of any, or of the one with a logical id, where several may look alike.
    ///
    /// # Errors
    /// When none is and AWS does not say whose all of them are.
    async fn first_own(&self, logical_id: Option<&str>) -> Result<Option<usize>, Failure> {
        let mut is_told = true;
        for (place, function) in self.all.iter().enumerate() {
            if logical_id.is_some_and(|id| !may_be(&function.name, id)) {
                continue;
            }
            match self.origin(&function.name).await? {
                Origin::Stack(id) if logical_id.is_none_or(|wanted| wanted == id) => return Ok(Some(place)),
                Origin::Stack(_) | Origin::Elsewhere => {}
                Origin::Untold => is_told = false,
            }
        }
        if is_told { Ok(None) } else { Err(untold()) }
    }

    async fn origin(&self, function: &str) -> Result<Origin, Failure> {
        let described = self.client.get_function().function_name(function).send().await;
        let tags = described.map_err(|cause| Error::unavailable(LAMBDA, &cause))?.tags.unwrap_or_default();
        Ok(origin(&tags, &self.stack))
    }

    /// The functions that differ in a variable that they have in common. As they were deployed last: versions that are in
    /// use may differ for a while.
    ///
    /// # Errors
    /// When AWS does not say whose they are.
    pub(crate) async fn differing(&self) -> Result<Vec<Differing<'_>>, Failure> {
        let mut found = Vec::new();
        for function in &self.all[1..] {
            let variables = differences(&self.all[0].environment, &function.environment);
            if !variables.is_empty() {
                let is_own = matches!(self.origin(&function.name).await?, Origin::Stack(_));
                found.push(Differing { name: &function.name, variables, is_own });
            }
        }
        Ok(found)
    }

    /// With the settings of the functions, which are the same for all (`doctor` looks whether they are).
    ///
    /// # Errors
    /// When they have faults.
    pub(crate) fn into_stack(self) -> Result<Stack, Failure> {
        let environment: Environment = self.settings.clone().into_iter().collect();
        let settings = Settings::read(&environment).map_err(|faults| {
            Failure::found("settings", format!("{faults}\nmend the template's parameters and deploy again"))
        })?;
        let app = App::on(self.config.clone(), settings, self.clock.clock());
        Ok(Stack { app: Arc::new(app), functions: self })
    }

    /// Tells where something is about to happen.
    ///
    /// # Errors
    /// When AWS does not say who asks.
    pub(crate) async fn place(&self, tell: &Tell) -> Result<Place, Failure> {
        let place = Place::of(&self.config, &self.stack, &self.clock).await?;
        tell.place(&place);
        Ok(place)
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
        let request = self.client.invoke().function_name(name).qualifier(ALIAS).payload(Blob::new(input.to_string()));
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

    /// A function's name as CloudFormation made it.
    async fn physical_name(&self, binary: &str) -> Result<&str, Failure> {
        let logical_id = logical_id(binary);
        let place = self.first_own(Some(&logical_id)).await?.ok_or_else(|| {
            Failure::found("not_deployed", format!("the stack {} has no function {logical_id}", self.stack))
        })?;
        Ok(&self.all[place].name)
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

    /// Tells where something is about to happen.
    ///
    /// # Errors
    /// When AWS does not say who asks.
    pub(crate) async fn place(&self, tell: &Tell) -> Result<Place, Failure> {
        self.functions.place(tell).await
    }

    /// Who is at the keyboard: for what this program writes itself, or gives away, where the functions agree on the settings
    /// that it does so by.
    ///
    /// # Errors
    /// When they do not, or AWS does not say who asks.
    pub(crate) async fn operator(&self, tell: &Tell) -> Result<Actor, Failure> {
        self.agrees().await?;
        Ok(self.place(tell).await?.actor())
    }

    /// Looks whether the functions agree on the settings.
    ///
    /// # Errors
    /// When they do not.
    pub(crate) async fn agrees(&self) -> Result<(), Failure> {
        if let Some(Differing { name, variables, .. }) = self.functions.differing().await?.iter().find(|it| it.is_own) {
            let what = format!("{name} has another {} than the other functions", variables.join(", "));
            return Err(Failure::found("settings_differ", format!("{what}: deploy again; doctor names all of them")));
        }
        Ok(())
    }
}

/// What the trail shows as the device.
const USER_AGENT: &str = concat!("postern/", env!("CARGO_PKG_VERSION"));

/// The variables that two functions have different values of. A function may have some of its own.
fn differences<'a>(a: &'a BTreeMap<String, String>, b: &'a BTreeMap<String, String>) -> Vec<&'a str> {
    a.iter()
        .filter(|(name, value)| b.get(*name).is_some_and(|other| other != *value))
        .map(|(name, _)| name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_functions_have_can_differ() {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let a: BTreeMap<String, String> = of(&[("STAGE", "production"), ("AUDIENCE", "a")]);
        let b: BTreeMap<String, String> = of(&[("STAGE", "preview"), ("AUDIENCE", "a"), ("OWN", "x")]);
        assert_eq!(differences(&a, &b), ["STAGE"]);
    }
}
