//! Repetitions and sequences: text that is long without being hard to guess (`abababab…`, `12345678…`, keyboard rows).
//!
//! Knows no words and no list; `common` asks it about a whole password and about what is left of it without decorations.

/// A repeated unit of this length may be an honest password of its own.
const MIN_UNIT: usize = 8;

/// Shorter than this a run is chance, or part of a word.
const MIN_RUN: usize = 3;

/// How many of [`ROWS`] begin again after their end.
const ROUND: usize = 2;

/// Where neighbours follow one another, in either direction: the alphabet and the digits, which also go around, then the
/// US, German and French keyboards' rows, columns, and zigzags between two rows. No row holds a character twice.
const ROWS: [&str; 12] = [
    "abcdefghijklmnopqrstuvwxyz",
    "1234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qawsedrftgyhujikolp",
];

/// The digit that a symbol of the US keyboard's top row shares a key with, so that `!QAZ@WSX` is seen for what it is.
fn unshifted(c: char) -> char {
    match c {
        '!' => '1',
        '@' => '2',
        '#' => '3',
        '$' => '4',
        '%' => '5',
        '^' => '6',
        '&' => '7',
        '*' => '8',
        '(' => '9',
        ')' => '0',
        other => other,
    }
}

/// Whether folded text is one short unit repeated, or made of sequences but for a few characters.
pub(super) fn is_trivial(folded: &str) -> bool {
    let text: Vec<char> = folded.chars().map(unshifted).collect();
    text.len() >= 4 && (has_two_characters(&text) || is_repeated(&text) || is_sequences(&text))
}

/// The unit of which folded text is a repetition (the last may be cut short), if it is there at least twice.
pub(super) fn repeated_unit(folded: &str) -> Option<&str> {
    let text: Vec<char> = folded.chars().collect();
    let period = period(&text)?;
    folded.char_indices().nth(period).map(|(end, _)| &folded[..end])
}

fn has_two_characters(text: &[char]) -> bool {
    let first = text[0];
    let second = text.iter().find(|&&c| c != first);
    text.iter().all(|c| *c == first || Some(c) == second)
}

/// One short unit, or one longer word (letters, perhaps a separator) over and over.
fn is_repeated(text: &[char]) -> bool {
    period(text).is_some_and(|period| period < MIN_UNIT || is_one_word(&text[..period]))
}

fn is_one_word(unit: &[char]) -> bool {
    let is_letter = |c: &char| c.is_alphabetic();
    let (Some(first), Some(last)) = (unit.iter().position(is_letter), unit.iter().rposition(is_letter)) else {
        return false;
    };
    unit[first..=last].iter().all(is_letter)
}

/// The shortest period that fits into the text at least twice (Knuth, Morris and Pratt's failure function: linear time).
fn period(text: &[char]) -> Option<usize> {
    let mut border = vec![0; text.len()];
    for i in 1..text.len() {
        let mut k = border[i - 1];
        while k > 0 && text[i] != text[k] {
            k = border[k - 1];
        }
        border[i] = if text[i] == text[k] { k + 1 } else { 0 };
    }
    let period = text.len() - border.last()?;
    (period * 2 <= text.len() && period > 0).then_some(period)
}

/// Whether runs of neighbours or of one character cover all but two characters, or all but a quarter.
fn is_sequences(text: &[char]) -> bool {
    let (mut at, mut covered) = (0, 0);
    while at < text.len() {
        let run = run_at(&text[at..]);
        if run >= MIN_RUN {
            covered += run;
        }
        at += if run >= MIN_RUN { run } else { 1 };
    }
    text.len() - covered <= (text.len() / 4).max(2) && covered >= 4
}

/// How many characters from the start of `text` form one run.
fn run_at(text: &[char]) -> usize {
    let same = text.iter().take_while(|&&c| c == text[0]).count();
    ROWS.iter()
        .enumerate()
        .flat_map(|(i, row)| [true, false].map(|forwards| length_along(text, row.as_bytes(), forwards, i < ROUND)))
        .fold(same, usize::max)
}

fn length_along(text: &[char], row: &[u8], forwards: bool, round: bool) -> usize {
    let Some(start) = row.iter().position(|&b| char::from(b) == text[0]) else {
        return 0;
    };
    let mut at = start;
    let mut length = 1;
    for &c in &text[1..] {
        let next = if forwards { at + 1 } else { at + row.len() - 1 };
        // Backwards from the first place comes the last, which is around the end too.
        if !round && (if forwards { next == row.len() } else { at == 0 }) {
            break;
        }
        at = next % row.len();
        if char::from(row[at]) != c {
            break;
        }
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_sequences_of_any_length_are_trivial() {
        for text in [
            "aaaaaaaaaaaaaaa",
            "abababababababa",
            "abcabcabcabcabc",
            "aabbabbbaaabbab",
            "xk7xk7xk7xk7xk7",
            "mountainmountain",
            "mountain mountain ",
            "abcdefgh",
            "12345678",
            "1234567890123456",
            "987654321",
            "zyxwvutsrq",
            "qwertyuiopasdfgh",
            "qwertzuiop",
            "azertyuiop",
            "1qaz2wsx3edc",
            "!qaz@wsx#edc",
            "1q2w3e4r5t6y",
            "!@#$%^&*()",
            "abc123",
            "aaabbbcccddd",
            "111222333444555",
            "1234567890aa!",
            "poiuytrewq",
            "4321rewqfdsa",
        ] {
            assert!(is_trivial(text), "{text}");
        }
        let long: String = "abcdefghijklmnopqrstuvwxyz".chars().cycle().take(128).collect();
        assert!(is_trivial(&long) && is_trivial(&"a".repeat(128)) && is_trivial(&"19".repeat(64)));
    }

    #[test]
    fn honest_passwords_are_not_trivial() {
        for text in [
            "",
            "a",
            "abc",
            "correct horse battery staple",
            "moss lamp kayak",
            "xk9#mq2v",
            "xk9#mq2vxk9#mq2v",
            "the abc of 123 gardens",
            "stuvwxyz lamp moss kite boat",
            "9081726354091",
        ] {
            assert!(!is_trivial(text), "{text}");
        }
    }

    #[test]
    fn the_repeated_unit_is_the_shortest_one() {
        assert_eq!(repeated_unit("pass9pass9pa"), Some("pass9"));
        assert_eq!(repeated_unit("ßxßx"), Some("ßx"));
        assert_eq!(repeated_unit("passpor"), None);
        assert_eq!(repeated_unit(""), None);
    }
}
