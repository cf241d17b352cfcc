//! Where a page leads when its work is done: back to a listed origin, or to a path of ours; nowhere else (case 137).

use crate::settings::Settings;

/// Longer ones are nobody's bookmark.
const MAX_BYTES: usize = 1_024;

/// A place that a page may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Takes what a query or a form says. A list of what may pass: browsers mend what is malformed, each in its own way
    /// (`\` becomes `/`, tabs and line breaks vanish), so what is malformed never passes.
    pub fn parse(settings: &Settings, text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES || !text.bytes().all(is_plain) {
            return None;
        }
        let listed = settings.frontend_origins.iter().chain([&settings.public_url]);
        let rest = match text.as_bytes().first()? {
            b'/' => text,
            _ => listed.filter_map(|origin| text.strip_prefix(origin.as_str())).find(|rest| is_end(rest))?,
        };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        // `//host` leads to another host, and what is resolved first may become that.
        let is_straight = !path.contains("//") && !path.split('/').any(is_dots);
        is_straight.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What may follow an origin: nothing, or what no host name goes on with.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

/// RFC 3986's characters, without brackets.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}

/// `.` and `..`, also in the spellings that browsers resolve (URL standard, §4.1).
fn is_dots(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(segment.as_str(), "." | "..")
}
