//! What a `User-Agent` says of a device, in our own words (SESS-1).
//!
//! A handful of browsers and systems is all that a list of sessions needs, and browsers have frozen the rest of the text.
//! So this is a short table and not a library; see decision 0024. It decides nothing: anybody can send any text.

use crate::mail::display_name;

/// A device as its owner would call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Never empty: `Firefox on Windows`, `iPhone`, `curl`, `Unknown device`. Fit to be shown anywhere.
    pub name: String,
    pub browser: Option<&'static str>,
    pub os: Option<&'static str>,
    pub form: Form,
}

/// What kind of thing it is, by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Desktop,
    Mobile,
    Tablet,
    /// A program, or something that does not tell.
    Other,
}

impl Form {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Other => "other",
        }
    }
}

/// Order matters: many a browser also calls itself Chrome, Chrome also Safari.
const BROWSERS: [(&str, &str); 17] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("UCBrowser/", "UC Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("GSA/", "Google app"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Order matters: iOS also calls itself Mac, Android also Linux, and mobile Windows both.
const SYSTEMS: [(&str, &str, Form); 10] = [
    ("Windows", "Windows", Form::Desktop),
    ("iPhone", "iOS", Form::Mobile),
    ("iPod", "iOS", Form::Mobile),
    ("iPad", "iPadOS", Form::Tablet),
    ("Android", "Android", Form::Mobile),
    ("Mac OS X", "macOS", Form::Desktop),
    ("CrOS", "ChromeOS", Form::Desktop),
    ("Darwin/", "iOS or macOS", Form::Other),
    ("Linux", "Linux", Form::Desktop),
    ("X11", "Unix", Form::Desktop),
];

const UNKNOWN: &str = "Unknown device";

impl Device {
    /// Reads a `User-Agent`, whatever it is.
    pub fn of(agent: &str) -> Self {
        let system = SYSTEMS.iter().find(|(mark, ..)| agent.contains(mark));
        let os = system.map(|(_, name, _)| *name);
        let is_browser = agent.starts_with("Mozilla/") || agent.starts_with("Opera/");
        let known = BROWSERS.iter().find(|(mark, _)| is_browser && agent.contains(mark)).map(|(_, name)| *name);
        // Old Android's own browser says Safari, too; so do programs that show pages inside themselves.
        let browser = match (known, os) {
            (Some("Safari"), Some("Android")) => Some("Android browser"),
            (None, Some("iOS" | "iPadOS")) if is_browser => Some("App"),
            (known, _) => known,
        };
        let form = match system.map(|(_, _, form)| *form) {
            // Google's rule: a telephone says `Mobile`, a tablet does not. `Tablet` is Firefox's word.
            Some(Form::Mobile) if os == Some("Android") && !agent.contains("Mobile") => Form::Tablet,
            Some(form) if is_browser => form,
            _ => Form::Other,
        };
        let name = match (browser, os) {
            (Some(browser), Some(os)) => format!("{browser} on {}", thing(agent, os)),
            (Some(browser), None) => browser.to_owned(),
            (None, _) if !is_browser => program(agent),
            (None, Some(os)) => thing(agent, os).to_owned(),
            (None, None) => "A browser".to_owned(),
        };
        Self { name, browser, os, form }
    }
}

/// People know what they hold in their hand better than what runs on it.
fn thing(agent: &str, os: &'static str) -> &'static str {
    match os {
        "iOS" if agent.contains("iPhone") => "iPhone",
        "iPadOS" => "iPad",
        other => other,
    }
}

/// A program's own name: the first word, without its version. `curl/8.5.0` is `curl`.
fn program(agent: &str) -> String {
    let name = display_name(agent.split(['/', ' ', '(']).next().unwrap_or_default());
    if name.is_empty() { UNKNOWN.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// User agent, name, browser, system, form.
    type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>, &'static str);

    /// As sent by the programs themselves.
    const AGENTS: [Row; 27] = [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome on Windows",
            Some("Chrome"),
            Some("Windows"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge on Windows",
            Some("Edge"),
            Some("Windows"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0",
            "Opera on Windows",
            Some("Opera"),
            Some("Windows"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Firefox on Windows",
            Some("Firefox"),
            Some("Windows"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Safari on macOS",
            Some("Safari"),
            Some("macOS"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome on macOS",
            Some("Chrome"),
            Some("macOS"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Firefox on macOS",
            Some("Firefox"),
            Some("macOS"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Firefox on Linux",
            Some("Firefox"),
            Some("Linux"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Vivaldi/7.6.3797.56",
            "Vivaldi on Linux",
            Some("Vivaldi"),
            Some("Linux"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome on ChromeOS",
            Some("Chrome"),
            Some("ChromeOS"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; FreeBSD amd64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Firefox on Unix",
            Some("Firefox"),
            Some("Unix"),
            "desktop",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
            Some("Safari"),
            Some("iOS"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
            Some("Chrome"),
            Some("iOS"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/144.0 Mobile/15E148 Safari/605.1.15",
            "Firefox on iPhone",
            Some("Firefox"),
            Some("iOS"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/141.0.3537.57 Mobile/15E148 Safari/605.1.15",
            "Edge on iPhone",
            Some("Edge"),
            Some("iOS"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            "App on iPhone",
            Some("App"),
            Some("iOS"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
            "Safari on iPad",
            Some("Safari"),
            Some("iPadOS"),
            "tablet",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
            Some("Chrome"),
            Some("Android"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome on Android",
            Some("Chrome"),
            Some("Android"),
            "tablet",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
            Some("Samsung Internet"),
            Some("Android"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0",
            "Firefox on Android",
            Some("Firefox"),
            Some("Android"),
            "mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36 EdgA/141.0.0.0",
            "Edge on Android",
            Some("Edge"),
            Some("Android"),
            "mobile",
        ),
        ("Mozilla/5.0 http://evil.example", "A browser", None, None, "other"),
        ("curl/8.14.1", "curl", None, None, "other"),
        ("okhttp/4.12.0", "okhttp", None, None, "other"),
        ("Example/31 CFNetwork/3826.500.131 Darwin/24.5.0", "Example", None, Some("iOS or macOS"), "other"),
        ("", "Unknown device", None, None, "other"),
    ];

    #[test]
    fn sess_1_real_user_agents_are_named_as_people_would() {
        for (agent, name, browser, os, form) in AGENTS {
            let device = Device::of(agent);
            let is = (device.name.as_str(), device.browser, device.os, device.form.name());
            assert_eq!(is, (name, browser, os, form), "{agent}");
        }
    }

    proptest! {
        #[test]
        fn case_016_whatever_is_sent_the_name_is_fit_to_be_shown(text in "(\\PC|[.:/@<>\"&\r\n]|Mozilla/|Android|http://){0,20}") {
            let name = Device::of(&text).name;
            prop_assert!(!name.is_empty());
            prop_assert_eq!(display_name(&name), name);
        }
    }
}
