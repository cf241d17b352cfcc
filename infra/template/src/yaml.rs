//! YAML text to JSON values, with CloudFormation's short tags (`!Ref x`) in their long form (`{"Ref": "x"}`). Does not
//! evaluate anything.

use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

use crate::report::Report;

/// Parses the text of a template. Faults are at the place of the value that cannot be taken over.
pub(crate) fn read(text: &str, report: &Report) -> Option<Value> {
    match yaml_serde::from_str::<Yaml>(text) {
        Ok(yaml) => Some(convert(yaml, "", report)),
        Err(error) => {
            report.fault("template", format!("is not YAML: {error}"));
            None
        }
    }
}

fn convert(yaml: Yaml, place: &str, report: &Report) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::String(value) => Value::String(value),
        Yaml::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => json!(value),
            (_, Some(value), _) => json!(value),
            (_, _, value) => json!(value),
        },
        Yaml::Sequence(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| convert(item, &below(place, index), report)).collect()
        }
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                if let Yaml::String(key) = key {
                    let value = convert(value, &below(place, &key), report);
                    object.insert(key, value);
                } else {
                    report.fault(place, "has a key that is not text");
                }
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let value = convert(tagged.value, place, report);
            long_form(&tag, value).unwrap_or_else(|| {
                report.fault(place, format!("the function {tag} is not supported"));
                Value::Null
            })
        }
    }
}

fn long_form(tag: &str, value: Value) -> Option<Value> {
    let name = tag.strip_prefix('!')?;
    match (name, value) {
        ("Ref" | "Condition", value) => Some(json!({ name: value })),
        ("GetAtt", Value::String(path)) => {
            let (id, attribute) = path.split_once('.')?;
            Some(json!({ "Fn::GetAtt": [id, attribute] }))
        }
        ("GetAtt" | "Sub" | "If" | "Join" | "Equals" | "Not" | "And" | "Or", value) => {
            Some(json!({ format!("Fn::{name}"): value }))
        }
        _ => None,
    }
}

/// The place of an entry inside another.
pub(crate) fn below(place: &str, key: impl std::fmt::Display) -> String {
    if place.is_empty() { key.to_string() } else { format!("{place}.{key}") }
}
