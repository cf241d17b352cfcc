//! What a handler says of one route: a summary, what it takes, what it answers, what it refuses.
//!
//! What every route of a kind has in common is added here, so that no handler can forget it.

mod responses;

use std::time::Duration;

use schemars::JsonSchema;
use serde_json::{Value, json};
use shared::error::Refusal;
use shared::http::Endpoint;

use super::components::Schemas;
use super::tag::Tag;
use super::values::{Describe, described};

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    Anybody,
    /// Whoever shows some proof in the body or by cookie; what that is, the handler says.
    ByBodyOrCookie,
    SignedIn,
    Admins,
}

type SchemaOf = fn(&mut Schemas) -> Value;

struct Answer {
    status: u16,
    about: &'static str,
    /// Media types and their schemas.
    content: Vec<(&'static str, SchemaOf)>,
    /// `{"status": …}` with exactly this.
    says: Option<&'static str>,
    headers: Vec<&'static str>,
}

/// One method of one path.
pub struct Operation {
    route: &'static str,
    id: &'static str,
    tag: Tag,
    summary: &'static str,
    about: &'static str,
    is_limited: bool,
    callers: Callers,
    parameters: Vec<Value>,
    body: Option<(SchemaOf, bool)>,
    answers: Vec<Answer>,
    refusals: Vec<Refusal>,
}

impl Operation {
    /// `route` is one of the endpoint's, `id` what generated clients call it, `summary` one line for people.
    pub fn new(endpoint: &Endpoint, route: &'static str, id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            route,
            id,
            tag,
            summary,
            about: "",
            is_limited: endpoint.limited,
            callers: Callers::Anybody,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: Vec::new(),
        }
    }

    pub fn id(&self) -> &'static str {
        self.id
    }

    pub fn route(&self) -> &'static str {
        self.route
    }

    /// Whatever else a caller has to know.
    #[must_use]
    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// A JSON body.
    #[must_use]
    pub fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some((Schemas::taken::<T>, true)), ..self }
    }

    /// A JSON body that may be left out.
    #[must_use]
    pub fn may_take<T: JsonSchema>(self) -> Self {
        Self { body: Some((Schemas::taken::<T>, false)), ..self }
    }

    /// A part of the path.
    #[must_use]
    pub fn path(self, name: &'static str, schema: Describe, about: &'static str) -> Self {
        self.parameter("path", name, described(schema), about).refuses([Refusal::NotFound])
    }

    /// A flag of the query (`Call::flag`).
    #[must_use]
    pub fn flag(self, name: &'static str, about: &'static str) -> Self {
        let schema = json!({ "type": "boolean", "default": false });
        self.parameter("query", name, schema, about).refuses([Refusal::Invalid(Vec::new())])
    }

    /// A part of the query that may be left out, or empty, as a form leaves a field that nobody filled in (`Call::query`).
    #[must_use]
    pub fn query(self, name: &'static str, schema: Describe, about: &'static str) -> Self {
        let schema = json!({ "anyOf": [described(schema), { "type": "string", "maxLength": 0 }] });
        self.parameter("query", name, schema, about).refuses([Refusal::Invalid(Vec::new())])
    }

    /// A part of the query that must be there.
    #[must_use]
    pub fn required_query(mut self, name: &'static str, schema: Describe, about: &'static str) -> Self {
        self = self.parameter("query", name, described(schema), about).refuses([Refusal::Invalid(Vec::new())]);
        if let Some(parameter) = self.parameters.last_mut() {
            parameter["required"] = true.into();
        }
        self
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, about: &str) -> Self {
        let is_required = place == "path";
        self.parameters.push(
            json!({ "name": name, "in": place, "required": is_required, "description": about, "schema": schema }),
        );
        self
    }

    /// JSON of this type.
    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.answer(status, about, vec![("application/json", Schemas::answered::<T>)], None)
    }

    /// `{"status": says}`.
    #[must_use]
    pub fn says(self, status: u16, says: &'static str, about: &'static str) -> Self {
        self.answer(status, about, vec![("application/json", Schemas::answered::<crate::reply::Status>)], Some(says))
    }

    /// 204.
    #[must_use]
    pub fn answers_nothing(self, about: &'static str) -> Self {
        self.answer(204, about, Vec::new(), None)
    }

    /// Text in one of these media types.
    #[must_use]
    pub fn answers_text(self, about: &'static str, kinds: impl IntoIterator<Item = &'static str>) -> Self {
        self.answer(200, about, kinds.into_iter().map(|kind| (kind, Schemas::text as SchemaOf)).collect(), None)
    }

    /// The latest answer may also be text in one of these media types.
    #[must_use]
    pub fn or_text(mut self, kinds: impl IntoIterator<Item = &'static str>) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.content.extend(kinds.into_iter().map(|kind| (kind, Schemas::text as SchemaOf)));
        }
        self
    }

    fn answer(
        mut self,
        status: u16,
        about: &'static str,
        content: Vec<(&'static str, SchemaOf)>,
        says: Option<&'static str>,
    ) -> Self {
        self.answers.push(Answer { status, about, content, says, headers: Vec::new() });
        self
    }

    /// A header of the latest answer, by its name in `components`.
    #[must_use]
    pub fn with_header(mut self, name: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push(name);
        }
        self
    }

    /// What this route refuses, beyond what all routes of its kind do.
    #[must_use]
    pub fn refuses(mut self, refusals: impl IntoIterator<Item = Refusal>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// For whoever is signed in.
    #[must_use]
    pub fn signed_in(self) -> Self {
        Self { callers: Callers::SignedIn, ..self }.refuses([
            Refusal::Unauthenticated,
            Refusal::AccessTokenInvalid,
            Refusal::AccessTokenExpired,
            Refusal::SessionRevoked,
        ])
    }

    /// For administrators.
    #[must_use]
    pub fn for_reading_admins(self) -> Self {
        Self { callers: Callers::Admins, ..self.signed_in() }.refuses([Refusal::Forbidden])
    }

    /// For administrators who have signed in lately.
    #[must_use]
    pub fn for_admins(self) -> Self {
        self.for_reading_admins().refuses([Refusal::StepUpRequired])
    }

    /// For whoever holds a session, which a cookie or the body shows.
    #[must_use]
    pub fn by_body_or_cookie(self) -> Self {
        Self { callers: Callers::ByBodyOrCookie, ..self }
    }

    pub(super) fn method_and_path(&self) -> (&'static str, String) {
        let (method, path) = self.route.split_once(' ').unwrap_or_default();
        (method, path.to_owned())
    }

    fn changes_something(&self) -> bool {
        !matches!(self.method_and_path().0, "GET" | "HEAD")
    }

    /// The operation object of OpenAPI.
    pub(super) fn describe(mut self, schemas: &mut Schemas) -> Value {
        self.add_what_all_refuse();
        let mut described = json!({
            "operationId": self.id,
            "tags": [self.tag.name()],
            "summary": self.summary,
            "responses": self.responses(schemas),
            "security": self.security(),
        });
        if !self.about.is_empty() {
            described["description"] = self.about.into();
        }
        if !self.parameters.is_empty() {
            described["parameters"] = Value::from(std::mem::take(&mut self.parameters));
        }
        if let Some((schema, is_required)) = self.body {
            described["requestBody"] =
                json!({ "required": is_required, "content": { "application/json": { "schema": schema(schemas) } } });
        }
        described
    }

    fn add_what_all_refuse(&mut self) {
        if self.changes_something() {
            // A browser on a foreign page; and for cookies, a missing CSRF token.
            self.refusals.extend([Refusal::CsrfInvalid, Refusal::TooLarge]);
        }
        if self.body.is_some() {
            self.refusals.extend([Refusal::Malformed(""), Refusal::Invalid(Vec::new()), Refusal::UnsupportedMediaType]);
        }
        if self.is_limited {
            self.refusals.push(Refusal::RateLimited { wait: Duration::ZERO });
        }
    }

    fn security(&self) -> Value {
        match (self.callers, self.changes_something()) {
            (Callers::Anybody, _) => json!([]),
            (Callers::ByBodyOrCookie, true) => json!([{}, { "accessCookie": [], "csrfToken": [] }]),
            (Callers::ByBodyOrCookie, false) => json!([{}, { "accessCookie": [] }]),
            (Callers::SignedIn | Callers::Admins, true) => {
                json!([{ "bearer": [] }, { "accessCookie": [], "csrfToken": [] }])
            }
            (Callers::SignedIn | Callers::Admins, false) => json!([{ "bearer": [] }, { "accessCookie": [] }]),
        }
    }
}
