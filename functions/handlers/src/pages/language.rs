//! Languages: which one a visitor reads, and the catalogue of texts. Both are files of `functions/handlers/pages/texts`.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use shared::clock::Timestamp;

/// A language that the pages speak. The first is the one for those who say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

/// A text's name in the catalogues.
pub(crate) type Key = &'static str;

type Catalogue = HashMap<&'static str, &'static str>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../pages/texts/en.txt")));
static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../pages/texts/de.txt")));

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its BCP 47 tag.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The one that `Accept-Language` likes best (RFC 9110 §12.5.4). Of equals, the first.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(20) {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let weight = weight.trim().parse().unwrap_or(0.0);
            let is_better = weight > 0.0 && best.is_none_or(|(found, _)| weight > found);
            if let Some(language) = Self::of_tag(&primary).filter(|_| is_better) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// A text. One that a language lacks is English; a test holds that none lacks any.
    pub(crate) fn text(self, key: &str) -> &'static str {
        self.catalogue().get(key).or_else(|| ENGLISH.get(key)).copied().unwrap_or_default()
    }

    /// Whether there is such a text.
    pub(crate) fn has(self, key: &str) -> bool {
        self.catalogue().contains_key(key)
    }

    /// A text with something filled in.
    pub(crate) fn with(self, key: &str, value: &str) -> String {
        self.text(key).replacen("{}", value, 1)
    }

    /// How long to wait, rounded up, in words.
    pub(crate) fn wait(self, span: Duration) -> String {
        let seconds = span.as_millis().div_ceil(1000).max(1);
        let (number, unit) = match seconds {
            0..=90 => (seconds, "second"),
            91..=5_400 => (seconds.div_ceil(60), "minute"),
            _ => (seconds.div_ceil(3600), "hour"),
        };
        self.with(&format!("wait.{unit}{}", if number == 1 { "" } else { "s" }), &number.to_string())
    }

    /// A day in UTC, as people of this language write it.
    pub(crate) fn day(self, at: Timestamp) -> String {
        let text = at.to_string();
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        let month = part(5..7).parse::<usize>().unwrap_or(1);
        let month = self.text("months").split(' ').nth(month.saturating_sub(1)).unwrap_or_default();
        let dot = if self == Self::German { "." } else { "" };
        format!("{}{dot} {month} {}", part(8..10).trim_start_matches('0'), part(0..4))
    }

    /// A day and a time in UTC. With script, browsers show how long ago that was.
    pub(crate) fn instant(self, at: Timestamp) -> String {
        let text = at.to_string();
        format!("{}, {} UTC", self.day(at), text.get(11..16).unwrap_or_default())
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

fn read(file: &'static str) -> Catalogue {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, text)| (key.trim(), text.trim())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_has_every_text_with_the_same_gaps() {
        let keys = |catalogue: &Catalogue| catalogue.keys().copied().collect::<BTreeSet<_>>();
        for language in Language::ALL {
            assert_eq!(keys(language.catalogue()), keys(&ENGLISH), "{language:?}");
            for (key, text) in language.catalogue() {
                assert_eq!(text.matches("{}").count(), ENGLISH[key].matches("{}").count(), "{language:?} {key}");
                assert!(!text.is_empty(), "{language:?} {key}");
            }
            assert_eq!(language.text("months").split(' ').count(), 12);
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there() {
        let mut asked = 0;
        for folder in ["templates", "src/pages"] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for file in std::fs::read_dir(folder).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                // Keys look like nothing else that stands between quotation marks: `group.name`.
                let is_key = |part: &&str| {
                    let group = part.split_once('.').map_or("", |(group, _)| group);
                    part.bytes().all(|b| b.is_ascii_lowercase() || b".-_".contains(&b))
                        && ENGLISH.keys().any(|key| key.split_once('.').is_some_and(|(found, _)| found == group))
                };
                for key in text.split('"').filter(is_key).filter(|key| !key.ends_with('.') && !key.ends_with(".html")) {
                    assert!(ENGLISH.contains_key(key), "{key}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 100, "{asked}");
    }

    #[test]
    fn the_best_liked_language_is_chosen() {
        for (header, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("en-GB;q=0.4, DE;q=0.5", Some(Language::German)),
            ("fr, en;q=0.3", Some(Language::English)),
            ("de;q=0, en;q=0.1", Some(Language::English)),
            ("fr,*", None),
            ("", None),
            (";;;,q=,=", None),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn times_read_as_people_write_them() {
        let at = Timestamp::parse("2026-03-05T09:07:00Z").unwrap();
        assert_eq!(Language::English.day(at), "5 Mar 2026");
        assert_eq!(Language::German.day(at), "5. März 2026");
        assert_eq!(Language::English.instant(at), "5 Mar 2026, 09:07 UTC");
        assert_eq!(Language::German.wait(Duration::from_secs(61)), "61 Sekunden");
        assert_eq!(Language::English.wait(Duration::from_millis(10)), "1 second");
    }
}
