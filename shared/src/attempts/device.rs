//! Device cookies: how a browser shows that it has signed in to an address before, so that strangers' failures do not
//! lock its owner out of it (LOGIN-9; OWASP, "Slow down online guessing attacks with device cookies").
//!
//! The cookie holds one mark for each of the last few addresses that signed in on the browser:
//! `version │ device id │ day │ epoch │ MAC`, base64url. The MAC is over the address too, so a mark says nothing about any
//! other account. The epoch is the account's token version: a new password, or a sign-out everywhere, makes strangers of
//! all browsers, or a thief of the old password could keep as many counters as they had made cookies. A mark opens nothing:
//! it gives the browser a counter of its own.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::clock::Timestamp;
use crate::email::Email;
use crate::keys::secrets::{Purpose, Secrets};
use crate::random;
use crate::secret::constant_time_eq;

/// How long a browser is remembered after its last sign-in, in days.
pub const REMEMBERED_DAYS: u16 = 180;

/// A family's computer has room for all its members; more would only make the cookie long.
const MARKS: usize = 4;

const ID: usize = 12;
const MAC: usize = 16;
const LENGTH: usize = 1 + ID + 4 + 4 + MAC;

/// A browser that shows to have signed in, and the epoch of its account at that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub device: DeviceId,
    pub epoch: u32,
}

/// A browser that has signed in before. Not a secret by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceId([u8; ID]);

impl DeviceId {
    pub fn fresh() -> Self {
        Self(random::bytes())
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The device that a cookie shows for an address. `None` for a cookie that is forged, too old or another's.
pub fn recognise(secrets: &Secrets, cookie: &str, email: &Email, now: Timestamp) -> Option<Known> {
    marks(cookie).find_map(|mark| read(secrets, mark, email, now))
}

/// The cookie that remembers a sign-in, beside the marks of other addresses in the one that came.
pub fn remember(secrets: &Secrets, cookie: &str, email: &Email, known: Known, now: Timestamp) -> Option<String> {
    let own = write(secrets, secrets.current(), email, known, day(now))?;
    let others = marks(cookie).filter(|mark| read(secrets, mark, email, now).is_none());
    Some([own.as_str()].into_iter().chain(others.take(MARKS - 1)).collect::<Vec<_>>().join("."))
}

/// What could be marks: the work on a cookie is bounded, whatever is in it.
fn marks(cookie: &str) -> impl Iterator<Item = &str> {
    cookie.split('.').take(MARKS).filter(|mark| mark.len() == (LENGTH * 4).div_ceil(3))
}

fn read(secrets: &Secrets, mark: &str, email: &Email, now: Timestamp) -> Option<Known> {
    let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(mark).ok()?.try_into().ok()?;
    let (version, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_first_chunk::<ID>()?;
    let (issued, rest) = rest.split_first_chunk::<4>()?;
    let (epoch, presented) = rest.split_first_chunk::<4>()?;
    let known = Known { device: DeviceId(*id), epoch: u32::from_be_bytes(*epoch) };
    let issued = u32::from_be_bytes(*issued);
    let expected = mac(secrets, *version, email, known, issued)?;
    let age = i64::from(day(now)) - i64::from(issued);
    // A day of grace for a clock that was ahead when it was made.
    let is_current = (-1..=i64::from(REMEMBERED_DAYS)).contains(&age);
    (constant_time_eq(&expected, presented) && is_current).then_some(known)
}

fn write(secrets: &Secrets, version: u8, email: &Email, known: Known, issued: u32) -> Option<String> {
    let mac = mac(secrets, version, email, known, issued)?;
    let parts = [&[version], &known.device.0[..], &issued.to_be_bytes(), &known.epoch.to_be_bytes(), &mac];
    Some(URL_SAFE_NO_PAD.encode(parts.concat()))
}

fn mac(secrets: &Secrets, version: u8, email: &Email, known: Known, issued: u32) -> Option<[u8; MAC]> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secrets.key(version, Purpose::Device)?.expose());
    let mut context = hmac::Context::with_key(&key);
    // Fixed lengths first, the one that varies last: no two inputs run together.
    context.update(&known.device.0);
    context.update(&issued.to_be_bytes());
    context.update(&known.epoch.to_be_bytes());
    context.update(email.as_str().as_bytes());
    context.sign().as_ref()[..MAC].try_into().ok()
}

fn day(now: Timestamp) -> u32 {
    u32::try_from(now.day()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }

    fn known() -> Known {
        Known { device: DeviceId::fresh(), epoch: 3 }
    }

    fn cookie_for(address: &str, known: Known) -> String {
        remember(&Secrets::for_tests(), "", &email(address), known, now()).unwrap()
    }

    #[test]
    fn case_049_a_mark_is_good_for_its_address_its_time_and_unchanged() {
        let (secrets, device) = (Secrets::for_tests(), known());
        let cookie = cookie_for("ada@example.com", device);
        let of = |cookie: &str, address: &str, at| recognise(&secrets, cookie, &email(address), at);
        assert_eq!(of(&cookie, "ada@example.com", now()), Some(device));
        assert_eq!(of(&cookie, "eve@example.com", now()), None);
        assert_eq!(of(&cookie, "ada@example.com", now() + DAY * 180), Some(device));
        assert_eq!(of(&cookie, "ada@example.com", now() + DAY * 182), None);
        for at in 0..cookie.len() {
            let mut changed = cookie.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(of(&String::from_utf8(changed).unwrap(), "ada@example.com", now()), None, "character {at}");
        }
    }

    #[test]
    fn login_9_a_browser_remembers_its_last_four_people_each_once() {
        let secrets = Secrets::for_tests();
        let people: Vec<(Email, Known)> = (0..6).map(|i| (email(&format!("p{i}@example.com")), known())).collect();
        let mut cookie = String::new();
        for (email, device) in people.iter().chain([&people[5], &people[5]]) {
            cookie = remember(&secrets, &cookie, email, *device, now()).unwrap();
        }
        let known: Vec<bool> =
            people.iter().map(|(email, device)| recognise(&secrets, &cookie, email, now()) == Some(*device)).collect();
        assert_eq!(known, [false, false, true, true, true, true]);
        assert!(cookie.len() <= 203);
    }

    proptest! {
        #[test]
        fn no_cookie_disturbs(text in "[A-Za-z0-9_.=-]{0,400}") {
            prop_assert_eq!(recognise(&Secrets::for_tests(), &text, &email("ada@example.com"), now()), None);
        }
    }
}
