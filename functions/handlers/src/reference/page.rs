//! `GET /docs`: the document as a page. Everything is there without script; a small module lets one try an operation.

use std::collections::BTreeMap;

use askama::Template;
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::error::{Error, Result};
use shared::http::Reply;

use super::CACHE_SECONDS;

#[derive(Template)]
#[template(path = "reference.html")]
struct Page<'a> {
    product: &'a str,
    version: &'a str,
    server: &'a str,
    about: Vec<&'a str>,
    chapters: Vec<Chapter<'a>>,
    types: Vec<Type<'a>>,
}

impl Page<'_> {
    /// A text in pieces, and whether each is code: what was between backticks.
    fn prose<'t>(&self, text: &'t str) -> Vec<(bool, &'t str)> {
        text.split('`').enumerate().map(|(n, piece)| (n % 2 == 1, piece)).collect()
    }
}

struct Chapter<'a> {
    name: &'a str,
    about: &'a str,
    operations: Vec<Operation<'a>>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    about: &'a str,
    /// Who may call, in words; empty for anybody.
    callers: &'static str,
    parameters: Vec<Member>,
    takes: Option<Body<'a>>,
    answers: Vec<Answer<'a>>,
}

struct Body<'a> {
    kind: &'a str,
    is_required: bool,
    /// For trying it.
    example: String,
}

struct Answer<'a> {
    status: &'a str,
    is_good: bool,
    /// Paragraphs; of refusals, one for each code.
    about: Vec<(&'a str, &'a str)>,
    kind: Option<&'a str>,
    headers: Vec<&'a str>,
}

struct Type<'a> {
    name: &'a str,
    about: &'a str,
    members: Vec<Member>,
}

struct Member {
    name: String,
    kind: Kind,
    is_required: bool,
    about: String,
}

/// A type in words, perhaps with a link to one of ours in it.
struct Kind {
    before: String,
    link: Option<String>,
}

pub(super) fn reply(app: &App, document: &Value) -> Result<Reply> {
    let page = Page {
        product: &app.settings.product_name,
        version: text(&document["info"], "version"),
        server: &app.settings.public_url,
        about: text(&document["info"], "description").split("\n\n").collect(),
        chapters: chapters(document),
        types: types(document),
    };
    let page = page.render().map_err(Error::internal)?;
    Ok(Reply::html(StatusCode::OK, page).cached_for(CACHE_SECONDS))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn chapters(document: &Value) -> Vec<Chapter<'_>> {
    let mut by_tag: BTreeMap<&str, Vec<(u64, Operation<'_>)>> = BTreeMap::new();
    for (path, item) in members(&document["paths"]) {
        for (method, described) in members(item) {
            let order = described["x-order"].as_u64().unwrap_or(u64::MAX);
            let tag = described["tags"][0].as_str().unwrap_or_default();
            by_tag.entry(tag).or_default().push((order, operation(document, method, path, described)));
        }
    }
    let chapter = |tag| {
        let name = text(tag, "name");
        let mut operations = by_tag.remove(name).unwrap_or_default();
        operations.sort_by_key(|(order, _)| *order);
        Chapter {
            name,
            about: text(tag, "description"),
            operations: operations.into_iter().map(|(_, it)| it).collect(),
        }
    };
    items(&document["tags"]).map(chapter).filter(|chapter| !chapter.operations.is_empty()).collect()
}

fn operation<'a>(document: &'a Value, method: &str, path: &'a str, described: &'a Value) -> Operation<'a> {
    let body = &described["requestBody"];
    let takes = body.is_object().then(|| {
        let kind = name_of(&body["content"]["application/json"]["schema"]);
        let example = example(document, &document["components"]["schemas"][kind]);
        let example = serde_json::to_string_pretty(&example).unwrap_or_default();
        Body { kind, is_required: body["required"] == true, example }
    });
    let is_named = |name: &str| items(&described["security"]).any(|way| way.get(name).is_some());
    let callers = match (is_named("bearer"), is_named("csrfToken"), is_named("accessCookie")) {
        (true, true, _) => "Signed in: bearer token, or cookie and CSRF token",
        (true, false, _) => "Signed in: bearer token or cookie",
        (false, true, _) => "By cookie and CSRF token, or by the body",
        (false, false, true) => "By cookie, or by bearer token",
        (false, false, false) => "",
    };
    let parameters = items(&described["parameters"]).map(|parameter| Member {
        name: text(parameter, "name").to_owned(),
        kind: kind_of(&parameter["schema"]),
        is_required: parameter["required"] == true,
        about: format!("{} ({})", text(parameter, "description"), text(parameter, "in")),
    });
    Operation {
        id: text(described, "operationId"),
        method: method.to_uppercase(),
        path,
        summary: text(described, "summary"),
        about: text(described, "description"),
        callers,
        parameters: parameters.collect(),
        takes,
        answers: members(&described["responses"])
            .map(|(status, response)| answer(document, status, response))
            .collect(),
    }
}

fn answer<'a>(document: &'a Value, status: &'a str, response: &'a Value) -> Answer<'a> {
    let name = name_of(response);
    let response = if name.is_empty() { response } else { &document["components"]["responses"][name] };
    let is_good = status.starts_with('2');
    // Of refusals, each paragraph is "`code`: meaning".
    let about = text(response, "description").split("\n\n").map(|line| {
        let coded = line.strip_prefix('`').and_then(|line| line.split_once("`: "));
        coded.unwrap_or(("", line))
    });
    let schema = &response["content"]["application/json"]["schema"];
    let kind = [schema, &schema["allOf"][0]].into_iter().map(name_of).find(|name| !name.is_empty());
    let headers = members(&response["headers"]).map(|(name, _)| name.as_str());
    let headers = headers.filter(|name| is_good && *name != "X-Request-ID").collect();
    Answer { status, is_good, about: about.collect(), kind, headers }
}

fn types(document: &Value) -> Vec<Type<'_>> {
    let described = |schema: &Value| -> Vec<Member> {
        let required: Vec<_> = items(&schema["required"]).filter_map(Value::as_str).collect();
        members(&schema["properties"])
            .map(|(name, schema)| Member {
                name: name.clone(),
                kind: kind_of(schema),
                is_required: required.contains(&name.as_str()),
                about: text(schema, "description").to_owned(),
            })
            .collect()
    };
    members(&document["components"]["schemas"])
        .map(|(name, schema)| Type { name, about: text(schema, "description"), members: described(schema) })
        .collect()
}

/// The name in a reference; empty without one.
fn name_of(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default()
}

fn kind_of(schema: &Value) -> Kind {
    let plain = |before: String| Kind { before, link: None };
    let name = name_of(schema);
    if !name.is_empty() {
        return Kind { before: String::new(), link: Some(name.to_owned()) };
    }
    if schema["items"].is_object() {
        let Kind { before, link } = kind_of(&schema["items"]);
        return Kind { before: format!("list of {before}"), link };
    }
    if schema["additionalProperties"].is_object() {
        let Kind { before, link } = kind_of(&schema["additionalProperties"]);
        return Kind { before: format!("object of {before}"), link };
    }
    if let Some(first) = items(&schema["anyOf"]).find(|option| option["type"] != "null") {
        return kind_of(first);
    }
    let allowed: Vec<_> = items(&schema["enum"]).filter_map(Value::as_str).collect();
    if !allowed.is_empty() {
        return plain(allowed.join(" | "));
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        name => name.as_str(),
    };
    let format = schema["format"].as_str().filter(|format| !format.starts_with("uint"));
    plain([names, format].into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// Something to begin with: what is required, with the examples that the schema gives.
fn example(document: &Value, schema: &Value) -> Value {
    let name = name_of(schema);
    if !name.is_empty() {
        return example(document, &document["components"]["schemas"][name]);
    }
    if let Some(example) = items(&schema["examples"]).next() {
        return example.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = items(&schema["required"]).filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), example(document, &schema["properties"][name]))).collect()
        }
        Some("boolean") => json!(false),
        Some("integer") => json!(0),
        Some("array") => json!([]),
        _ => json!(""),
    }
}
