//! The values of variables: origins, URLs, ciphertexts, a sender. Each says what is wrong with a text, for the list of faults.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Stage;
use crate::email::Email;

pub(super) fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

pub(crate) fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    authority.split([':', '/']).next().unwrap_or(authority)
}

/// `scheme://host[:port]`, nothing after it. Plain http only in development.
pub(super) fn origin(text: &str, stage: Stage) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|_| "is not a URL".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("must be an origin such as https://app.example.com".to_owned());
    };
    if format!("{scheme}://{authority}") != text || text.contains('@') {
        return Err("must be an origin: scheme, host and port, no path and no trailing slash".to_owned());
    }
    match (scheme, stage) {
        ("https", _) | ("http", Stage::Development) => Ok(text.to_owned()),
        _ => Err("must use https".to_owned()),
    }
}

/// An absolute URL that a path can be appended to.
pub(crate) fn url(text: &str, stage: Stage) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let end_of_origin =
        text.find("://").and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash)).unwrap_or(text.len());
    origin(&text[..end_of_origin], stage)?;
    if text.contains(['?', '#', ' ']) {
        Err("must be a URL without query or fragment".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A value that KMS has encrypted, `shortest` bytes or longer; what it is (`secret`) and the page that tells how it is made.
/// Never repeats the text: it may be the secret itself, in the wrong place.
pub(crate) fn ciphertext(text: &str, shortest: usize, what: &str, page: &str) -> Result<Vec<u8>, String> {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    if bytes.len() < shortest {
        return Err(format!("must be the {what} as `aws kms encrypt` gives it, in base64; see {page}"));
    }
    Ok(bytes)
}

pub(super) fn sender(text: &str) -> Result<String, String> {
    Email::parse(text).map(|_| text.to_owned()).map_err(|_| "must be one plain e-mail address".to_owned())
}
