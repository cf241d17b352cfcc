//! CloudFormation's functions: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::If`, and those of conditions. Every other
//! function is a fault.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::object::text_of;
use crate::report::Report;
use crate::resource::Resources;
use crate::scope::Parameters;
use crate::yaml::below;

const NO_VALUE: &str = "AWS::NoValue";

/// Evaluates values of the template. `None` as a result is `AWS::NoValue`, or a fault that has been reported.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) conditions: &'a BTreeMap<String, bool>,
    /// None where CloudFormation allows no reference to a resource: in conditions and in tables' names.
    pub(crate) resources: Option<&'a Resources<'a>>,
    pub(crate) report: &'a Report,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn value(&self, value: &Value, place: &str) -> Option<Value> {
        match value {
            Value::Object(entries) => match function(entries) {
                Some((name, argument)) => self.call(name, argument, place),
                None => Some(Value::Object(self.entries(entries, place))),
            },
            Value::Array(items) => Some(Value::Array(self.items(items, place))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
        }
    }

    fn entries(&self, entries: &Map<String, Value>, place: &str) -> Map<String, Value> {
        let mut evaluated = Map::new();
        for (key, value) in entries {
            if key.starts_with("Fn::") {
                self.report.fault(below(place, key), "a function must be the only key of its mapping");
            } else if let Some(value) = self.value(value, &below(place, key)) {
                evaluated.insert(key.clone(), value);
            }
        }
        evaluated
    }

    fn items(&self, items: &[Value], place: &str) -> Vec<Value> {
        items.iter().enumerate().filter_map(|(index, item)| self.value(item, &below(place, index))).collect()
    }

    fn call(&self, name: &str, argument: &Value, place: &str) -> Option<Value> {
        match (name, argument) {
            ("Ref", Value::String(name)) if name == NO_VALUE => None,
            ("Ref", Value::String(name)) => self.reference(name, place).map(Value::String),
            ("Fn::GetAtt", Value::Array(path)) => {
                if let [Value::String(id), Value::String(attribute)] = path.as_slice() {
                    self.attribute(id, attribute, place).map(Value::String)
                } else {
                    self.refuse(place, "Fn::GetAtt takes a logical id and an attribute")
                }
            }
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &BTreeMap::new(), place),
            ("Fn::Sub", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(text), Value::Object(variables)] => {
                    let variables = self.variables(variables, place);
                    self.substitute(text, &variables, place)
                }
                _ => self.refuse(place, "Fn::Sub takes a text, or a list of a text and a mapping"),
            },
            ("Fn::Join", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(separator), Value::Array(items)] => {
                    let items = self.items(items, place);
                    match items.iter().map(text_of).collect::<Option<Vec<_>>>() {
                        Some(texts) => Some(Value::String(texts.join(separator))),
                        None => self.refuse(place, "Fn::Join joins texts only"),
                    }
                }
                _ => self.refuse(place, "Fn::Join takes a separator and a list"),
            },
            ("Fn::If", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(condition), yes, no] => {
                    let chosen = if self.named(condition, place)? { yes } else { no };
                    self.value(chosen, place)
                }
                _ => self.refuse(place, "Fn::If takes the name of a condition and two values"),
            },
            ("Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::If", _) => {
                self.refuse(place, format!("{name} has an argument of the wrong kind"))
            }
            _ => self.refuse(place, format!("the function {name} is not supported here")),
        }
    }

    fn reference(&self, name: &str, place: &str) -> Option<String> {
        match (self.parameters.get(name), self.resources) {
            (Some(value), _) => Some(value.to_owned()),
            (None, Some(resources)) => self.told(resources.reference(name), place),
            (None, None) => {
                self.refuse(place, format!("`{name}` is not a parameter, and resources cannot be named here"))
            }
        }
    }

    fn attribute(&self, id: &str, attribute: &str, place: &str) -> Option<String> {
        match self.resources {
            Some(resources) => self.told(resources.attribute(id, attribute), place),
            None => self.refuse(place, "resources cannot be named here"),
        }
    }

    fn told(&self, answer: Result<String, String>, place: &str) -> Option<String> {
        answer.map_err(|message| self.report.fault(place, message)).ok()
    }

    fn variables(&self, variables: &Map<String, Value>, place: &str) -> BTreeMap<String, String> {
        let evaluated = self.entries(variables, place);
        evaluated.iter().filter_map(|(name, value)| Some((name.clone(), text_of(value)?))).collect()
    }

    /// `${Name}`, `${Resource.Attribute}` and the literal `${!Name}`.
    fn substitute(&self, text: &str, variables: &BTreeMap<String, String>, place: &str) -> Option<Value> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                return self.refuse(place, "`${` without `}`");
            };
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = variables.get(name) {
                result.push_str(value);
            } else if let Some((id, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(id, attribute, place)?);
            } else {
                result.push_str(&self.reference(name, place)?);
            }
            rest = after;
        }
        result.push_str(rest);
        Some(Value::String(result))
    }

    /// Whether a condition holds.
    pub(crate) fn condition(&self, value: &Value, place: &str) -> Option<bool> {
        let Some((name, argument)) = value.as_object().and_then(function) else {
            return self.refuse(place, "must be a condition function");
        };
        if let ("Condition", Value::String(name)) = (name, argument) {
            return self.named(name, place);
        }
        match (name, argument.as_array().map(Vec::as_slice)) {
            ("Fn::Equals", Some([left, right])) => Some(self.value(left, place)? == self.value(right, place)?),
            ("Fn::Not", Some([inner])) => Some(!self.condition(inner, place)?),
            ("Fn::And", Some(all @ [_, _, ..])) => Some(!self.each(all, place)?.contains(&false)),
            ("Fn::Or", Some(any @ [_, _, ..])) => Some(self.each(any, place)?.contains(&true)),
            ("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or", _) => {
                self.refuse(place, format!("{name} has the wrong number of arguments"))
            }
            _ => self.refuse(place, format!("the function {name} is not supported in a condition")),
        }
    }

    fn each(&self, conditions: &[Value], place: &str) -> Option<Vec<bool>> {
        conditions.iter().map(|condition| self.condition(condition, place)).collect()
    }

    /// Whether the condition of this name holds.
    pub(crate) fn named(&self, condition: &str, place: &str) -> Option<bool> {
        match self.conditions.get(condition) {
            Some(holds) => Some(*holds),
            None => self.refuse(place, format!("there is no condition `{condition}`")),
        }
    }

    fn refuse<T>(&self, place: &str, message: impl Into<String>) -> Option<T> {
        self.report.fault(place, message);
        None
    }
}

/// The function that a mapping is, if it is one. `Condition` is one only inside conditions, where nothing else can be meant.
fn function(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = entries.iter().next()?;
    let is_function = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    (entries.len() == 1 && is_function).then_some((name.as_str(), argument))
}
