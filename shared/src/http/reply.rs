//! What a handler answers.

use http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

use super::cookies::SetCookie;
use super::problem::RETRY_UNAVAILABLE;
use crate::error::{Error, Result};

/// An answer in the making.
pub struct Reply {
    status: StatusCode,
    body: Option<Vec<u8>>,
    /// Whether the body is bytes and no text: the gateway is told so.
    is_binary: bool,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    cookies: Vec<SetCookie>,
    /// The code of the problem that it tells, for the metrics.
    code: Option<ProblemCode>,
    /// Whether it is a page with the CAPTCHA provider's widget.
    has_widget: bool,
}

/// The code of a problem, as an extension of the response that tells it.
#[derive(Clone, Copy)]
pub(super) struct ProblemCode(pub(super) &'static str);

/// Marks an answer whose page shows the CAPTCHA provider's widget, so its policy must let that load.
#[derive(Clone, Copy)]
pub(super) struct HasWidget;

impl Reply {
    /// 200 with a JSON body.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, body)
    }

    /// 202: what was asked for may happen later, and this answer does not tell.
    pub fn accepted(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::ACCEPTED, body)
    }

    /// 200 with a text of another kind than JSON, such as a file.
    pub fn text(content_type: &'static str, text: String) -> Self {
        Self { status: StatusCode::OK, body: Some(text.into_bytes()), content_type, ..Self::no_content() }
    }

    /// 201 with a JSON body.
    pub fn created(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            is_binary: false,
            content_type: "",
            headers: Vec::new(),
            cookies: Vec::new(),
            code: None,
            has_widget: false,
        }
    }

    /// A page.
    pub fn html(status: StatusCode, page: String) -> Self {
        Self { status, body: Some(page.into_bytes()), content_type: "text/html; charset=utf-8", ..Self::no_content() }
    }

    /// 303: the answer to a form, wherever it goes on. `location` has been made by us, or checked.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, ..Self::no_content() }.with_header(header::LOCATION, location)
    }

    /// A file that a page needs.
    pub fn file(content_type: &'static str, text: &str) -> Self {
        Self { status: StatusCode::OK, body: Some(text.as_bytes().to_vec()), content_type, ..Self::no_content() }
    }

    /// A file that a page needs, packed in this coding (RFC 9110 §8.4.1).
    pub fn packed_file(content_type: &'static str, packed: &[u8], coding: &'static str) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(packed.to_vec()),
            is_binary: true,
            content_type,
            ..Self::no_content()
        }
        .with_header(header::CONTENT_ENCODING, coding)
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { status, body: Some(body), content_type: "application/json", ..Self::no_content() })
    }

    pub(crate) fn with_content_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    pub(super) fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(ProblemCode(code)), ..self }
    }

    /// 503 instead of 200, for a health check that has found something.
    #[must_use]
    pub fn or_unavailable(self, is_available: bool) -> Self {
        if is_available {
            return self;
        }
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..self }
            .with_header(header::RETRY_AFTER, RETRY_UNAVAILABLE.as_secs().to_string())
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Lets anybody keep the answer for so many seconds. Without it, nobody keeps any answer.
    #[must_use]
    pub fn cached_for(self, seconds: u32) -> Self {
        self.with_header(header::CACHE_CONTROL, format!("public, max-age={seconds}"))
    }

    #[must_use]
    pub fn with_cookie(mut self, cookie: SetCookie) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// The same page, which shows the CAPTCHA provider's widget.
    #[must_use]
    pub fn with_widget(self) -> Self {
        Self { has_widget: true, ..self }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(match self.body {
            None => Body::Empty,
            Some(body) if self.is_binary => Body::Binary(body),
            Some(body) => Body::Text(String::from_utf8_lossy(&body).into_owned()),
        });
        *response.status_mut() = self.status;
        if let Some(code) = self.code {
            response.extensions_mut().insert(code);
        }
        if self.has_widget {
            response.extensions_mut().insert(HasWidget);
        }
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        // An answer that sets a cookie is nobody else's, whatever its handler thought of caching.
        let is_private = !self.cookies.is_empty();
        for (name, value) in
            self.headers.into_iter().filter(|(name, _)| !(is_private && *name == header::CACHE_CONTROL))
        {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        for cookie in self.cookies {
            if let Ok(value) = HeaderValue::from_str(cookie.as_str()) {
                headers.append(header::SET_COOKIE, value);
            }
        }
        response
    }
}
