//! Cookies: which ones there are, and how each environment sets them (WEB-2, SECURITY.md D7).
//!
//! | stage | access cookie | refresh cookie |
//! |---|---|---|
//! | production with `COOKIE_DOMAIN` | `__Secure-postern_v1_access`, Domain | `__Secure-postern_v1_refresh`, Domain |
//! | production without, preview | `__Host-postern_v1_access` | `__Secure-postern_v1_refresh` |
//! | development | `postern_v1_access`, no Secure: plain http on localhost | `postern_v1_refresh` |
//!
//! The device cookie (LOGIN-9) is named and set like the access cookie: the hosted pages read it, too. The cookies of the
//! hosted pages are host-only everywhere: `__Host-postern_v1_flash`, `__Host-postern_v1_lang`.
//!
//! The refresh cookie goes to `/auth` only: to the routes that refresh, that sign out, and that give the CSRF token
//! without which a cookie refreshes nothing.

use std::time::Duration;

use cookie::{Cookie, SameSite};

use super::Call;
use crate::settings::{Settings, Stage};

/// A cookie of ours. The name carries the format's version, so that old and new releases can run side by side (DEPLOY-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jar {
    Access,
    Refresh,
    /// By which a browser is known to have signed in before (LOGIN-9). Shows nobody who somebody is.
    Device,
    /// What one hosted page tells the next, sealed.
    Flash,
    /// The language that somebody chose on a hosted page.
    Language,
}

/// A finished `Set-Cookie` value. Cannot be printed.
#[derive(Clone)]
pub struct SetCookie(String);

impl SetCookie {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Jar {
    fn name(self, settings: &Settings) -> String {
        let (prefix, name) = match (settings.stage, self) {
            (Stage::Development, Self::Access) => ("", "access"),
            (Stage::Development, Self::Refresh) => ("", "refresh"),
            (Stage::Development, Self::Device) => ("", "device"),
            (Stage::Development, Self::Flash) => ("", "flash"),
            (Stage::Development, Self::Language) => ("", "lang"),
            (_, Self::Refresh) => ("__Secure-", "refresh"),
            (_, Self::Access) if domain(settings).is_some() => ("__Secure-", "access"),
            (_, Self::Access) => ("__Host-", "access"),
            (_, Self::Device) if domain(settings).is_some() => ("__Secure-", "device"),
            (_, Self::Device) => ("__Host-", "device"),
            (_, Self::Flash) => ("__Host-", "flash"),
            (_, Self::Language) => ("__Host-", "lang"),
        };
        format!("{prefix}postern_v1_{name}")
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Access | Self::Device | Self::Flash | Self::Language => "/",
            Self::Refresh => "/auth",
        }
    }

    /// The value that the browser sent. A repeated cookie is none: somebody has planted one (case 109).
    pub fn read(self, settings: &Settings, call: &Call) -> Option<String> {
        let name = self.name(settings);
        let mut values = Cookie::split_parse(call.header("cookie")?).flatten().filter(|cookie| cookie.name() == name);
        let value = values.next()?.value().to_owned();
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }

    pub fn set(self, settings: &Settings, value: &str, life: Duration) -> SetCookie {
        self.build(settings, value, life)
    }

    /// Takes the cookie back. Name, path and domain must be those it was set with, or the browser keeps it (case 112).
    pub fn clear(self, settings: &Settings) -> SetCookie {
        let cookie = self.build(settings, "", Duration::ZERO);
        // Some clients mind only this one of the two.
        SetCookie(format!("{}; Expires=Thu, 01 Jan 1970 00:00:00 GMT", cookie.0))
    }

    fn build(self, settings: &Settings, value: &str, life: Duration) -> SetCookie {
        let is_secure = settings.stage != Stage::Development;
        let same_site = if is_secure && !settings.is_same_site() { SameSite::None } else { SameSite::Lax };
        let seconds = i64::try_from(life.as_secs()).unwrap_or(0);
        let cookie = Cookie::build((self.name(settings), value))
            .path(self.path())
            .http_only(true)
            .secure(is_secure)
            .same_site(same_site)
            .max_age(time::Duration::seconds(seconds));
        let is_shared = !matches!(self, Self::Flash | Self::Language);
        let cookie = match domain(settings).filter(|_| is_shared) {
            Some(domain) => cookie.domain(domain.to_owned()),
            None => cookie,
        };
        SetCookie(cookie.build().to_string())
    }
}

/// Only production shares cookies below a domain.
fn domain(settings: &Settings) -> Option<&str> {
    settings.cookie_domain.as_deref().filter(|_| settings.stage == Stage::Production)
}
