//! Organizations: their slugs, and which of those are free (SIGN-2).

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::app::App;
use crate::error::Result;
use crate::random;

/// An organization's name in URLs: 3–48 lower-case letters, digits and single hyphens inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is no slug. The message is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotASlug(pub &'static str);

const MIN: usize = 3;
const MAX: usize = 48;

/// Words that would look like a part of the product, or of a host name, to a reader.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "console",
    "contact",
    "dashboard",
    "dev",
    "docs",
    "email",
    "example",
    "ftp",
    "health",
    "help",
    "home",
    "host",
    "hostmaster",
    "internal",
    "legal",
    "localhost",
    "login",
    "logout",
    "mail",
    "me",
    "metrics",
    "new",
    "noreply",
    "null",
    "oauth",
    "openid",
    "org",
    "organization",
    "organizations",
    "postern",
    "postmaster",
    "pricing",
    "privacy",
    "public",
    "register",
    "root",
    "saml",
    "security",
    "settings",
    "signin",
    "signout",
    "signup",
    "sso",
    "staff",
    "static",
    "status",
    "support",
    "system",
    "team",
    "teams",
    "terms",
    "test",
    "undefined",
    "user",
    "users",
    "webmaster",
    "well-known",
    "www",
];

impl Slug {
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(NotASlug("must have 3 to 48 characters"));
        }
        if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(NotASlug("may contain lower-case letters a to z, digits and hyphens"));
        }
        // Two hyphens in a row also keep out punycode (`xn--`), which could imitate another name.
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err(NotASlug("must not begin or end with a hyphen, nor have two in a row"));
        }
        if RESERVED.contains(&text) {
            return Err(NotASlug("is reserved"));
        }
        Ok(Self(text.to_owned()))
    }

    /// A slug made from a name, for a personal organization; falls back to `team` where the name has no such letters.
    pub fn from_name(name: &str) -> Self {
        let mut slug = String::new();
        for c in name.nfkd().flat_map(char::to_lowercase).filter(|c| !('\u{300}'..='\u{36f}').contains(c)) {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() == 32 {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        Self::parse(slug).unwrap_or_else(|_| Self(format!("{}-team", if slug.is_empty() { "my" } else { slug })))
    }

    /// The same with a random ending: free, for all practical purposes.
    #[must_use]
    pub fn with_suffix(&self) -> Self {
        let stem: String = self.0.chars().take(MAX - 7).collect();
        let suffix: String = (0..6)
            .map(|_| char::from(b"abcdefghjkmnpqrstuvwxyz23456789"[usize::try_from(random::below(31)).unwrap_or(0)]))
            .collect();
        Self(format!("{}-{suffix}", stem.trim_end_matches('-')))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;
    fn try_from(text: String) -> Result<Self, NotASlug> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

/// Whether a slug can be had, and what else could.
pub struct Availability {
    pub is_available: bool,
    pub suggestions: Vec<Slug>,
}

/// Looks a slug up. The answer may be outdated at once: only the sign-up's transaction decides.
pub async fn slug_availability(app: &App, slug: &Slug) -> Result<Availability> {
    let is_available = app.store.slug_holder(slug).await?.is_none();
    let suggestions = if is_available { Vec::new() } else { (0..3).map(|_| slug.with_suffix()).collect() };
    Ok(Availability { is_available, suggestions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_018_slugs_that_mislead_are_refused() {
        for bad in [
            "admin",
            "API",
            "a--b",
            "-a-b",
            "ab-",
            "xn--x",
            "ab",
            &"a".repeat(49),
            "аdmin",
            "a_b",
            "a b",
            "",
            "www",
            "../a",
        ] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
        for good in ["abc", "a-1", &"a".repeat(48), "acme-inc"] {
            assert!(Slug::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn sign_1_a_name_gives_a_readable_slug() {
        for (name, slug) in [
            ("Ada Lovelace", "ada-lovelace"),
            ("Ærø Øst!", "r-st"),
            ("José", "jose"),
            ("王", "my-team"),
            ("Admin", "admin-team"),
            ("  ", "my-team"),
        ] {
            assert_eq!(Slug::from_name(name).to_string(), slug);
        }
    }

    proptest! {
        #[test]
        fn every_name_gives_a_valid_slug_and_every_slug_a_valid_variant(name in ".{0,60}") {
            let slug = Slug::from_name(&name);
            prop_assert!(Slug::parse(&slug.to_string()) == Ok(slug.clone()));
            let variant = slug.with_suffix();
            prop_assert!(Slug::parse(&variant.to_string()) == Ok(variant));
        }
    }
}
