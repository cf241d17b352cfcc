//! The responses of an operation: what it answers, and by status what it refuses.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::error::Error;
use shared::http::problem;

use super::Operation;
use crate::openapi::components::{LIMIT, Schemas, header_references};

impl Operation {
    /// `responses` of the operation object.
    pub(super) fn responses(&self, schemas: &mut Schemas) -> Value {
        let mut responses = Map::new();
        for answer in &self.answers {
            let mut headers = vec!["X-Request-ID"];
            headers.extend(&answer.headers);
            if self.is_limited {
                headers.extend(LIMIT);
            }
            let mut response = json!({ "description": answer.about, "headers": header_references(&headers) });
            for (kind, schema) in &answer.content {
                let mut schema = schema(schemas);
                if let Some(says) = answer.says {
                    schema = json!({ "allOf": [schema, { "properties": { "status": { "const": says } } }] });
                }
                response["content"][kind] = json!({ "schema": schema });
            }
            responses.insert(answer.status.to_string(), response);
        }
        for (status, problems) in self.problems() {
            responses.entry(status.to_string()).or_insert_with(|| self.refusal(status, &problems, schemas));
        }
        responses.into()
    }

    /// By status, each with its code and meaning.
    fn problems(&self) -> BTreeMap<u16, BTreeMap<&'static str, &'static str>> {
        let faults = [Error::Internal(String::new()), Error::Unavailable { dependency: "", cause: String::new() }];
        let refusals = self.refusals.iter().cloned().map(Error::Refused);
        let mut problems: BTreeMap<u16, BTreeMap<_, _>> = BTreeMap::new();
        for error in refusals.chain(faults) {
            let problem::Kind { status, code, title } = problem::kind_of(&error);
            problems.entry(status.as_u16()).or_default().insert(code, title);
        }
        problems
    }

    fn refusal(&self, status: u16, problems: &BTreeMap<&str, &str>, schemas: &mut Schemas) -> Value {
        let lines: Vec<_> = problems.iter().map(|(code, title)| format!("`{code}`: {title}")).collect();
        let mut headers = vec!["X-Request-ID"];
        match status {
            401 => headers.push("WWW-Authenticate"),
            409 if problems.contains_key("refresh_in_progress") => headers.push("Retry-After"),
            423 | 429 | 503 => headers.push("Retry-After"),
            _ => {}
        }
        if status == 429 {
            headers.extend(LIMIT);
        }
        let mut response = json!({ "description": lines.join("\n\n"), "headers": header_references(&headers) });
        if self.method_and_path().0 == "HEAD" {
            return response;
        }
        let codes: Vec<_> = problems.keys().copied().collect();
        response["content"] = json!({ "application/problem+json": { "schema": { "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            { "properties": { "status": { "const": status }, "code": { "enum": codes } } },
        ] } } });
        schemas.response(format!("{status}-{}", codes.join("-")), response)
    }
}
