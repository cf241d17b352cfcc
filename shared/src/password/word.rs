//! Text brought to the form in which words are compared: folded, and reduced to its base word (decision D2).
//!
//! For comparison only. What is hashed is the password as its owner typed it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// `text` without case, accents and compatibility forms: `Ｐássword` and `password` fold alike.
///
/// Lower, upper and lower case again, letter by letter, is closer to Unicode's case folding than lower case alone (ß and
/// ẞ → ss, ς → σ).
pub(super) fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|&c| canonical_combining_class(c) == 0)
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The letter that a digit or symbol stands for in the middle of a word; everything else is itself.
///
/// `1` stands for i and for l. Both are tried by writing l as i everywhere: the list's words go through here too.
fn letter_of(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '8' => 'b',
        '(' => 'c',
        '3' => 'e',
        '9' => 'g',
        '1' | '!' | '|' | 'l' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// Folded text with its substitutions undone.
pub(super) fn without_leet(folded: &str) -> String {
    folded.chars().map(letter_of).collect()
}

/// Folded text from its first letter to its last: leading and trailing digits and symbols are cut.
pub(super) fn core(folded: &str) -> &str {
    folded.trim_matches(|c: char| !c.is_alphabetic())
}

/// The base word of folded text: cut, substitutions undone. `p@ssw0rd123!` gives `password`. Folding and cutting that again
/// changes nothing.
pub(super) fn base(folded: &str) -> String {
    without_leet(core(folded))
}

/// Text without its punctuation and spaces, which may separate the letters of one word.
pub(super) fn squashed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_base_word_is_found_under_its_decorations() {
        for (text, word) in [
            ("P@ssw0rd123!", "password"),
            ("!!Dr4g0n!!", "dragon"),
            ("Monkey2024", "monkey"),
            ("pass-w0rd", "pass-word"),
            ("ＰÁSSWORD", "password"),
            ("12345678", ""),
            ("Straße1", "strasse"),
        ] {
            assert_eq!(base(&fold(text)), word, "{text}");
        }
        assert_eq!(base("he11o"), base("hello"));
        assert_eq!(base("m1chael"), base("michael"));
    }

    #[test]
    fn folding_every_character_twice_changes_nothing() {
        for c in '\0'..=char::MAX {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_base_word_of_a_base_word_is_itself(text in any::<String>(), ascii in "[ -~]{0,40}") {
            for text in [text, ascii] {
                let once = base(&fold(&text));
                prop_assert_eq!(base(&fold(&once)), once);
            }
        }
    }
}
