//! The rules for choosing a password (SIGN-5, decision D2), each as a named answer.
//!
//! Applied at sign-up and change only, never at login: a rule that came later must not lock anybody out. The online breach
//! check is not here; it is a dependency that may be away.

use std::borrow::Cow;
use std::str::FromStr;

use super::{Password, common, word};

/// The longest password, in code points.
pub const MAX_LENGTH: usize = 128;

/// From here on `balanced` asks for no classes, and `passphrase` takes nothing shorter (NIST SP 800-63B-4, 3.1.1.2).
const LONG: usize = 15;
const SHORT: usize = 8;

/// A context word shorter than this says nothing: "Al" is in half of all passphrases.
const MIN_CONTEXT: usize = 4;

/// What a password must be, chosen by the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// At least 15 characters of any kind, or 8 with upper, lower, digit and special.
    #[default]
    Balanced,
    /// At least 8 characters, and always the four classes.
    Classic,
    /// At least 15 characters, no class ever asked for (NIST SP 800-63B-4; the `asvs` profile).
    Passphrase,
}

/// The setting names no policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password policy is one of balanced, classic, passphrase")]
pub struct UnknownPolicy;

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text {
            "balanced" => Ok(Self::Balanced),
            "classic" => Ok(Self::Classic),
            "passphrase" => Ok(Self::Passphrase),
            _ => Err(UnknownPolicy),
        }
    }
}

/// A rule that a password does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unmet {
    /// Shorter than this many code points.
    MinLength(usize),
    /// Longer than [`MAX_LENGTH`] code points.
    MaxLength,
    Upper,
    Lower,
    Digit,
    Special,
    /// On the list of common passwords, built around one of its words, or a plain repetition or sequence.
    Common,
    /// Contains the e-mail address, name, organization or slug.
    ContainsPersonal,
}

impl Unmet {
    /// The stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::MinLength(_) => "min_length",
            Self::MaxLength => "max_length",
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Digit => "digit",
            Self::Special => "special",
            Self::Common => "password_common",
            Self::ContainsPersonal => "contains_personal",
        }
    }

    /// What to do about it, for people.
    pub fn message(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::MinLength(least) => return Cow::Owned(format!("Use at least {least} characters.")),
            Self::MaxLength => return Cow::Owned(format!("Use at most {MAX_LENGTH} characters.")),
            Self::Upper => "Add an upper-case letter.",
            Self::Lower => "Add a lower-case letter.",
            Self::Digit => "Add a digit.",
            Self::Special => "Add a special character, such as a space or a punctuation mark.",
            Self::Common => "This password, or the word it is built around, is too common. Choose another.",
            Self::ContainsPersonal => "Leave out your e-mail address, your name and the name of your organization.",
        })
    }
}

impl Policy {
    /// Every rule that `password` does not meet; none means that it may be used.
    ///
    /// `context` is what an attacker would try first: e-mail address, name, organization name, slug, each as it stands.
    /// Its parts are taken here.
    pub fn check(self, password: &Password, context: &[&str]) -> Vec<Unmet> {
        let text = password.expose();
        let length = text.chars().count();
        let least = if self == Self::Passphrase { LONG } else { SHORT };

        let mut unmet = Vec::new();
        if length < least {
            unmet.push(Unmet::MinLength(least));
        }
        if length > MAX_LENGTH {
            unmet.push(Unmet::MaxLength);
        }
        let needs_classes = match self {
            // Below 8 more length is the better advice, and it may make the classes needless.
            Self::Balanced => (SHORT..LONG).contains(&length),
            Self::Classic => true,
            Self::Passphrase => false,
        };
        if needs_classes {
            unmet.extend(missing_classes(text));
        }
        if common::is_common(text) {
            unmet.push(Unmet::Common);
        }
        if contains_personal(text, context) {
            unmet.push(Unmet::ContainsPersonal);
        }
        unmet
    }
}

/// Classes as Unicode knows them: a letter without case (漢) is neither upper nor lower, and whatever is no letter and no
/// number is special, a space too.
fn missing_classes(text: &str) -> impl Iterator<Item = Unmet> {
    let has = |class: fn(char) -> bool| text.chars().any(class);
    [
        (Unmet::Upper, has(char::is_uppercase)),
        (Unmet::Lower, has(char::is_lowercase)),
        (Unmet::Digit, has(char::is_numeric)),
        (Unmet::Special, has(|c| !c.is_alphanumeric())),
    ]
    .into_iter()
    .filter_map(|(class, met)| (!met).then_some(class))
}

/// Whether `text` contains one of the words, whatever the case and accents: the whole of it, an address's local part, and
/// every part between spaces and punctuation.
fn contains_personal(text: &str, context: &[&str]) -> bool {
    let text = word::fold(text);
    let contains = |token: &str| token.chars().count() >= MIN_CONTEXT && text.contains(&word::fold(token));
    context.iter().any(|entry| {
        let entry = entry.trim();
        // An address's domain is not personal: its parts ("mail", "example") would refuse honest passphrases.
        let name = entry.rsplit_once('@').map_or(entry, |(local, _)| local);
        contains(entry)
            || contains(name)
            || contains(&word::squashed(name))
            || name.split(|c: char| !c.is_alphanumeric()).any(contains)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Policy; 3] = [Policy::Balanced, Policy::Classic, Policy::Passphrase];

    fn codes(policy: Policy, text: &str) -> Vec<&'static str> {
        codes_with(policy, text, &[])
    }

    fn codes_with(policy: Policy, text: &str, context: &[&str]) -> Vec<&'static str> {
        policy.check(&Password::new(text.to_owned()), context).into_iter().map(Unmet::code).collect()
    }

    #[test]
    fn case_001_seven_code_points_are_too_short_under_every_policy() {
        assert_eq!(codes(Policy::Classic, "Xk9#mQ2"), ["min_length"]);
        assert_eq!(codes(Policy::Balanced, "Xk9#mQ2"), ["min_length"]);
        assert_eq!(codes(Policy::Passphrase, "Xk9#mQ2"), ["min_length"]);
        // Balanced says nothing of classes below 8; classic always does.
        assert_eq!(codes(Policy::Balanced, "xkqvmzt"), ["min_length"]);
        assert_eq!(codes(Policy::Classic, "xkqvmzt"), ["min_length", "upper", "digit", "special"]);
        assert_eq!(Unmet::MinLength(15).message(), "Use at least 15 characters.");
    }

    #[test]
    fn case_002_a_passphrase_needs_fifteen_characters_and_nothing_else() {
        assert_eq!(codes(Policy::Passphrase, "moss lamp kayak"), [""; 0]);
        assert_eq!(codes(Policy::Passphrase, "moss lamp kaya"), ["min_length"]);
        assert_eq!(codes(Policy::Balanced, "moss lamp kayak"), [""; 0]);
        assert_eq!(codes(Policy::Balanced, "moss lamp kaya"), ["upper", "digit"]);
    }

    #[test]
    fn case_003_exactly_the_missing_class_is_named() {
        for policy in [Policy::Classic, Policy::Balanced] {
            assert_eq!(codes(policy, "Xk9#mQ2v"), [""; 0]);
            assert_eq!(codes(policy, "xk9#mq2v"), ["upper"]);
            assert_eq!(codes(policy, "XK9#MQ2V"), ["lower"]);
            assert_eq!(codes(policy, "Xk&#mQ%v"), ["digit"]);
            assert_eq!(codes(policy, "Xk9bmQ2v"), ["special"]);
        }
    }

    #[test]
    fn case_003_classes_are_those_of_unicode() {
        assert_eq!(codes(Policy::Classic, "Ωж٣ ßéøц"), [""; 0]);
        assert_eq!(codes(Policy::Classic, "漢字仮名交文書"), ["min_length", "upper", "lower", "digit", "special"]);
        assert_eq!(codes(Policy::Classic, "漢字仮名交文書録"), ["upper", "lower", "digit", "special"]);
    }

    #[test]
    fn case_004_length_is_counted_in_code_points_up_to_128() {
        let words = "🦀moss lamp kayak 9 Ω 🐢".chars().cycle();
        for policy in ALL {
            assert_eq!(codes(policy, &words.clone().take(128).collect::<String>().replace("kk", "k")), [""; 0]);
            assert_eq!(codes(policy, &words.clone().take(129).collect::<String>()), ["max_length"]);
        }
    }

    #[test]
    fn case_011_a_password_with_a_personal_word_in_it_is_refused() {
        let context = ["Ada.Lovelace+news@example.com", "Ángela Núñez-Ortega", "Blue Water Trading", "blue-water"];
        for text in [
            "my ADA.LOVELACE+news pass 7",
            "xx-lovelace-77-Qz",
            "angela goes home 7",
            "ÁNGELA goes home 7",
            "the nunez boat 44 moss",
            "bluewater 77 moss lamp",
            "BLUE-WATER moss 77 lamp",
            "AdaLovelace 77 moss kite",
        ] {
            assert_eq!(
                codes_with(Policy::Passphrase, &format!("{text} zq"), &context),
                ["contains_personal"],
                "{text}"
            );
        }
        // Words of fewer than four characters, and the domain, are in too many honest passphrases.
        assert_eq!(codes_with(Policy::Balanced, "ada sees an example kite", &context), [""; 0]);
        assert_eq!(codes_with(Policy::Balanced, "moss lamp kayak 77", &["", "  ", "@", "a@b", "日本"]), [""; 0]);
    }

    #[test]
    fn case_010_every_unmet_rule_is_named_at_once() {
        assert_eq!(
            codes_with(Policy::Classic, "alice", &["alice@example.com"]),
            ["min_length", "upper", "digit", "special", "password_common", "contains_personal"]
        );
    }

    #[test]
    fn a_policy_is_read_from_its_name() {
        assert_eq!("passphrase".parse(), Ok(Policy::Passphrase));
        assert_eq!("balanced".parse(), Ok(Policy::default()));
        assert_eq!("Classic".parse::<Policy>(), Err(UnknownPolicy));
    }

    proptest! {
        #[test]
        fn checking_never_panics(text in any::<String>(), context in any::<Vec<String>>()) {
            let context: Vec<&str> = context.iter().map(String::as_str).collect();
            for policy in ALL {
                let _ = policy.check(&Password::new(text.clone()), &context);
            }
        }
    }
}
