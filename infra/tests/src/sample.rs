//! The sample events of `events/`, which `cargo lambda invoke` takes, too; a test puts its own values in where theirs cannot hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// An event for a function.
#[derive(Clone, Debug)]
pub struct Sample(Value);

impl Sample {
    /// That of a function, as its file has it.
    pub fn of(function: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(format!("{function}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    pub fn event(&self) -> &Value {
        &self.0
    }

    /// With another value where a pointer (RFC 6901) leads.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        *self.0.pointer_mut(pointer).unwrap_or_else(|| panic!("the sample has no {pointer}")) = value;
        self
    }

    /// With another value for a member of its JSON body.
    pub fn saying(self, member: &str, value: &str) -> Self {
        let mut body: Value = serde_json::from_str(self.0["body"].as_str().unwrap_or_default()).unwrap_or_default();
        assert!(body.get(member).is_some(), "the sample's body has no {member}: {body}");
        body[member] = json!(value);
        self.with("/body", json!(body.to_string()))
    }

    /// With these values for its cookies; each that it has must be there.
    pub fn carrying(self, cookies: &BTreeMap<String, String>) -> Self {
        let samples = self.0["cookies"].as_array().cloned().unwrap_or_default();
        assert!(!samples.is_empty(), "the sample has no cookies");
        let own = samples.iter().filter_map(|cookie| cookie.as_str()?.split_once('=')).map(|(name, _)| {
            let value = cookies.get(name).unwrap_or_else(|| panic!("there is no cookie {name}"));
            format!("{name}={value}")
        });
        let own: Vec<String> = own.collect();
        self.with("/cookies", json!(own))
    }

    /// With the records of a stream in place of its own.
    pub fn of_records(self, records: &[Value]) -> Self {
        self.with("/Records", json!(records))
    }
}
