//! What names mean inside a template: parameters, pseudo parameters and conditions. Does not know resources' values: those
//! are [`crate::resource`]'s.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::object::Object;
use crate::report::Report;

/// Pseudo parameters and what they are unless the caller says otherwise.
const PSEUDO: [(&str, &str); 5] = [
    ("AWS::AccountId", "000000000000"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "us-east-1"),
    ("AWS::StackName", "postern"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// The values of parameters, with those of pseudo parameters beside them.
pub(crate) struct Parameters {
    pub(crate) declared: BTreeMap<String, String>,
    pseudo: BTreeMap<String, String>,
}

impl Parameters {
    pub(crate) fn read(section: Option<Object>, given: &BTreeMap<String, String>, report: &Report) -> Self {
        let mut given = given.clone();
        let pseudo =
            PSEUDO.map(|(name, usual)| (name.to_owned(), given.remove(name).unwrap_or_else(|| usual.to_owned())));
        let mut declared = BTreeMap::new();
        for (place, name, value) in section.map(Object::rest).unwrap_or_default() {
            let given = given.remove(&name);
            if let Some(value) = Object::new(value, place, report).and_then(|it| parameter(it, given)) {
                declared.insert(name, value);
            }
        }
        for name in given.keys() {
            report.fault(format!("Parameters.{name}"), "is given a value, but the template has no such parameter");
        }
        Parameters { declared, pseudo: BTreeMap::from(pseudo) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.declared.get(name).or_else(|| self.pseudo.get(name)).map(String::as_str)
    }
}

fn parameter(mut parameter: Object, given: Option<String>) -> Option<String> {
    parameter.require("Type");
    parameter.choice("Type", &["String", "Number"]);
    parameter.ignore(&["Description", "ConstraintDescription"]);
    let default = parameter.text("Default");
    let shortest = parameter.number("MinLength", 0..=4096).unwrap_or(0);
    let least = parameter.number("MinValue", 0..=u32::MAX);
    let most = parameter.number("MaxValue", 0..=u32::MAX);
    let pattern = pattern(&mut parameter);
    let allowed = parameter.has("AllowedValues").then(|| parameter.texts("AllowedValues"));
    let place = parameter.place.clone();
    let report = parameter.report();
    parameter.finish();

    let Some(value) = given.or(default) else {
        report.fault(place, "has no default and is not given a value");
        return None;
    };
    if let Some(allowed) = allowed.filter(|allowed| !allowed.contains(&value)) {
        report.fault(&place, format!("`{value}` is not one of {}", allowed.join(", ")));
    }
    if value.chars().count() < shortest as usize {
        report.fault(&place, format!("`{value}` is shorter than {shortest} characters"));
    }
    let number: Option<u32> = value.parse().ok();
    if least.is_some() && number < least {
        report.fault(&place, format!("`{value}` is less than {}", least.unwrap_or_default()));
    }
    if most.is_some() && number.is_none_or(|number| Some(number) > most) {
        report.fault(&place, format!("`{value}` is more than {}", most.unwrap_or_default()));
    }
    if pattern.is_some_and(|pattern| !pattern.is_match(&value)) {
        report.fault(&place, format!("`{value}` does not fit its AllowedPattern"));
    }
    Some(value)
}

/// `AllowedPattern`, which CloudFormation holds against the whole value.
fn pattern(parameter: &mut Object) -> Option<Regex> {
    let text = parameter.text("AllowedPattern")?;
    let pattern = Regex::new(&format!("^(?:{text})$"));
    pattern.map_err(|error| parameter.fault("AllowedPattern", format!("is not a pattern: {error}"))).ok()
}

/// `Rules`: what the assertions that do not hold say. They are not faults: a template may be read before all of its values are
/// known.
pub(crate) fn broken_rules(section: Option<Object>, evaluator: Evaluator) -> Vec<String> {
    let mut broken = Vec::new();
    for (place, _, rule) in section.map(Object::rest).unwrap_or_default() {
        let Some(mut rule) = Object::new(rule, place, evaluator.report) else { continue };
        let place = rule.at("RuleCondition");
        let applies = rule.take("RuleCondition").is_none_or(|it| evaluator.condition(&it, &place).unwrap_or(false));
        rule.require("Assertions");
        for mut assertion in rule.objects("Assertions") {
            let told = assertion.required_text("AssertDescription").unwrap_or_default();
            assertion.require("Assert");
            let place = assertion.at("Assert");
            let holds = assertion.take("Assert").is_some_and(|it| evaluator.condition(&it, &place).unwrap_or(false));
            assertion.finish();
            if applies && !holds {
                broken.push(told);
            }
        }
        rule.finish();
    }
    broken
}

/// Evaluates all conditions, in whatever order they build on each other.
pub(crate) fn conditions(section: Option<Object>, parameters: &Parameters, report: &Report) -> BTreeMap<String, bool> {
    let mut waiting = section.map(Object::rest).unwrap_or_default();
    let mut known = BTreeMap::new();
    loop {
        let before = waiting.len();
        waiting.retain(|(place, name, value)| {
            if !builds_on(value).iter().all(|other| known.contains_key(other)) {
                return true;
            }
            let evaluator = Evaluator { parameters, conditions: &known, resources: None, report };
            let holds = evaluator.condition(value, place).unwrap_or(false);
            known.insert(name.clone(), holds);
            false
        });
        if waiting.len() == before {
            break;
        }
    }
    for (place, _, _) in waiting {
        report.fault(place, "builds on a condition that does not exist, or on itself");
    }
    known
}

/// The names of the conditions that a condition mentions.
fn builds_on(value: &Value) -> Vec<String> {
    match value {
        Value::Object(entries) => match entries.get("Condition") {
            Some(Value::String(name)) => vec![name.clone()],
            _ => entries.values().flat_map(builds_on).collect(),
        },
        Value::Array(items) => items.iter().flat_map(builds_on).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
