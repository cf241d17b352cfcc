//! Text that a stranger may have chosen, made fit for a mail (case 016).
//!
//! Escaping is not enough here: mail programs turn bare words such as `evil.example`, `a@evil.example` or a telephone
//! number into links by themselves, in HTML as in plain text. So this is a list of what may pass, not of what may not.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::device::Device;

/// Longer names are cut: a name is no place for a message.
const MAX_CHARS: usize = 60;

/// The shortest telephone number that phones make a link of has seven digits. No name and no browser version needs them.
const MAX_DIGITS: usize = 6;

/// The text as a mail may show it: letters, digits, single spaces and `' ’ - ,` as they are, a full stop only where a
/// word ends; anything else is a space. At most 60 characters and 6 digits. It may come out empty.
///
/// Without `:`, `/`, `@` and inner full stops nothing is left that a mail program would make a link of. Control and
/// bidirectional characters are not letters, so they go as well, and the text cannot reach another line or column.
pub fn display_name(text: &str) -> String {
    // NFKC first: it makes `．` a full stop and `ｈ` an `h`, as a mail program might.
    let mut digits = 0;
    let passed: String = text
        .nfkc()
        .map(|c| {
            digits += usize::from(c.is_numeric());
            match c {
                '\'' | '’' | '-' | ',' | '.' => c,
                // Letters by their class, but with nothing to see.
                '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => ' ',
                _ if c.is_numeric() && digits > MAX_DIGITS => ' ',
                _ if c.is_alphanumeric() || is_combining_mark(c) => c,
                _ => ' ',
            }
        })
        .collect();

    let mut shown = String::with_capacity(passed.len());
    let mut rest = passed.chars().peekable();
    let mut length = 0;
    while let Some(c) = rest.next() {
        // `J. R. Smith` keeps its full stops, `evil.example` and `...` do not.
        let ends_word =
            shown.ends_with(char::is_alphanumeric) && rest.peek().is_none_or(|next| matches!(next, ' ' | ','));
        let c = if c == '.' && !ends_word { ' ' } else { c };
        if c == ' ' && (shown.is_empty() || shown.ends_with(' ')) {
            continue;
        }
        if length == MAX_CHARS {
            break;
        }
        shown.push(c);
        length += 1;
    }
    shown.truncate(shown.trim_end().len());
    if shown.contains(char::is_alphanumeric) { shown } else { String::new() }
}

/// A device as a mail may show it: a label that somebody gave it as a name is shown, a `User-Agent` in words of our own.
pub(super) fn device_name(label: &str) -> String {
    let is_agent = label.starts_with("Mozilla/") || label.split(' ').next().is_some_and(|first| first.contains('/'));
    if is_agent { Device::of(label).name } else { display_name(label) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_pass_unchanged() {
        for name in [
            "Ada Lovelace",
            "Zoë O’Brien-Smith",
            "Dr. J. R. R. Tolkien",
            "Martin Luther King Jr.",
            "Smith, Jr., John",
            "李小龍",
            "عمر الشريف",
            "Владимир",
            "अनिरुद्ध",
            "Nguyễn Văn A",
            "R2D2",
        ] {
            assert_eq!(display_name(name), name);
        }
    }

    #[test]
    fn case_016_what_mail_programs_make_links_of_is_taken_apart() {
        for (name, shown) in [
            ("visit http://evil.example", "visit http evil example"),
            ("[x](http://evil)", "x http evil"),
            ("<a href=\"https://evil.example/?a=b#c\">Ada</a>", "a href https evil example a b c Ada a"),
            ("www.evil.example", "www evil example"),
            ("mail a@evil.example", "mail a evil example"),
            (
                "evil．example evil。example evil｡example evil․example",
                "evil example evil example evil example evil example",
            ),
            ("ｈｔｔｐ：／／ｅｖｉｌ", "http evil"),
            ("evil.\u{200b}example", "evil. example"),
            ("evil.,example", "evil.,example"),
            ("call +1 (800) 555-0199", "call 1 800 55 -"),
            ("javascript:alert(1)", "javascript alert 1"),
        ] {
            assert_eq!(display_name(name), shown, "{name:?}");
        }
    }

    #[test]
    fn case_015_and_016_characters_that_change_the_text_around_them_are_dropped() {
        assert_eq!(display_name("Ada\r\nBcc: b@example.com"), "Ada Bcc b example com");
        assert_eq!(display_name("\u{202e}moc.live\u{202c}\u{2066}x\u{2069}\u{0}\u{7}\u{feff}"), "moc live x");
        assert_eq!(display_name("🚀 Ada 🚀"), "Ada");
    }

    #[test]
    fn a_name_without_a_letter_is_empty() {
        for name in ["", " ", "...", "- ,'", "\u{3164}", "🙂", "\u{301}"] {
            assert_eq!(display_name(name), "", "{name:?}");
        }
    }

    #[test]
    fn a_browser_is_named_in_our_own_words() {
        for (agent, shown) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
                "Firefox on macOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 http://evil.example", "A browser"),
            ("curl/8.14.1", "curl"),
            ("Ada’s Phone", "Ada’s Phone"),
            ("", ""),
        ] {
            assert_eq!(device_name(agent), shown, "{agent:?}");
        }
    }

    /// Any text, with more of what links are made of than chance would give.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[a-z0-9]{1,4}",
            prop::sample::select(vec![
                ".", "．", "://", "http", "www.", "@", "/", "\r\n", "\u{202e}", "\u{200d}", " ", ",", "<", "\"", "&",
                "](", "\u{301}", "0800", "+"
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn case_016_nothing_but_the_listed_characters_comes_out(text in hostile()) {
            let shown = display_name(&text);
            prop_assert!(shown.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c) || " '’-,.".contains(c)), "{shown:?}");
            prop_assert!(shown.chars().count() <= MAX_CHARS);
            prop_assert!(shown.chars().filter(|c| c.is_numeric()).count() <= MAX_DIGITS);
            prop_assert!(!shown.contains("  ") && shown.trim() == shown);
            prop_assert!(!shown.chars().any(char::is_control));
        }

        #[test]
        fn case_016_a_full_stop_never_joins_two_words(text in hostile()) {
            let shown = display_name(&text);
            for (at, _) in shown.match_indices('.') {
                prop_assert!(shown[at + 1..].chars().next().is_none_or(|next| next == ' ' || next == ','), "{shown:?}");
            }
        }

        #[test]
        fn showing_a_shown_name_changes_nothing(text in hostile()) {
            let shown = display_name(&text);
            prop_assert_eq!(display_name(&shown), shown);
        }

        #[test]
        fn a_device_is_held_to_the_same_rule(text in hostile()) {
            for label in [text.clone(), format!("Mozilla/{text}")] {
                let shown = device_name(&label);
                prop_assert_eq!(display_name(&shown), shown);
            }
        }
    }
}
