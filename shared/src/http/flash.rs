//! Flash: what the answer to a form tells the page that follows it, in a cookie that only we can make or read.
//!
//! After a form comes a 303, so that a reload sends nothing again. The outcome must not be in the URL, where anybody could
//! put one. So it travels sealed, for one page and one minute. It says nothing that its owner does not know: should a
//! browser send it again within the minute, they see the same sentence again.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Call;
use super::cookies::{Jar, SetCookie};
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::keys::secrets::{Purpose, Secrets};

/// Long enough for a slow network between an answer and the next page.
const LIFE: Duration = Duration::from_secs(60);

/// What browsers surely keep in one cookie is 4096 bytes with its name and attributes (RFC 6265 §6.1).
const MAX_SEALED: usize = 3_000;

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    until: Timestamp,
    content: T,
}

/// The cookie that brings `content` to the page at this path, and to no other.
///
/// # Errors
/// [`Error::Internal`] for content that no cookie can hold: whoever makes it has to bound it.
pub async fn set<T: Serialize>(app: &App, now: Timestamp, page: &str, content: T) -> Result<SetCookie> {
    let text = seal(&app.secrets(now).await?, now, page, content)?;
    Ok(Jar::Flash.set(&app.settings, &text, LIFE))
}

/// What was brought to this page. Forged, late or meant for another page is nothing.
pub async fn read<T: DeserializeOwned>(app: &App, call: &Call, page: &str) -> Result<Option<T>> {
    let Some(text) = Jar::Flash.read(&app.settings, call).filter(|text| text.len() <= MAX_SEALED) else {
        return Ok(None);
    };
    let now = call.ctx.now;
    app.made_by_us(now, |secrets| open(secrets, now, page, &text)).await
}

fn seal<T: Serialize>(secrets: &Secrets, now: Timestamp, page: &str, content: T) -> Result<String> {
    let plain = serde_json::to_vec(&Sealed { until: now + LIFE, content }).map_err(Error::internal)?;
    let sealed =
        secrets.seal(Purpose::Flash, page.as_bytes(), &plain).ok_or_else(|| Error::internal("no flash key"))?;
    let text = URL_SAFE_NO_PAD.encode(sealed);
    if text.len() > MAX_SEALED { Err(Error::internal("too much for a flash")) } else { Ok(text) }
}

fn open<T: DeserializeOwned>(secrets: &Secrets, now: Timestamp, page: &str, text: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = secrets.open(Purpose::Flash, page.as_bytes(), &sealed)?;
    let Sealed { until, content } = serde_json::from_slice(&plain).ok()?;
    (now < until).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_is_for_one_page_and_one_minute_and_cannot_be_forged() {
        let secrets = Secrets::for_tests();
        let now = Timestamp::from_seconds(1_800_000_000);
        let text = seal(&secrets, now, "/login", "wrong").unwrap();
        let open = |page, at, text: &str| open::<String>(&secrets, at, page, text);
        assert_eq!(open("/login", now + Duration::from_secs(59), &text).as_deref(), Some("wrong"));
        assert_eq!(open("/login", now + LIFE, &text), None);
        assert_eq!(open("/signup", now, &text), None);
        for at in [0, 5, 20, text.len() - 1] {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(open("/login", now, std::str::from_utf8(&forged).unwrap()), None, "{at}");
        }
        assert!(seal(&secrets, now, "/login", "x".repeat(MAX_SEALED)).is_err());
    }
}
