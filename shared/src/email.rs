//! E-mail addresses, parsed once at the edge.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// One mailbox. Equal addresses have equal text: NFKC, lower case, the domain in its ASCII form, no trailing dot
/// (case 013), so one mailbox can be counted, locked and registered only once (case 043).
///
/// No `Display`, and `Debug` masks: an address must not reach a log by accident. [`Email::as_str`] is the way out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is not an address we can send mail to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct NotAnEmail;

/// RFC 5321 §4.5.3.1.3 allows 256 octets for a path, two of which are its angle brackets.
const MAX_BYTES: usize = 254;

impl Email {
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        if text.len() > 2 * MAX_BYTES {
            return Err(NotAnEmail);
        }
        let text: String = text.trim_matches([' ', '\t']).nfkc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let domain =
            idna::domain_to_ascii_strict(domain.strip_suffix('.').unwrap_or(domain)).map_err(|_| NotAnEmail)?;
        let address = format!("{}@{}", local.to_lowercase(), domain);
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let is_plain = local.chars().all(|c| {
            !c.is_control() && !c.is_whitespace() && !matches!(c, '"' | '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\')
        });
        if !is_plain || address.len() > MAX_BYTES || EmailAddress::parse_with_options(&address, options).is_err() {
            return Err(NotAnEmail);
        }
        Ok(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether mail can get there at all: no name server knows a name below `invalid` (RFC 6761 §6.4).
    pub fn can_be_reached(&self) -> bool {
        !self.0.ends_with(".invalid")
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }
}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;
    fn try_from(text: String) -> Result<Self, NotAnEmail> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Masked, for settings that are printed: `a…@example.com`.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        write!(f, "{}…@{domain}", local.chars().next().unwrap_or('…'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> String {
        Email::parse(text).unwrap_or_else(|_| panic!("{text:?}")).as_str().to_owned()
    }

    #[test]
    fn case_013_and_043_spellings_of_one_mailbox_are_one_address() {
        for text in [
            "ada@example.com",
            "Ada@Example.COM",
            " ada@example.com ",
            "ada＠example.com",
            "ada@example.com.",
            "ada@ｅxample.com",
        ] {
            assert_eq!(same(text), "ada@example.com", "{text:?}");
        }
        assert_eq!(same("ada@bücher.example"), same("ada@xn--bcher-kva.example"));
        assert_ne!(same("ada+news@example.com"), same("ada@example.com"));
    }

    #[test]
    fn case_015_what_could_break_a_mail_header_is_refused() {
        for text in [
            "a\r\nBcc: b@example.com",
            "a@example.com\nb",
            "a@example.com, b@example.com",
            "<a@example.com>",
            "\"a b\"@example.com",
            "a@[127.0.0.1]",
            "a@localhost",
            "@example.com",
            "a@",
            "a",
            "",
            "a@example.com\0",
            "a b@example.com",
        ] {
            assert_eq!(Email::parse(text).err(), Some(NotAnEmail), "{text:?}");
        }
    }

    #[test]
    fn mail_to_nowhere_is_known_as_such() {
        let can = |text: &str| Email::parse(text).unwrap().can_be_reached();
        assert!(!can("a@check.Invalid.") && !can("a@b.c.invalid"));
        assert!(can("a@invalid.example") && can("a@notinvalid.com"));
    }

    #[test]
    fn a_printed_address_is_masked() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.com").unwrap()), "a…@example.com");
    }
}
