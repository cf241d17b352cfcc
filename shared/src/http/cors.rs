//! CORS and the headers of every answer (WEB-3, WEB-4).

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Response};

use super::Call;
use super::reply::HasWidget;
use crate::captcha;
use crate::settings::{Settings, Stage};

/// The headers of our answers that a browser's script may read.
const EXPOSED: &str = "retry-after, link, x-request-id, postern-expires-in, ratelimit-limit, ratelimit-remaining, ratelimit-reset, ratelimit-policy";

/// Whether a browser may call from this origin: ours, or one that is listed to the letter (case 125).
pub fn is_allowed(settings: &Settings, origin: &str) -> bool {
    origin == settings.public_url || settings.frontend_origins.iter().any(|listed| listed == origin)
}

/// Whether a request is a preflight (Fetch standard, §3.2.2).
pub fn is_preflight(call: &Call) -> bool {
    call.method() == Method::OPTIONS
}

/// The answer to a preflight: what an allowed origin may send. Others get nothing that would let them.
pub fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers
        .insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, x-csrf-token, x-request-id"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Finishes an answer, whoever made it: every route and every error passes here.
pub fn finish(settings: &Settings, call: &Call, response: &mut Response<Body>) {
    let has_widget = response.extensions().get::<HasWidget>().is_some();
    dress(settings, &call.ctx.request_id, call.header("origin"), response.headers_mut());
    if let Some(captcha) = settings.captcha.as_ref().filter(|_| has_widget)
        && let Ok(policy) = HeaderValue::from_str(&policy(settings, Some(captcha)))
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The headers of an answer to a request with this id and from this origin.
pub fn dress(settings: &Settings, request_id: &str, origin: Option<&str>, headers: &mut HeaderMap) {
    secure(settings, headers);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    // One line for all: of a header that is there twice, the gateway is handed the first.
    let vary = headers.get(header::VARY).and_then(|own| own.to_str().ok()).map(|own| format!("{own}, Origin"));
    let vary = vary.and_then(|vary| HeaderValue::from_str(&vary).ok());
    headers.insert(header::VARY, vary.unwrap_or(HeaderValue::from_static("Origin")));
    let origin = origin.filter(|origin| is_allowed(settings, origin)).map(HeaderValue::from_str);
    if let Some(Ok(origin)) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        return;
    }
    for name in
        [header::ACCESS_CONTROL_ALLOW_METHODS, header::ACCESS_CONTROL_ALLOW_HEADERS, header::ACCESS_CONTROL_MAX_AGE]
    {
        headers.remove(name);
    }
}

/// A page that people see, and not an answer to a program.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What a page may load and do: its own style, script and pictures, and nothing that was made from text. A page with a CAPTCHA
/// also what its provider's script needs; that makes markup, so trusted types cannot hold there.
fn policy(settings: &Settings, captcha: Option<&captcha::Settings>) -> String {
    // Chromium applies `form-action` to where a form's answer leads, too: signing in may lead back to the product.
    let targets: String = settings.frontend_origins.iter().map(|origin| format!(" {origin}")).collect();
    let frame = format!("form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'");
    let Some(captcha) = captcha else {
        return format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; {frame}; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
    };
    let (code, rest) = captcha.widget_sources();
    let rest = if rest.is_empty() { rest } else { format!(" {rest}") };
    format!(
        "default-src 'none'; style-src 'self'{rest}; script-src 'self' {code}; frame-src {code}; img-src 'self'; \
         connect-src 'self'{rest}; {frame}"
    )
}

fn secure_page(settings: &Settings, headers: &mut HeaderMap) {
    if let Ok(policy) = HeaderValue::from_str(&policy(settings, None)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Not `no-referrer`: with that a browser sends `Origin: null` with a form, and no form could be told from a foreign
    // one. Other sites still learn nothing.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
}

fn secure(settings: &Settings, headers: &mut HeaderMap) {
    const ALWAYS: &[(&str, &str)] = &[
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        ("permissions-policy", "geolocation=(), microphone=(), camera=()"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    for (name, value) in ALWAYS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if is_page(headers) {
        secure_page(settings, headers);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if settings.stage == Stage::Production {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
}
