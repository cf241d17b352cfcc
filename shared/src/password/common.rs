//! Whether a password is common: listed, built around a listed word, or a plain repetition or sequence (decision D2).
//!
//! Always compares whole words, never substrings: a long honest passphrase may well contain "dragon". Nothing is asked of
//! the network here.

use super::{list, pattern, word};

/// How many characters at either end count as decoration of a listed password (`abc123` + `1!`).
const MAX_DECORATION: usize = 4;

/// A word pieced together over separators has at least this many letters.
const MIN_JOINED: usize = 6;

/// Shorter listed numbers (a year) are in too many passwords.
const MIN_NUMBER: usize = 6;

/// Whether `password` is as easy to guess as a listed one. Linear in its length but for a bounded number of look-ups.
pub(super) fn is_common(password: &str) -> bool {
    let folded = word::fold(password);
    let core = word::core(&folded);
    // The pattern may be the whole, the part between the decorations, or either without its separators.
    let joined = [&folded, core].into_iter().filter_map(joined).collect::<Vec<_>>();
    let mut views = [&folded, core].into_iter().chain(joined.iter().map(String::as_str));
    is_listed(&folded, core)
        || views.any(|view| {
            pattern::is_trivial(view)
                || pattern::repeated_unit(view).is_some_and(|unit| is_listed(unit, word::core(unit)))
        })
}

/// `text` without its separators, if it is then still most of itself: what is left of a random password would often
/// enough be a short word.
fn joined(text: &str) -> Option<String> {
    let joined = word::squashed(text);
    let (all, left) = (text.chars().count(), joined.chars().count());
    (left < all && left >= MIN_JOINED && left * 3 >= all * 2).then_some(joined)
}

fn is_listed(folded: &str, core: &str) -> bool {
    let base = word::base(core);
    list::has_password(folded)
        || list::has_base_word(&base)
        // A symbol inside the word may be a letter (undone in `base`) or a separator: each reading, and both at once.
        || joined(&base).is_some_and(|joined| list::has_base_word(&joined))
        || joined(core).is_some_and(|joined| list::has_base_word(&word::base(&joined)))
        || is_decorated(folded, core)
        || is_padded_number(folded)
}

/// Whether cutting a few digits and symbols off the ends leaves a listed password. The base word alone misses those of
/// few letters (`abc123`) and those that begin or end with a substitution (`4dm1n`, `pa$$`).
fn is_decorated(folded: &str, core: &str) -> bool {
    let has_base_word = |candidate: &str| list::has_base_word(&word::without_leet(candidate));
    if core.is_empty() {
        // All digits and symbols. Cutting digits too would find a short listed number in every long one.
        return list::has_password(folded.trim_matches(|c: char| !c.is_alphanumeric()))
            || cuts(folded, folded.len(), 0).any(has_base_word);
    }
    let before = folded.len() - folded.trim_start_matches(|c: char| !c.is_alphabetic()).len();
    cuts(folded, before, before + core.len()).any(|candidate| list::has_password(candidate) || has_base_word(candidate))
}

/// `folded` with up to [`MAX_DECORATION`] characters less at either end, or all of them up to the byte offsets `before` and
/// `after`, and never more: `4dm1n!2024` has more behind its word than a few.
fn cuts(folded: &str, before: usize, after: usize) -> impl Iterator<Item = &str> {
    let starts = folded.char_indices().map(|(i, _)| i).take_while(move |&i| i < before);
    let ends: Vec<usize> = std::iter::once(folded.len())
        .chain(folded.char_indices().rev().map(|(i, _)| i))
        .take_while(|&i| i > after)
        .take(MAX_DECORATION + 1)
        .chain([after])
        .collect();
    starts
        .take(MAX_DECORATION + 1)
        .chain([before])
        .flat_map(move |start| ends.clone().into_iter().filter_map(move |end| folded.get(start..end)))
}

/// Whether the password is a listed number with up to four characters of any kind around it (`123456Ab!`): digits have no
/// base word.
fn is_padded_number(folded: &str) -> bool {
    let total = folded.chars().count();
    folded.split(|c: char| !c.is_ascii_digit()).any(|number| {
        number.len() >= MIN_NUMBER && total - number.len() <= MAX_DECORATION && list::has_password(number)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Password, Policy, Unmet};
    use super::*;

    fn refused(policy: Policy, text: &str) -> bool {
        policy.check(&Password::new(text.to_owned()), &[]).contains(&Unmet::Common)
    }

    fn capitalised(text: &str) -> String {
        let mut chars = text.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
    }

    fn leet(text: &str) -> String {
        text.chars()
            .map(|c| match c {
                'a' => '@',
                'o' => '0',
                'e' => '3',
                'i' => '1',
                's' => '$',
                other => other,
            })
            .collect()
    }

    #[test]
    fn case_009_every_entry_of_the_list_is_refused_under_every_policy_in_any_case() {
        for policy in [Policy::Balanced, Policy::Classic, Policy::Passphrase] {
            for entry in list::passwords() {
                for text in [entry.to_owned(), entry.to_uppercase(), capitalised(entry)] {
                    assert!(refused(policy, &text), "{text}");
                }
            }
        }
    }

    #[test]
    fn case_009_every_entry_with_letters_is_refused_when_decorated_to_fit_the_classes() {
        for entry in list::passwords().filter(|entry| entry.chars().any(char::is_alphabetic)) {
            for suffix in ["!", "1!", "123!", "#7", "2024"] {
                let text = format!("{}{suffix}", capitalised(entry));
                assert!(is_common(&text), "{text}");
            }
        }
    }

    #[test]
    fn case_009_every_listed_word_is_refused_under_any_decoration_and_substitution() {
        for entry in list::passwords().filter(|entry| entry.len() >= 4 && entry.chars().all(char::is_alphabetic)) {
            for text in [
                format!("{}2024!!2025!!", capitalised(entry)),
                format!("$$77{entry}#"),
                format!("{}9!", leet(entry)),
                format!("7{}", leet(entry)),
            ] {
                assert!(is_common(&text), "{text}");
            }
        }
    }

    #[test]
    fn case_009_well_known_decorations_are_refused() {
        for text in [
            "Password1!",
            "P@ssw0rd123!",
            "Qwertyuiop123!",
            "Pa$$word1234",
            "Adm1n1str@t0r!",
            "4dm1n!2024",
            "$ecret123!",
            "Welcome2024!",
            "Pass-Word-1!",
            "Abc123!!",
            "1Qaz@Wsx3edc",
            "123456Ab!",
            "Ab!123456",
            "Aa123456!",
            "Passwordpassword1!",
            "dragon dragon dragon",
            "P4ssw0rd P4ssw0rd",
            "aaaaaaaaaaaaaaa",
            "abababababababab",
            "Abcdefgh12345678!",
            "qwertyuiopasdfgh",
            "1234567890123456",
            "Ｐａｓｓｗｏｒｄ１！",
            "Pässwörd1!",
            "Пароль2024!",
            "iloveyouiloveyou",
        ] {
            assert!(is_common(text), "{text}");
        }
    }

    #[test]
    fn case_002_honest_passwords_are_not_called_common() {
        for text in [
            "correct horse battery staple",
            "moss lamp kayak",
            "dragon eats seven lamps",
            "password of the old gate keeper",
            "Xk9#mQ2v",
            "x9!28374652918A",
            "q7#Lw2$Zr9pT",
            "82736450192837465",
            "Tr0ub4dor&3x-kettle",
            "漢字仮名交じり文の長い合言葉です",
            "monkey-lamp-Zanzibar-19",
            "letmein when the kettle sings",
        ] {
            assert!(!is_common(text), "{text}");
        }
    }
}
