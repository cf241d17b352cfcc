//! What one page tells the next: an outcome, what to mend, and what was typed. Never a password.

use serde::{Deserialize, Serialize};
use shared::error::FieldError;

/// Longer input is no address and no name (of 100 characters): it is not kept.
const MAX_TYPED: usize = 400;
/// A form has no more rules than that.
const MAX_ERRORS: usize = 10;

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Flash {
    /// Texts of what happened: a title's key, and a sentence's.
    #[serde(default)]
    pub(crate) notice: Option<(String, String)>,
    #[serde(default)]
    pub(crate) errors: Vec<Mistake>,
    #[serde(default)]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) name: String,
    /// Whether a mail was asked for, to the typed address.
    #[serde(default)]
    pub(crate) is_sent: bool,
    /// Whether the next try needs a CAPTCHA.
    #[serde(default)]
    pub(crate) needs_captcha: bool,
}

/// Something to mend.
#[derive(Serialize, Deserialize)]
pub(crate) struct Mistake {
    /// The field's name; empty when no single field is wrong.
    pub(crate) field: String,
    /// The text's key.
    pub(crate) text: String,
    /// What is filled in.
    #[serde(default)]
    pub(crate) number: Option<usize>,
}

impl Mistake {
    pub(crate) fn new(field: &str, text: &str) -> Self {
        Self { field: field.to_owned(), text: text.to_owned(), number: None }
    }

    /// A rule of the password policy that is not met.
    pub(crate) fn of_password(field: &str, unmet: &FieldError) -> Self {
        // The number stands in the sentence and nowhere else.
        let number = unmet.message.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
        Self { field: field.to_owned(), text: format!("password.{}", unmet.code), number }
    }
}

impl Flash {
    pub(crate) fn notice(title: &str, text: &str) -> Self {
        Self { notice: Some((title.to_owned(), text.to_owned())), ..Self::default() }
    }

    pub(crate) fn mistake(field: &str, text: &str) -> Self {
        Self::mistakes(vec![Mistake::new(field, text)])
    }

    pub(crate) fn mistakes(mut errors: Vec<Mistake>) -> Self {
        errors.truncate(MAX_ERRORS);
        Self { errors, ..Self::default() }
    }

    /// Keeps what was typed, so that nobody has to type it again.
    #[must_use]
    pub(crate) fn typed(self, email: &str, name: &str) -> Self {
        // Control characters are in no name, and six times as long in the cookie.
        let is_fit = |text: &str| text.len() <= MAX_TYPED && !text.chars().any(char::is_control);
        let kept = |text: &str| if is_fit(text) { text.to_owned() } else { String::new() };
        Self { email: kept(email), name: kept(name), ..self }
    }

    #[must_use]
    pub(crate) fn needing_captcha(self, needs_captcha: bool) -> Self {
        Self { needs_captcha, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_is_kept_and_what_is_none_is_not() {
        let typed = |name: &str| Flash::default().typed("ada@example.com", name).name;
        for name in ["李".repeat(100), "😀".repeat(100)] {
            assert_eq!(typed(&name), name);
        }
        for name in ["x".repeat(401), "\u{1}".repeat(100)] {
            assert_eq!(typed(&name), "");
        }
    }
}
