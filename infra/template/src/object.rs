//! Reads an evaluated JSON object key by key, and faults what is missing, of the wrong kind, or left over. Does not know what
//! any key means.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::report::Report;
use crate::yaml::below;

/// An object under reading: every key must be taken or ignored before [`Object::finish`].
pub(crate) struct Object<'r> {
    pub(crate) place: String,
    entries: Map<String, Value>,
    report: &'r Report,
}

impl<'r> Object<'r> {
    pub(crate) fn new(value: Value, place: String, report: &'r Report) -> Option<Self> {
        if let Value::Object(entries) = value {
            return Some(Object { place, entries, report });
        }
        report.fault(place, "must be a mapping");
        None
    }

    /// The place of one of its entries.
    pub(crate) fn at(&self, key: impl std::fmt::Display) -> String {
        below(&self.place, key)
    }

    /// Where its faults go.
    pub(crate) fn report(&self) -> &'r Report {
        self.report
    }

    /// Notes that an entry is wrong.
    pub(crate) fn fault(&self, key: &str, message: impl Into<String>) {
        self.report.fault(self.at(key), message);
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key)
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.take(key)?;
        let text = text_of(&value);
        if text.is_none() {
            self.fault(key, "must be text");
        }
        text
    }

    pub(crate) fn required_text(&mut self, key: &str) -> Option<String> {
        self.require(key);
        self.text(key)
    }

    /// A text that must be one of the given ones.
    pub(crate) fn choice(&mut self, key: &str, choices: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        if choices.contains(&text.as_str()) {
            return Some(text);
        }
        self.fault(key, format!("`{text}` is not supported, only {}", choices.join(", ")));
        None
    }

    /// A whole number within the range. A parameter's value is text, so digits in quotes count.
    pub(crate) fn number(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.take(key)?;
        let number = text_of(&value).and_then(|text| text.parse().ok()).filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(key, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => {
                self.fault(key, "must be true or false");
                None
            }
        }
    }

    pub(crate) fn object(&mut self, key: &str) -> Option<Object<'r>> {
        let value = self.take(key)?;
        Object::new(value, self.at(key), self.report)
    }

    /// The items of a list, each with its place; nothing if there is no list.
    pub(crate) fn list(&mut self, key: &str) -> Vec<(String, Value)> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let place = self.at(key);
                items.into_iter().enumerate().map(|(index, item)| (below(&place, index), item)).collect()
            }
            Some(_) => {
                self.fault(key, "must be a list");
                Vec::new()
            }
        }
    }

    /// The objects of a list.
    pub(crate) fn objects(&mut self, key: &str) -> Vec<Object<'r>> {
        let report = self.report;
        self.list(key).into_iter().filter_map(|(place, item)| Object::new(item, place, report)).collect()
    }

    /// One text, or a list of them: the two forms that IAM allows. Never empty without a fault.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        self.require(key);
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(item) => vec![item],
        };
        let texts: Option<Vec<String>> = items.iter().map(text_of).collect();
        texts.filter(|texts| !texts.is_empty()).unwrap_or_else(|| {
            self.fault(key, "must be text or a list of texts");
            Vec::new()
        })
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn require(&self, key: &str) {
        if !self.has(key) {
            self.fault(key, "is missing");
        }
    }

    /// Keys that are correct but have no meaning for what reads the template.
    pub(crate) fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.entries.remove(*key);
        }
    }

    /// All that is left with its place and key, sorted by key, for objects whose keys are names. The order of the text is not
    /// kept: whether serde_json does depends on a feature that other crates may turn on.
    pub(crate) fn rest(self) -> Vec<(String, String, Value)> {
        let entries = self.entries.into_iter();
        let mut rest: Vec<_> = entries.map(|(key, value)| (below(&self.place, &key), key, value)).collect();
        rest.sort_by(|(_, one, _), (_, other, _)| one.cmp(other));
        rest
    }

    /// Faults every key that nobody asked for: what is not known is refused, never guessed.
    pub(crate) fn finish(self) {
        for key in self.entries.keys() {
            self.fault(key, "is not supported");
        }
    }
}

/// The text of a scalar, as CloudFormation writes it where a text is wanted.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
