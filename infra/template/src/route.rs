//! `HttpApi` events: method and path. Only the template's own API, without authorizers of its own, payload 2.0.

use crate::object::Object;
use crate::resource::{Kind, Resources};

const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The method of the `$default` route.
pub const ANY: &str = "ANY";
/// The path of the `$default` route.
pub const DEFAULT: &str = "$default";

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Name of the event inside the function.
    pub event: String,
    /// In capitals; [`ANY`] only for the `$default` route.
    pub method: String,
    /// With `{name}` for one segment, and `{name+}` for all that remain; or [`DEFAULT`].
    pub path: String,
}

impl Route {
    /// The requests it catches: names of parameters do not matter.
    pub(crate) fn shape(&self) -> (String, Vec<String>) {
        let segments = self.path.split('/').map(|segment| match segment {
            greedy if greedy.ends_with("+}") => "{+}".to_owned(),
            parameter if parameter.starts_with('{') => "{}".to_owned(),
            literal => literal.to_owned(),
        });
        (self.method.clone(), segments.collect())
    }
}

/// Reads the evaluated properties of an event; `api` is the logical id that `ApiId` refers to.
pub(crate) fn read(event: String, api: Option<&str>, mut properties: Object, resources: &Resources) -> Option<Route> {
    if !api.is_some_and(|id| resources.is(id, Kind::Api)) {
        properties.fault("ApiId", "must be `!Ref` of an HttpApi of this template");
    }
    // SAM makes an event with neither the `$default` route: whatever no other route catches.
    if !properties.has("Method") && !properties.has("Path") {
        properties.choice("PayloadFormatVersion", &["2.0"]);
        properties.finish();
        return Some(Route { event, method: ANY.to_owned(), path: DEFAULT.to_owned() });
    }
    properties.require("Method");
    let method = properties.choice("Method", &METHODS);
    let path = properties.required_text("Path");
    if let Some(problem) = path.as_deref().and_then(problem) {
        properties.fault("Path", problem);
    }
    properties.choice("PayloadFormatVersion", &["2.0"]);
    properties.finish();
    Some(Route { event, method: method?, path: path? })
}

/// What is wrong with a path, if anything is.
fn problem(path: &str) -> Option<String> {
    let Some(inner) = path.strip_prefix('/') else {
        return Some(format!("`{path}` must begin with a slash"));
    };
    if inner.is_empty() {
        return None;
    }
    let count = inner.split('/').count();
    let mut names = Vec::new();
    for (index, segment) in inner.split('/').enumerate() {
        let Some(name) = segment.strip_prefix('{') else {
            if segment.is_empty() || !segment.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)) {
                return Some(format!("`{segment}` is not a segment: parameters are {{name}}, or {{name+}} at the end"));
            }
            continue;
        };
        let name = match name.strip_suffix("+}") {
            Some(_) if index + 1 < count => {
                return Some(format!("`{segment}` must be the last segment"));
            }
            Some(name) => name,
            None => name.strip_suffix('}').unwrap_or_default(),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
            return Some(format!("`{segment}` is not a parameter: it must be {{name}} or {{name+}}"));
        }
        if names.contains(&name) {
            return Some(format!("the parameter `{name}` is there twice"));
        }
        names.push(name);
    }
    None
}
