//! The API reference: `GET /openapi.json` for programs, `GET /docs` for people, and what that page loads.
//!
//! All of it is `docs/openapi.json`, as it was when this was built. The code that makes that file is in `openapi`.

mod page;

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use shared::app::App;
use shared::error::{Error, Refusal, Result};
use shared::http::{Call, Endpoint, Reply};

use crate::openapi::{Operation, Tag};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "reference",
    routes: &["GET /openapi.json", "GET /docs", "GET /docs/{file}"],
    limited: false,
    handle: |app, call| Box::pin(handle(app, call)),
};

/// What the page loads: name, type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("reference.css", "text/css; charset=utf-8", include_str!("../../reference/reference.css")),
    ("reference.js", "text/javascript; charset=utf-8", include_str!("../../reference/reference.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../reference/icon.svg")),
];

/// Short, and the same for the page and what it loads: after a release, they belong together again this soon.
const CACHE_SECONDS: u32 = 300;

/// An OpenAPI document.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OpenApi")]
struct Document {
    /// The version of OpenAPI.
    openapi: String,
}

/// `None` only if the file in the repository were no JSON; a test reads it.
static DOCUMENT: LazyLock<Option<Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../docs/openapi.json")).ok());

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let document = DOCUMENT.as_ref().ok_or_else(|| Error::internal("docs/openapi.json cannot be read"))?;
    match call.path() {
        "/openapi.json" => {
            let mut document = document.clone();
            document["servers"] = json!([{ "url": app.settings.public_url }]);
            Ok(Reply::ok(&document)?.cached_for(CACHE_SECONDS))
        }
        "/docs" => page::reply(app, document),
        _ => {
            let asked = call.path_parameter("file")?;
            let (_, kind, text) = FILES.iter().find(|(name, ..)| *name == asked).ok_or(Refusal::NotFound)?;
            Ok(Reply::file(kind, text).cached_for(CACHE_SECONDS))
        }
    }
}

/// For the API reference. Its page and what that loads are for people.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(&ENDPOINT, "GET /openapi.json", "openapi", Tag::Service, "Get this document")
            .answers::<Document>(200, "OpenAPI 3.1.")
            .with_header("Cache-Control"),
    ]
}
