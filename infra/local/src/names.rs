//! What references to resources yield here: the ids of keys and the names of functions that have been made.

use std::collections::BTreeMap;

use embedded_aws::DeployedFunction;

/// What has been made so far.
#[derive(Default)]
pub(crate) struct Named {
    /// Ids of keys by their names in the template.
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) functions: Vec<DeployedFunction>,
}

impl Named {
    /// `Ref`, or an attribute, of a resource; something that can be recognised of one that is not made here.
    pub(crate) fn attribute(&self, id: &str, attribute: &str) -> String {
        if let Some(key) = self.keys.get(id) {
            return key.clone();
        }
        let function = self.functions.iter().find(|function| function.logical_id == id);
        match (function, attribute) {
            (Some(function), "Ref") => function.name.clone(),
            (Some(function), "Arn") => function.arn(),
            (Some(function), "Version") => function.version_arn(),
            (Some(function), "Alias") => function.alias_arn(),
            _ => format!("{id}.{attribute}"),
        }
    }
}
