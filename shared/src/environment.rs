//! The variables a function is started with. Read once; everything that is configured comes from here.

use std::collections::BTreeMap;

/// A set of environment variables: the process's own in Lambda, the template's in the local stack and in tests.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's variables.
    pub fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// A variable's value; an empty one counts as absent, because a template cannot leave one out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
