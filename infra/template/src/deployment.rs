//! `AutoPublishAlias` and `DeploymentPreference`: how a new version of a function takes over. Nothing here deploys: it is read
//! so that tests can tell a deployment that is watched from one that is not.

use crate::object::Object;

/// CodeDeploy's own ways for Lambda, without their prefix `CodeDeployDefault.Lambda`.
const TYPES: [&str; 9] = [
    "AllAtOnce",
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
];

/// How a new version takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// One of CodeDeploy's own ways, such as `Canary10Percent10Minutes`.
    pub kind: String,
    /// Names of the alarms that take it back; at most ten.
    pub alarms: Vec<String>,
    /// The functions that are asked before and after it gets calls.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Reads an evaluated `DeploymentPreference`; none if it is not enabled, and the alias moves at once, unwatched.
pub(crate) fn read(mut preference: Object) -> Option<Deployment> {
    let is_enabled = preference.flag("Enabled").unwrap_or(true);
    preference.require("Type");
    let kind = preference.choice("Type", &TYPES);
    // SAM's own role may lead the aliases of every function of the account.
    preference.require("Role");
    preference.ignore(&["Role"]);
    let mut alarms = Vec::new();
    for (_, name) in preference.list("Alarms") {
        match name.as_str() {
            Some(name) => alarms.push(name.to_owned()),
            None => preference.fault("Alarms", "must be names"),
        }
    }
    if alarms.len() > 10 {
        preference.fault("Alarms", "CodeDeploy takes ten at most");
    }
    let mut hooks = preference.object("Hooks");
    let [before, after] = ["PreTraffic", "PostTraffic"].map(|name| hooks.as_mut().and_then(|hooks| hooks.text(name)));
    if let Some(hooks) = hooks {
        hooks.finish();
    }
    preference.finish();
    is_enabled.then_some(Deployment { kind: kind?, alarms, before, after })
}
