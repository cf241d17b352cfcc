//! The list of common passwords and of their base words, searched where it lies in the binary.
//!
//! Where it comes from: `common-passwords.md`. Both files are sorted bytewise, one folded entry per line; nothing is
//! parsed or allocated at start.

/// Whole passwords, folded.
static PASSWORDS: &str = include_str!("common-passwords.txt");
/// The base words of [`PASSWORDS`], made from them by the test below.
static BASE_WORDS: &str = include_str!("common-base-words.txt");

/// A base word shorter than this (abc, sex) is in too many passwords that are not built around it.
pub(super) const MIN_BASE: usize = 4;

pub(super) fn has_password(folded: &str) -> bool {
    has_line(PASSWORDS, folded)
}

pub(super) fn has_base_word(base: &str) -> bool {
    base.chars().count() >= MIN_BASE && has_line(BASE_WORDS, base)
}

/// Binary search over byte offsets: each probe goes back to the start of the line it fell into.
fn has_line(list: &str, wanted: &str) -> bool {
    let (list, wanted) = (list.as_bytes(), wanted.as_bytes());
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = list[low..middle].iter().rposition(|&b| b == b'\n').map_or(low, |at| low + at + 1);
        let end = list[middle..high].iter().position(|&b| b == b'\n').map_or(high, |at| middle + at);
        match list[start..end].cmp(wanted) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
pub(super) fn passwords() -> impl Iterator<Item = &'static str> {
    PASSWORDS.lines()
}

#[cfg(test)]
mod tests {
    use super::super::word;
    use super::*;
    use std::collections::BTreeSet;

    fn file(lines: &BTreeSet<String>) -> String {
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    fn made_passwords() -> String {
        file(&PASSWORDS.lines().map(word::fold).filter(|p| p.chars().count() >= 4).collect())
    }

    fn made_base_words() -> String {
        file(
            &PASSWORDS
                .lines()
                .map(|line| word::base(&word::fold(line)))
                .filter(|b| b.chars().count() >= MIN_BASE)
                .collect(),
        )
    }

    #[test]
    fn both_files_are_what_the_rules_make_of_the_list() {
        assert!(made_passwords() == PASSWORDS, "run `cargo test write_both_files -- --ignored`");
        assert!(made_base_words() == BASE_WORDS, "run `cargo test write_both_files -- --ignored`");
    }

    /// After adding entries or changing `word`: run twice, as the words are made from the compiled-in list.
    #[test]
    #[ignore = "writes into the source tree"]
    fn write_both_files() {
        let here = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/password"));
        std::fs::write(here.join("common-passwords.txt"), made_passwords()).unwrap();
        std::fs::write(here.join("common-base-words.txt"), made_base_words()).unwrap();
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        for line in PASSWORDS.lines() {
            assert!(has_password(line), "{line}");
        }
        for line in BASE_WORDS.lines() {
            assert!(has_base_word(line), "{line}");
        }
        for absent in
            ["", "\n", "!", "~~~~~~", "passwor\n", "zzzzzzzzzzzzzzzzzzzzzzzzz", "\u{10ffff}", "moss lamp kayak"]
        {
            assert!(!has_password(absent), "{absent}");
        }
        assert!(!has_line("", "a") && has_line("a", "a") && has_line("a\nc", "c") && !has_line("a\nc\n", "b"));
    }

    #[test]
    fn the_list_is_far_longer_than_the_3000_entries_asvs_asks_for() {
        assert!(PASSWORDS.lines().count() > 39_000);
    }
}
