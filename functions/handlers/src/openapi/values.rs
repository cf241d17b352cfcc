//! Texts that have a form: named in `#[schemars(schema_with = …)]`, because a `String` would not say it.
//!
//! They describe what is usual and are never stricter than the types that read: those are in `shared`.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// One of these.
pub(super) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What one of these says, for a parameter.
pub(super) fn described(describe: Describe) -> Value {
    describe(&mut SchemaGenerator::default()).to_value()
}

/// An e-mail address.
pub fn email(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "email", "maxLength": 508, "examples": ["kim@example.com"] })
}

/// A password that somebody has.
pub fn password(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "password", "examples": ["seven foggy lanterns"] })
}

/// A person's or an organization's name.
pub fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "examples": ["Kim Park"] })
}

/// An organization's short name in addresses.
pub fn slug(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "minLength": 3, "maxLength": 48, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "examples": ["park-gardens"]
    })
}

/// A slug that may be left to us.
pub fn optional_slug(generator: &mut SchemaGenerator) -> Schema {
    let slug = slug(generator);
    json_schema!({ "anyOf": [slug, { "type": "null" }] })
}

/// The token in a link of a mail: 32 random bytes.
pub fn link_token(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "examples": ["Zm9yIGV4YW1wbGUgb25seTogMzIgcmFuZG9tIGJ5dHM"] })
}

/// An id. Clients need not know that it is a UUID.
pub fn id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "uuid", "examples": ["01a1fc34-f2c0-78e9-a771-ce2d9ccac4b8"] })
}

/// An id in a request, or nothing.
pub fn optional_id(generator: &mut SchemaGenerator) -> Schema {
    let id = id(generator);
    json_schema!({ "anyOf": [id, { "type": "null" }] })
}

/// An e-mail address, or nothing.
pub fn optional_email(generator: &mut SchemaGenerator) -> Schema {
    let email = email(generator);
    json_schema!({ "anyOf": [email, { "type": "null" }] })
}

/// A moment.
pub fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time", "examples": ["2026-11-21T14:45:27Z"] })
}

/// Any text.
pub fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1 })
}

/// The size of a page.
pub fn limit(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": 50, "default": 50 })
}

/// A kind of event in the audit trail.
pub fn action(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "examples": ["UserLoginFailed"] })
}

/// How something went.
pub fn outcome(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["success", "failure"] })
}

/// The form of a copy of the audit trail.
pub fn format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["csv", "ndjson"] })
}

/// The form of a report.
pub fn report_format(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["json", "csv"] })
}

/// So many days.
pub fn days(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": 90, "default": 30 })
}

/// Why somebody does something, in a few words.
pub fn reason(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["asked by phone, identity checked"] })
}
