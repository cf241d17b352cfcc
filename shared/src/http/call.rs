//! A request, as a handler sees it.

use lambda_http::{Body, Request, RequestExt};
use serde::de::DeserializeOwned;

use super::edge::Caller;
use super::{Endpoint, Form, form};
use crate::app::App;
use crate::attempts::Admission;
use crate::context::RequestContext;
use crate::error::{Error, FieldError, Refusal, Result};
use crate::id;
use crate::json::{self, NotRead};

/// Larger bodies are refused before anything reads them (F32).
const MAX_BODY: usize = 64 * 1024;

const MAX_USER_AGENT: usize = 512;

/// One request, with what the gateway knows of it.
pub struct Call {
    pub ctx: RequestContext,
    function: &'static str,
    caller: Caller,
    request: Request,
}

impl Call {
    pub(crate) fn new(app: &App, endpoint: &Endpoint, request: Request) -> Self {
        let now = app.clock.now();
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request_id =
            Some(header("x-request-id")).filter(|id| is_well_formed(id)).map_or_else(|| id::fresh(now), str::to_owned);
        let user_agent = header("user-agent").chars().take(MAX_USER_AGENT).collect();
        let admission = endpoint.limited.then(|| Admission::to(endpoint.name));
        let caller = Caller::of(&app.settings.edge, &request);
        let ctx = RequestContext { now, request_id, ip: caller.ip, place: caller.place.clone(), user_agent, admission };
        Self { ctx, function: endpoint.name, caller, request }
    }

    /// The function that was called, by its name.
    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    pub fn method(&self) -> &http::Method {
        self.request.method()
    }

    pub fn path(&self) -> &str {
        self.request.raw_http_path()
    }

    /// The query as it was sent; empty when there is none.
    pub fn raw_query(&self) -> &str {
        self.request.uri().query().unwrap_or_default()
    }

    /// A header's value; `None` when it is absent, repeated or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.request.headers().get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    pub fn has_header(&self, name: &str) -> bool {
        self.request.headers().contains_key(name)
    }

    /// A part of the path, decoded by the gateway.
    pub fn path_parameter(&self, name: &str) -> Result<String> {
        self.request
            .path_parameters_ref()
            .and_then(|parameters| parameters.first(name))
            .map(str::to_owned)
            .ok_or(Refusal::NotFound.into())
    }

    /// Whether `?name=true`. Repeated or other values are refused.
    pub fn flag(&self, name: &'static str) -> Result<bool> {
        match self.all_of(name).as_slice() {
            [] | ["false"] => Ok(false),
            ["true"] => Ok(true),
            _ => Err(Refusal::Invalid(vec![FieldError::new(name, "invalid", "must be true or false, once")]).into()),
        }
    }

    /// A parameter of the query; `None` when it is absent or empty. Repeated ones, and those that cannot be read, are
    /// refused.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], saying what the parameter must be.
    pub fn query<T>(&self, name: &str, must: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let value = match self.all_of(name).as_slice() {
            [] | [""] => return Ok(None),
            [one] => read(one),
            _ => None,
        };
        value.map(Some).ok_or_else(|| Refusal::Invalid(vec![FieldError::new(name, "invalid", must)]).into())
    }

    /// Refuses parameters of the query that are not among these: a filter that is misspelt must not let everything pass.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn only(&self, known: &[&str]) -> Result<()> {
        let Some(parameters) = self.request.query_string_parameters_ref() else { return Ok(()) };
        let unknown = parameters.iter().map(|(name, _)| name).find(|name| !known.contains(name));
        match unknown {
            None => Ok(()),
            Some(_) => {
                let message = format!("there are only {}", known.join(", "));
                Err(Refusal::Invalid(vec![FieldError::new("", "unknown_parameter", message)]).into())
            }
        }
    }

    fn all_of(&self, name: &str) -> Vec<&str> {
        self.request.query_string_parameters_ref().and_then(|parameters| parameters.all(name)).unwrap_or_default()
    }

    /// A value of the query; `None` when it is absent or repeated.
    pub fn query_one(&self, name: &str) -> Option<&str> {
        match self.all_of(name).as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The JSON body. Unknown and repeated members are refused by the type it is read into.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`], [`Refusal::UnsupportedMediaType`], [`Refusal::Malformed`], [`Refusal::Invalid`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.check_body()?;
        // A form or plain text needs no preflight, so a foreign page could send it with cookies (case 127).
        if !self.has_content_type("application/json") {
            return Err(Refusal::UnsupportedMediaType.into());
        }
        parse(self.body())
    }

    /// The body of an HTML form, for the hosted pages.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`], [`Refusal::UnsupportedMediaType`], [`Refusal::Malformed`].
    pub fn form(&self) -> Result<Form> {
        self.check_body()?;
        if !self.has_content_type(form::CONTENT_TYPE) {
            return Err(Refusal::UnsupportedMediaType.into());
        }
        Form::read(self.body())
    }

    fn has_content_type(&self, wanted: &str) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted))
    }

    /// The JSON body, or the default where there is none.
    pub fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T> {
        if self.body().is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// Whether the request came the way that the settings want.
    ///
    /// # Errors
    /// As [`Caller::check`].
    pub(crate) fn check_way(&self) -> Result<()> {
        self.caller.check()
    }

    pub(crate) fn check_body(&self) -> Result<()> {
        if self.body().len() > MAX_BODY { Err(Refusal::TooLarge.into()) } else { Ok(()) }
    }

    fn body(&self) -> &[u8] {
        match self.request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    json::object(body).map_err(|error| refusal_of(&error))
}

const MALFORMED: Refusal = Refusal::Malformed("the body is not one JSON value");

fn refusal_of(NotRead { path, cause }: &NotRead) -> Error {
    use serde_json::error::Category;
    match cause.classify() {
        Category::Data => Refusal::Invalid(vec![FieldError::new(path, "invalid", wording(&cause.to_string()))]).into(),
        Category::Io | Category::Syntax | Category::Eof => MALFORMED.into(),
    }
}

/// serde's words, without the position in the body, and without the value: it may be a password in the wrong place.
fn wording(message: &str) -> String {
    const REPEATING: [(&str, &str); 4] = [
        ("invalid type", "has the wrong type"),
        ("invalid value", "has a value that is not allowed"),
        ("invalid length", "has the wrong length"),
        ("unknown variant", "is not one of the allowed values"),
    ];
    match REPEATING.iter().find(|(start, _)| message.starts_with(start)) {
        Some((_, wording)) => (*wording).to_owned(),
        None => message.split(" at line ").next().unwrap_or_default().to_owned(),
    }
}

/// What is taken over from `X-Request-ID`: short, and harmless in a log line, a header and a user agent (WEB-5).
fn is_well_formed(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is of interest")]
    struct Body {
        email: String,
        token_delivery: Option<String>,
    }

    #[test]
    fn case_292_bad_bodies_are_refused_by_name() {
        let invalid =
            |e: &Error, field: &str| matches!(e, Error::Refused(Refusal::Invalid(errors)) if errors[0].field == field);
        let malformed = |e: &Error| matches!(e, Error::Refused(Refusal::Malformed(_)));
        assert!(parse::<Body>(br#"{"email":["a"]}"#).is_err_and(|e| invalid(&e, "email")));
        assert!(parse::<Body>(br#"{"email":"a","role":"admin"}"#).is_err_and(|e| invalid(&e, "role")));
        assert!(parse::<Body>(br#"{"email":"a","email":"b"}"#).is_err());
        for body in [
            &b""[..],
            b"{",
            b"\xff\xfe",
            b"\xef\xbb\xbf{}",
            br#"{"email":"a"} x"#,
            br#"{"email":"a"}{"email":"b"}"#,
            br#"{"email":NaN}"#,
        ] {
            assert!(
                parse::<Body>(body).is_err_and(|e| malformed(&e) || matches!(e, Error::Refused(Refusal::Invalid(_)))),
                "{body:?}"
            );
        }
        let deep = "[".repeat(100_000);
        assert!(parse::<serde_json::Value>(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_refusal_never_repeats_what_was_sent() {
        // A client that encodes twice sends its whole body, password and all, as one string.
        for body in [
            r#""{\"password\":\"hunter2\"}""#,
            r#"{"email":{"hunter2":1}}"#,
            r#"{"email":"a","tokenDelivery":["hunter2"]}"#,
        ] {
            let error = parse::<Body>(body.as_bytes()).err().unwrap();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn case_135_only_harmless_correlation_ids_are_taken_over() {
        assert!(is_well_formed("3f2a-order_17"));
        for bad in ["", "short", "with space in it", "a\r\nset-cookie: x", "ünïcödé-id", &"a".repeat(65)] {
            assert!(!is_well_formed(bad), "{bad:?}");
        }
    }
}
