//! Reading a raw message well enough to show it: the addresses, the subject, the text and the HTML.
//!
//! Not a validator: what it cannot read is left as it stands. Attachments are dropped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The readable parts of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) from: String,
    /// From the headers To, Cc and Bcc.
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Message {
    let raw = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let part = Part::split(&raw);
    let addresses = ["to", "cc", "bcc"].map(|name| part.header(name));
    let mut message = Message {
        from: words(&part.header("from")),
        to: addresses
            .iter()
            .flat_map(|list| list.split(','))
            .map(|to| words(to.trim()))
            .filter(|to| !to.is_empty())
            .collect(),
        subject: words(&part.header("subject")),
        ..Message::default()
    };
    collect(&part, &mut message);
    message
}

/// Takes over the first text and the first HTML, wherever they are nested.
fn collect(part: &Part<'_>, message: &mut Message) {
    let kind = part.header("content-type");
    let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media.starts_with("multipart/") {
        let Some(boundary) = parameter(&kind, "boundary") else { return };
        let delimiter = format!("--{boundary}");
        // Before the first delimiter is a preamble; the last one has `--` after it.
        for section in part.body.split(delimiter.as_str()).skip(1).take_while(|section| !section.starts_with("--")) {
            collect(&Part::split(section.trim_start_matches('\n')), message);
        }
        return;
    }
    let target = match media.as_str() {
        "text/html" => &mut message.html,
        "text/plain" | "" => &mut message.text,
        _ => return,
    };
    if target.is_empty() {
        *target = part.decoded();
    }
}

struct Part<'a> {
    head: &'a str,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn split(raw: &'a str) -> Self {
        let (head, body) = raw.split_once("\n\n").unwrap_or((raw, ""));
        Self { head, body }
    }

    /// A header's value with its folded lines joined, empty if it is not there.
    fn header(&self, name: &str) -> String {
        let mut value = String::new();
        let mut is_inside = false;
        for line in self.head.lines() {
            if line.starts_with([' ', '\t']) {
                if is_inside {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                continue;
            }
            is_inside = line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
            if is_inside {
                line[name.len() + 1..].trim().clone_into(&mut value);
            }
        }
        value
    }

    fn decoded(&self) -> String {
        let body = self.body.trim_end_matches('\n');
        let bytes = match self.header("content-transfer-encoding").to_ascii_lowercase().as_str() {
            "base64" => STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok(),
            "quoted-printable" => Some(quoted_printable(&body.replace("=\n", ""))),
            _ => None,
        };
        bytes.map_or_else(|| body.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A parameter of a header value, quoted or not.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// `=C3=A9` and the like; what is no such escape stays.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'=').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

/// Text with its encoded words (`=?utf-8?Q?…?=`) decoded, taken to be UTF-8.
fn words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, word)) = rest.split_once("=?") {
        let mut fields = word.splitn(3, '?');
        let (Some(_charset), Some(encoding), Some(tail)) = (fields.next(), fields.next(), fields.next()) else { break };
        let Some((content, after)) = tail.split_once("?=") else { break };
        let bytes = match encoding {
            "B" | "b" => STANDARD.decode(content).unwrap_or_default(),
            _ => quoted_printable(&content.replace('_', " ")),
        };
        // White space between two encoded words only separates them.
        if out.is_empty() || !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&String::from_utf8_lossy(&bytes));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_two_alternatives_is_read() {
        let raw = "From: A <a@example.com>\r\nTo: b@example.com,\r\n c@example.com\r\n\
            Subject: =?utf-8?Q?caf=C3=A9_?=\r\n =?utf-8?B?w6k=?=\r\n\
            Content-Type: multipart/alternative; boundary=\"x\"\r\n\r\npreamble\r\n\
            --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            1=3D1 =C3=A9 a=\r\nb\r\n\
            --x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\naGk8L3A+\r\n--x--\r\n";
        let message = read(raw.as_bytes());
        assert_eq!(message.from, "A <a@example.com>");
        assert_eq!(message.to, ["b@example.com", "c@example.com"]);
        assert_eq!(message.subject, "café é");
        assert_eq!(message.text, "1=1 é ab");
        assert_eq!(message.html, "<p>hi</p>");
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is() {
        assert_eq!(read(b"").text, "");
        assert_eq!(read(b"Subject: =?broken\n\nhi").subject, "=?broken");
        assert_eq!(read(b"Content-Transfer-Encoding: base64\n\n***").text, "***");
    }
}
