//! The API reference's document (OpenAPI 3.1), made from what every handler says of its own routes and from its own types.
//!
//! Reading order: [`operation`] (what a handler says), `values` (texts with a form of their own), then this file, which puts
//! it together. Nothing here runs in a deployed function: `docs/openapi.json` is made by `cargo openapi`, a test holds it to
//! this code, and `GET /openapi.json` serves that file. Decision 0032 says why.

mod components;
pub mod operation;
mod tag;
pub mod values;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use shared::http::problem::Problem;

use components::{Schemas, header_components};
pub use operation::Operation;
pub use tag::Tag;

use crate::{admin, auth, health, keys, metrics, organizations, reference, user};

/// What each handler says of its routes, in the order of a person's life with us.
const DESCRIBED: &[fn() -> Vec<Operation>] = &[
    auth::signup::operations,
    organizations::slug_available::operations,
    auth::verify_email::operations,
    auth::verify_email_resend::operations,
    auth::login::operations,
    auth::refresh::operations,
    auth::verify_token::operations,
    auth::csrf::operations,
    auth::logout::operations,
    auth::unlock::operations,
    auth::password_forgot::operations,
    auth::password_reset::operations,
    auth::password_change::operations,
    user::me::operations,
    user::sessions::operations,
    user::session_end::operations,
    user::sessions_end_others::operations,
    admin::unlock_account::operations,
    admin::sessions::operations,
    admin::session_end::operations,
    admin::metrics_sessions::operations,
    admin::audit_logs::operations,
    admin::audit_export::operations,
    admin::erase_audit::operations,
    admin::jobs::operations,
    admin::job_switch::operations,
    admin::metrics_logins::operations,
    admin::reports::operations,
    admin::webhooks::operations,
    admin::webhook_secret::operations,
    admin::webhook_deliveries::operations,
    admin::alert_channels::operations,
    keys::jwks::operations,
    keys::discovery::operations,
    health::operations,
    metrics::operations,
    reference::operations,
];

/// All operations.
pub fn operations() -> Vec<Operation> {
    DESCRIBED.iter().flat_map(|describe| describe()).collect()
}

/// The whole document, as `docs/openapi.json` has it.
pub fn text() -> String {
    format!("{:#}\n", document())
}

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new(settings());
    let mut paths: Map<String, Value> = Map::new();
    for (order, operation) in operations().into_iter().enumerate() {
        let (method, path) = operation.method_and_path();
        let item = paths.entry(path).or_insert_with(|| json!({}));
        let mut described = operation.describe(&mut schemas);
        // Members of an object have no order, but readers do.
        described["x-order"] = order.into();
        item[method.to_lowercase()] = described;
    }
    // Problems are named by every operation without asking the generator.
    schemas.answered::<Problem<'_>>();
    let (schemas, responses) = schemas.finish();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Postern",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Sign-up, sign-in and sessions for your product",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where this document is" }],
        "tags": Tag::ALL.map(|tag| json!({ "name": tag.name(), "description": tag.about() })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": header_components(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token from a sign-in with `\"tokenDelivery\": \"body\"`.",
                },
                "accessCookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-postern_v1_access",
                    "description": "Set by a sign-in. The name's prefix depends on the stage: `__Secure-` below a shared domain, none on a developer's machine.",
                },
                "csrfToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "From `GET /auth/csrf`; goes with the cookie wherever something changes.",
                },
            },
        },
    })
}

const ABOUT: &str = "JSON in and out, members in camelCase, times in RFC 3339 UTC, ids opaque.\n\n\
A browser signs in and gets `HttpOnly` cookies; what it changes later needs `X-CSRF-Token`, too. A native app or a server asks for \
`\"tokenDelivery\": \"body\"` and sends `Authorization: Bearer`.\n\n\
What is refused is answered as `application/problem+json` with a stable `code`; each operation lists its own. An unknown member of a \
body is refused. `X-Request-ID`, 8 to 64 letters, digits, `-` or `_`, is taken over into our logs and sent back.";

fn settings() -> SchemaSettings {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_given_once() {
        let operations = operations();
        let ids: BTreeSet<_> = operations.iter().map(Operation::id).collect();
        assert_eq!(ids.len(), operations.len(), "an operation's id is there twice");
        // Two types of one name: the generator numbers the second.
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for name in schemas.keys() {
            assert!(!name.ends_with(char::is_numeric), "{name}: give it a name by #[schemars(rename)]");
            assert!(!matches!(name.as_str(), "Request" | "Response"), "{name}: give it a name by #[schemars(rename)]");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str));
                    members.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.contains("#/components/schemas/Problem"));
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
    }
}
