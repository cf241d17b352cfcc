//! API Gateway's events: an HTTP request as payload 2.0, and an answer back as HTTP.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use shared::clock::Timestamp;

use crate::routes::{Match, decode};

/// Sets the caller's address, so that one machine can play many. Never reaches a handler.
pub(crate) const SOURCE_IP: &str = "x-local-source-ip";

/// The event for a request. `None` when its path is not UTF-8.
pub(crate) fn of_request(
    request: &Parts,
    body: &[u8],
    found: &Match<'_>,
    peer: IpAddr,
    now: Timestamp,
) -> Option<Value> {
    let text = |name: &HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let header_ip = request.headers.get(SOURCE_IP).and_then(|value| value.to_str().ok());
    let source_ip = header_ip.map_or_else(|| peer.to_string(), str::to_owned);
    let path = decode(request.uri.path())?;
    let host = text(&header::HOST);
    let route_key = found.route.key();
    let is_text = is_text(text(&header::CONTENT_TYPE)) && std::str::from_utf8(body).is_ok();

    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.uri.query().unwrap_or_default(),
        "headers": headers(request),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split(['.', ':']).next(),
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", request.version),
                "sourceIp": source_ip,
                "userAgent": text(&header::USER_AGENT),
            },
            "requestId": shared::id::fresh(now),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.to_string(),
            "timeEpoch": now.millis(),
        },
        "isBase64Encoded": !is_text,
    });
    let cookies: Vec<&str> =
        request.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
    if !cookies.is_empty() {
        event["cookies"] = cookies.iter().flat_map(|line| line.split(';')).map(str::trim).collect();
    }
    if let Some(query) = request.uri.query() {
        event["queryStringParameters"] = query_parameters(query);
    }
    if !found.parameters.is_empty() {
        event["pathParameters"] = json!(found.parameters);
    }
    if !body.is_empty() {
        event["body"] = if is_text { json!(String::from_utf8_lossy(body)) } else { json!(STANDARD.encode(body)) };
    }
    Some(event)
}

/// What the distribution of `infra/edge.yaml` makes of a request: it sends its secret and the caller's address along, and is
/// itself what the gateway sees.
pub(crate) fn through_edge(event: &mut Value, secret: &str) {
    let viewer = event["requestContext"]["http"]["sourceIp"].take();
    event["requestContext"]["http"]["sourceIp"] = json!("130.176.0.1");
    event["headers"]["x-viewer-address"] = viewer;
    event["headers"]["x-origin-verify"] = json!(secret);
}

/// Lower-case names; repeated headers joined by commas. Cookies travel apart.
fn headers(request: &Parts) -> Map<String, Value> {
    let mut headers = Map::new();
    for name in request.headers.keys().filter(|name| **name != header::COOKIE && *name != SOURCE_IP) {
        let values: Vec<String> =
            request.headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
        headers.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    headers
}

/// Decoded; repeated parameters joined by commas.
fn query_parameters(query: &str) -> Value {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decode(&text.replace('+', " ")).unwrap_or_default();
        let value = plain(value);
        parameters.entry(plain(name)).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    json!(parameters)
}

/// Bodies of these types travel as text, others in base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
}

/// What a function answered, as HTTP. `None` for an answer that API Gateway would not take: a 500 there.
pub(crate) fn to_response(answer: &Value) -> Option<Response<Body>> {
    let status = StatusCode::from_u16(u16::try_from(answer["statusCode"].as_u64()?).ok()?).ok()?;
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };
    let mut response = Response::new(if body.is_empty() { Body::empty() } else { Body::from(body) });
    *response.status_mut() = status;
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response.headers_mut().append(name, HeaderValue::from_str(value.as_str()?).ok()?);
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    Some(response)
}
