//! `AWS::CloudFormation::Stack`: a template inside the template. It is not opened here: what is read is where it lies and
//! what it is given, so that who wants to look into it can read it with exactly that.

use std::collections::BTreeMap;

use crate::object::{Object, text_of};

/// A nested stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Its name inside the template.
    pub logical_id: String,
    /// Path of its template, from where the outer template lies.
    pub location: String,
    /// What its parameters are given; pseudo parameters are the outer stack's own affair.
    pub parameters: BTreeMap<String, String>,
}

/// Reads the evaluated properties of a nested stack.
pub(crate) fn read(logical_id: &str, mut stack: Object) -> Option<Nested> {
    stack.ignore(&["Tags"]);
    let location = stack.required_text("TemplateURL");
    let mut parameters = BTreeMap::new();
    for (place, name, value) in stack.object("Parameters").map(Object::rest).unwrap_or_default() {
        match text_of(&value) {
            Some(text) => {
                parameters.insert(name, text);
            }
            None => stack.report().fault(place, "must be text"),
        }
    }
    stack.finish();
    Some(Nested { logical_id: logical_id.to_owned(), location: location?, parameters })
}
