//! The last thing that happens to a line of the log: one line stays one line, and what must not be in it is masked.
//!
//! Our own code logs no address, no token and no secret. This is for what others put into their messages: an SDK that
//! repeats an answer, a runtime that repeats an event. It reads the line as JSON text and keeps it JSON.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

/// A writer of whole lines. One that cannot be written is counted and given up: no request fails for its log (F31).
pub struct Clean<W>(pub W);

/// Lines of this process that could not be written since the last one that could.
static LOST: AtomicU32 = AtomicU32::new(0);

impl<W: Write> Write for Clean<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let lost = LOST.load(Ordering::Relaxed);
        let mut text = clean(&String::from_utf8_lossy(line));
        if lost > 0 {
            text = format!("{{\"level\":\"ERROR\",\"message\":\"log lines were lost\",\"lost\":{lost}}}\n{text}");
        }
        match self.0.write_all(text.as_bytes()) {
            Ok(()) => LOST.fetch_sub(lost, Ordering::Relaxed),
            Err(_) => LOST.fetch_add(1, Ordering::Relaxed),
        };
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// An address of which enough is left to tell networks apart: an IPv4 /24, an IPv6 /48.
pub fn masked_ip(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.*")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:*")
        }
    }
}

fn clean(line: &str) -> String {
    let mut cleaned = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // An escape is no part of the word that follows it.
            '\\' => escape_length(rest),
            _ if is_of_word(first) => rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        match first {
            _ if is_of_word(first) => push_word(&mut cleaned, part),
            // The line's own end stays; JSON has no other bare control character.
            '\n' => cleaned.push('\n'),
            _ if first != '\\' && breaks_lines(first) => cleaned.push_str(&format!("\\u{:04x}", u32::from(first))),
            _ => cleaned.push_str(part),
        }
        rest = after;
    }
    cleaned
}

/// `\n` or `\u001b`, at the beginning of a text.
fn escape_length(text: &str) -> usize {
    let wanted = if text[1..].starts_with('u') { 6 } else { 2 };
    text.char_indices().nth(wanted).map_or(text.len(), |(at, _)| at)
}

/// What addresses and tokens are made of.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@' | ':' | '~' | '\'')
}

/// What a terminal or an editor may take for a line's end, for a command, or for a change of direction (case 269).
fn breaks_lines(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push_word(cleaned: &mut String, word: &str) {
    // The links of mails.
    if cleaned.ends_with("token=") {
        return cleaned.push('…');
    }
    // A sentence's own punctuation is none of the address's.
    let core = word.trim_end_matches(['.', ':', '\'']).trim_start_matches('\'');
    match masked(core) {
        Some(mask) => cleaned.push_str(&word.replacen(core, &mask, 1)),
        None => cleaned.push_str(word),
    }
}

fn masked(word: &str) -> Option<String> {
    if let Some((local, domain)) = word.rsplit_once('@') {
        let first = local.chars().next()?;
        return domain.contains('.').then(|| format!("{first}…@{domain}"));
    }
    // Ours and everybody's: refresh tokens, JSON Web Tokens.
    for start in ["prt_", "eyJ"] {
        if let Some((before, _)) = word.split_once(start).filter(|(_, token)| token.len() > 16) {
            return Some(format!("{before}{start}…"));
        }
    }
    if !word.contains(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    if let Ok(socket) = word.parse::<SocketAddr>() {
        return Some(format!("{}:{}", masked_ip(socket.ip()), socket.port()));
    }
    word.parse().ok().map(masked_ip)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn f31_lines_that_cannot_be_written_are_counted_and_told_of_later() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for _ in 0..3 {
            Clean(Broken).write_all(b"{}\n").unwrap();
        }
        let mut well = Vec::new();
        Clean(&mut well).write_all(b"{\"a\":1}\n").unwrap();
        Clean(&mut well).write_all(b"{\"a\":2}\n").unwrap();
        let lines: Vec<Value> =
            String::from_utf8(well).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[0]["lost"], &lines[2]), (3, &json!(3), &json!({ "a": 2 })));
    }

    #[test]
    fn case_270_addresses_and_tokens_of_others_are_masked() {
        for (said, written) in [
            ("Email address is not verified: ada.l+x@example.com.", "Email address is not verified: a…@example.com."),
            ("from 203.0.113.77 to 127.0.0.1:4000", "from 203.0.113.* to 127.0.0.*:4000"),
            ("peer 2001:db8:1:2::7, then ::ffff:203.0.113.7", "peer 2001:db8:1:*, then 203.0.113.*"),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcz.c2ln", "Bearer eyJ…"),
            ("refreshToken=prt_AQGc3dBaAABwAIAAAAAAAAAB", "refreshToken=prt_…"),
            ("GET /reset-password?token=Vq3x0cJm-_Yt9&lang=en", "GET /reset-password?token=…&lang=en"),
            ("at shared::http::endpoint 12:30:00, version 1.2.3", "at shared::http::endpoint 12:30:00, version 1.2.3"),
            ("2026-11-21T01:50:00.007Z @ a@b ::", "2026-11-21T01:50:00.007Z @ a@b ::"),
        ] {
            assert_eq!(clean(said), written);
        }
    }

    #[test]
    fn case_269_hostile_text_makes_one_parsable_line() {
        let hostile = "a\r\nb\u{1b}[31mc\u{2028}d\u{2029}e\"f\\g\u{85}h\u{7f}i\u{202e}j\n{\"level\":\"ERROR\"}";
        let line = format!("{}\n", json!({ "user_agent": hostile }));
        let cleaned = clean(&line);
        assert_eq!(cleaned.matches('\n').count(), 1);
        assert!(!cleaned.trim_end().contains(breaks_lines), "{cleaned:?}");
        assert_eq!(serde_json::from_str::<Value>(&cleaned).unwrap()["user_agent"], hostile);
        // An escape just before an address stays an escape.
        let line = json!({ "m": "\nada@example.com\tbob@example.com\u{1}\\10.1.2.3" }).to_string();
        let read: Value = serde_json::from_str(&clean(&line)).unwrap();
        assert_eq!(read["m"], "\na…@example.com\tb…@example.com\u{1}\\10.1.2.*");
    }

    proptest! {
        #[test]
        fn case_269_any_text_stays_json(text in any::<String>(), more in "[a-z@.:0-9\\\\\"\u{2028}\r\n]{0,40}") {
            let line = json!({ "a": text, "b": more }).to_string();
            prop_assert!(serde_json::from_str::<Value>(&clean(&line)).is_ok(), "{line}");
        }
    }
}
