//! How CAPTCHAs are configured: which provider, its secret (wrapped), and what passes.

use std::str::FromStr;

use super::provider::Provider;
use crate::settings::{self, Reader};

/// Shorter than any ciphertext of KMS, longer than any provider's secret.
const SHORTEST_CIPHERTEXT: usize = 64;

/// Each field names its variable.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `CAPTCHA_PROVIDER`: `turnstile`, `hcaptcha` or `recaptcha`; `none` or nothing asks for no CAPTCHA.
    pub provider: Provider,
    /// `CAPTCHA_SECRET`: the provider's secret, encrypted by KMS for this stack and purpose, in base64.
    pub wrapped_secret: Vec<u8>,
    /// `CAPTCHA_HOSTNAMES`: the hosts that may show our widget, comma-separated; by default those of `FRONTEND_ORIGINS`
    /// and `PUBLIC_URL`.
    pub hostnames: Vec<String>,
    /// `CAPTCHA_MIN_SCORE`: the lowest score that passes (reCAPTCHA v3), 0 to 1; 0.5 by default.
    pub min_score: f64,
    /// `CAPTCHA_ON_OUTAGE`: `closed` (the default) or `open`.
    pub on_outage: OnOutage,
    /// `CAPTCHA_VERIFY_URL`: where tokens are verified; by default at the provider's own address.
    pub verify_url: String,
    /// `CAPTCHA_SITE_KEY`: the widget's public key, for the hosted pages. Without it they show no widget, and say what to do
    /// instead: whoever has pages of their own needs none.
    pub site_key: Option<String>,
    /// `CAPTCHA_SCRIPT_URL`: where the hosted pages get the widget's script; by default at the provider's own address.
    pub script_url: Option<String>,
}

/// What becomes of a request while the provider does not answer (F43).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOutage {
    /// It is refused: try again later.
    Closed,
    /// It passes, and the audit trail tells of it.
    Open,
}

impl FromStr for OnOutage {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "closed" => Ok(Self::Closed),
            "open" => Ok(Self::Open),
            _ => Err("must be closed or open".to_owned()),
        }
    }
}

impl Settings {
    /// `None` where no provider is configured. Faults go to the reader, also those of settings that are not used yet.
    pub(crate) fn read(reader: &mut Reader<'_>, general: &settings::Settings) -> Option<Self> {
        let provider =
            reader.or("CAPTCHA_PROVIDER", None, |name| if name == "none" { Ok(None) } else { name.parse().map(Some) });
        let wrapped_secret = reader.or("CAPTCHA_SECRET", None, |text| {
            settings::ciphertext(text, SHORTEST_CIPHERTEXT, "secret", "docs/captcha.md").map(Some)
        });
        let hostnames = reader.list("CAPTCHA_HOSTNAMES", hostname);
        let min_score = reader.or("CAPTCHA_MIN_SCORE", 0.5, score);
        let on_outage = reader.or("CAPTCHA_ON_OUTAGE", OnOutage::Closed, str::parse);
        let verify_url = reader.or("CAPTCHA_VERIFY_URL", None, |text| settings::url(text, general.stage).map(Some));

        let site_key = reader.or("CAPTCHA_SITE_KEY", None, |text| public_key(text).map(Some));
        let script_url = reader.or("CAPTCHA_SCRIPT_URL", None, |text| settings::url(text, general.stage).map(Some));

        let provider: Provider = provider?;
        if !reader.has("CAPTCHA_SECRET") {
            reader.fault("CAPTCHA_SECRET", "is missing; CAPTCHA_PROVIDER needs it");
        }
        Some(Self {
            provider,
            wrapped_secret: wrapped_secret.unwrap_or_default(),
            hostnames: if hostnames.is_empty() { own_hosts(general) } else { hostnames },
            min_score,
            on_outage,
            verify_url: verify_url.unwrap_or_else(|| provider.verify_url().to_owned()),
            site_key,
            script_url,
        })
    }

    /// The address of the widget's script.
    pub fn widget_script(&self) -> String {
        let base = self.script_url.as_deref().unwrap_or_else(|| self.provider.script_url());
        match (self.provider, &self.site_key) {
            (Provider::Recaptcha, Some(key)) => format!("{base}?render={key}"),
            _ => base.to_owned(),
        }
    }

    /// What a page with the widget may load besides its own: sources for scripts and frames, and for styles and requests
    /// (CSP 3).
    pub fn widget_sources(&self) -> (String, String) {
        let (code, rest) = self.provider.widget_sources();
        match self.script_url.as_deref() {
            Some(url) => (format!("{code} {}", origin_of(url)), rest.to_owned()),
            None => (code.to_owned(), rest.to_owned()),
        }
    }
}

fn own_hosts(general: &settings::Settings) -> Vec<String> {
    let origins = general.frontend_origins.iter().chain([&general.public_url]);
    let mut hosts: Vec<String> = origins.map(|origin| settings::host_of(origin).to_owned()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn hostname(text: &str) -> Result<String, String> {
    let is_fit = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if is_fit { Ok(text.to_owned()) } else { Err("must be a host name, without scheme and port".to_owned()) }
}

/// As providers write site keys. It comes to stand in pages and in a URL.
fn public_key(text: &str) -> Result<String, String> {
    let is_fit = text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_fit { Ok(text.to_owned()) } else { Err("must be the site key as the provider shows it".to_owned()) }
}

/// `https://host:port` of a URL that has been checked.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url.get(host..).and_then(|rest| rest.find('/')).and_then(|end| url.get(..host + end)).unwrap_or(url)
}

fn score(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("must be a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::settings::tests::read_with;

    fn wrapped() -> &'static str {
        Box::leak(STANDARD.encode([7; 152]).into_boxed_str())
    }

    fn captcha(changes: &[(&'static str, &'static str)]) -> Option<Settings> {
        read_with(changes).unwrap().captcha
    }

    fn faults(changes: &[(&'static str, &'static str)]) -> Vec<String> {
        let faults = read_with(changes).unwrap_err().to_string();
        faults.lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn sign_7_without_a_provider_nothing_is_asked() {
        assert!(captcha(&[]).is_none());
        assert!(captcha(&[("CAPTCHA_PROVIDER", "none"), ("CAPTCHA_SECRET", wrapped())]).is_none());
    }

    #[test]
    fn sign_7_a_provider_and_its_secret_suffice() {
        let captcha = captcha(&[("CAPTCHA_PROVIDER", "hcaptcha"), ("CAPTCHA_SECRET", wrapped())]).unwrap();
        assert_eq!(
            (captcha.provider, captcha.on_outage, captcha.min_score),
            (Provider::Hcaptcha, OnOutage::Closed, 0.5)
        );
        assert_eq!(captcha.verify_url, "https://api.hcaptcha.com/siteverify");
        assert_eq!(captcha.hostnames, ["app.example.com", "auth.example.com", "example.com"]);
    }

    #[test]
    fn sign_7_all_of_it_can_be_set() {
        let captcha = captcha(&[
            ("CAPTCHA_PROVIDER", "recaptcha"),
            ("CAPTCHA_SECRET", wrapped()),
            ("CAPTCHA_HOSTNAMES", "www.example.com, example.org"),
            ("CAPTCHA_MIN_SCORE", "0.7"),
            ("CAPTCHA_ON_OUTAGE", "open"),
            ("CAPTCHA_VERIFY_URL", "https://recaptcha.net/recaptcha/api/siteverify"),
        ]);
        let captcha = captcha.unwrap();
        assert_eq!(
            (captcha.provider, captcha.on_outage, captcha.min_score),
            (Provider::Recaptcha, OnOutage::Open, 0.7)
        );
        assert_eq!(captcha.verify_url, "https://recaptcha.net/recaptcha/api/siteverify");
        assert_eq!(captcha.hostnames, ["www.example.com", "example.org"]);
    }

    #[test]
    fn sign_7_a_page_with_a_widget_loads_from_its_provider_only() {
        let with = |provider, more: &[(&'static str, &'static str)]| {
            let base = [("CAPTCHA_PROVIDER", provider), ("CAPTCHA_SECRET", wrapped()), ("CAPTCHA_SITE_KEY", "0x4-k_y")];
            captcha(&[&base[..], more].concat()).unwrap()
        };
        let turnstile = with("turnstile", &[]);
        assert_eq!(turnstile.widget_script(), "https://challenges.cloudflare.com/turnstile/v0/api.js");
        assert_eq!(turnstile.widget_sources(), ("https://challenges.cloudflare.com".to_owned(), String::new()));
        let recaptcha = with("recaptcha", &[("CAPTCHA_SCRIPT_URL", "https://www.recaptcha.net/recaptcha/api.js")]);
        assert_eq!(recaptcha.widget_script(), "https://www.recaptcha.net/recaptcha/api.js?render=0x4-k_y");
        assert!(recaptcha.widget_sources().0.ends_with(" https://www.recaptcha.net"));
        assert!(
            captcha(&[("CAPTCHA_PROVIDER", "hcaptcha"), ("CAPTCHA_SECRET", wrapped())]).unwrap().site_key.is_none()
        );
    }

    #[test]
    fn case_305_every_fault_of_a_captcha_is_named_at_once() {
        assert_eq!(
            faults(&[("CAPTCHA_PROVIDER", "turnstile")]),
            ["CAPTCHA_SECRET: is missing; CAPTCHA_PROVIDER needs it"]
        );
        let named = faults(&[
            ("CAPTCHA_PROVIDER", "friendly"),
            ("CAPTCHA_SECRET", "0x4AAAAAAAsecretofthewidget0000000"),
            ("CAPTCHA_HOSTNAMES", "example.com,https://app.example.com,app:443"),
            ("CAPTCHA_MIN_SCORE", "1.5"),
            ("CAPTCHA_ON_OUTAGE", "ajar"),
            ("CAPTCHA_VERIFY_URL", "http://captcha.example.com/siteverify"),
            ("CAPTCHA_SITE_KEY", "0x4\"><script>"),
            ("CAPTCHA_SCRIPT_URL", "http://captcha.example.com/api.js"),
        ]);
        let names = [
            "PROVIDER",
            "SECRET",
            "HOSTNAMES",
            "HOSTNAMES",
            "MIN_SCORE",
            "ON_OUTAGE",
            "VERIFY_URL",
            "SITE_KEY",
            "SCRIPT_URL",
        ];
        assert_eq!(named.len(), names.len(), "{named:?}");
        for (fault, name) in named.iter().zip(names) {
            assert!(fault.starts_with(&format!("CAPTCHA_{name}: ")), "{fault}");
            assert!(!fault.contains("secretofthewidget"), "a secret in the wrong place is not repeated: {fault}");
        }
        assert_eq!(faults(&[("CAPTCHA_MIN_SCORE", "NaN")]).len(), 1);
    }
}
