//! What operations refer to: schemas of types, and headers.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The headers of a route that one caller may use only so often.
pub(super) const LIMIT: [&str; 4] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"];

/// Every header that is documented: name, whether it is always there, type, meaning. CORS, security headers and
/// `Cache-Control` are not: no program needs to read them.
const HEADERS: &[(&str, bool, &str, &str)] = &[
    ("X-Request-ID", true, "string", "The request's id, yours if it was well-formed."),
    ("RateLimit-Limit", true, "integer", "So many requests a minute."),
    ("RateLimit-Remaining", true, "integer", "So many of them are left now."),
    ("RateLimit-Reset", true, "integer", "After so many seconds all of them are there again."),
    ("RateLimit-Policy", true, "string", "Limit, window in seconds, and how many may come at once."),
    ("Retry-After", true, "integer", "After so many seconds one may come again."),
    ("WWW-Authenticate", true, "string", "RFC 6750: `Bearer`, and why the token was refused."),
    ("Set-Cookie", false, "string", "The session's cookies, unless tokens go in the body."),
    ("Postern-Expires-In", true, "integer", "The access token's remaining life, in seconds."),
    ("Content-Disposition", true, "string", "A name for the file."),
    ("Link", false, "string", "RFC 8288: where the next piece is, with `rel=\"next\"`."),
    ("Cache-Control", true, "string", "How long the answer may be kept."),
    ("Clear-Site-Data", true, "string", "Makes a browser forget what it kept for us."),
];

/// `components.headers`.
pub(super) fn header_components() -> Value {
    let header = |(name, is_required, kind, about): &(&str, bool, &str, &str)| {
        ((*name).to_owned(), json!({ "required": is_required, "description": about, "schema": { "type": kind } }))
    };
    Value::Object(HEADERS.iter().map(header).collect())
}

/// A response's headers, by name.
pub(super) fn header_references(names: &[&str]) -> Value {
    let reference = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(names.iter().map(reference).collect())
}

/// Collects the schemas that operations name. What is taken and what is answered are two matters: a member with a default
/// is optional in one and always there in the other.
pub(super) struct Schemas {
    taken: SchemaGenerator,
    answered: SchemaGenerator,
    /// Refusals, because many operations have the same.
    responses: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new(settings: SchemaSettings) -> Self {
        let taken = settings.clone().for_deserialize().into_generator();
        Self { taken, answered: settings.for_serialize().into_generator(), responses: Map::new() }
    }

    pub(super) fn taken<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().to_value()
    }

    pub(super) fn answered<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().to_value()
    }

    /// Text that is no JSON.
    pub(super) fn text(&mut self) -> Value {
        json!({ "type": "string" })
    }

    /// Keeps a response under a name, and refers to it.
    pub(super) fn response(&mut self, name: String, response: Value) -> Value {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses.insert(name, response);
        reference
    }

    /// `components.schemas` and `components.responses`.
    pub(super) fn finish(mut self) -> (Value, Value) {
        let mut schemas = self.taken.take_definitions(true);
        schemas.extend(self.answered.take_definitions(true));
        (schemas.into(), self.responses.into())
    }
}
