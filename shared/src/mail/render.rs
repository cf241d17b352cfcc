//! Turns a [`Mail`] into a subject, an HTML body and a text body, with the templates in `templates/mail`.
//!
//! Subjects are made of our words and the product's name only. Each body shows its one link as it is; every other value
//! passes through `untrusted`, or is written by us.

use askama::Template;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::untrusted::{device_name, display_name};
use super::{Brand, ChangedBy, Mail, Rendered};
use crate::report::Figures;

/// What the templates may show.
struct View<'a> {
    product: &'a str,
    /// Empty, or fit to be shown.
    name: String,
    /// Where the button leads.
    link: &'a str,
    /// How long the link works, in words.
    valid: String,
    /// What happened, line by line: a label and its value.
    facts: Vec<(&'static str, String)>,
}

/// One line for each mail: its name and the two templates it is rendered by.
macro_rules! templates {
    ($($name:ident: $html:tt, $text:tt;)*) => {
        #[derive(Clone, Copy)]
        enum Templates { $($name,)* }

        impl Templates {
            /// The HTML and the text body.
            fn render(self, view: &View<'_>) -> Result<(String, String), askama::Error> {
                match self {
                    $(Self::$name => {
                        #[derive(Template)]
                        #[template(path = $html)]
                        struct Html<'a> { view: &'a View<'a> }

                        #[derive(Template)]
                        #[template(path = $text)]
                        struct Text<'a> { view: &'a View<'a> }

                        Ok((Html { view }.render()?, Text { view }.render()?))
                    })*
                }
            }
        }
    };
}

templates! {
    VerifyEmail: "mail/verify_email.html", "mail/verify_email.txt";
    Welcome: "mail/welcome.html", "mail/welcome.txt";
    AddressTaken: "mail/address_taken.html", "mail/address_taken.txt";
    SignUpAgain: "mail/sign_up_again.html", "mail/sign_up_again.txt";
    RefreshReplay: "mail/refresh_replay.html", "mail/refresh_replay.txt";
    NewDevice: "mail/new_device.html", "mail/new_device.txt";
    SuspiciousLogin: "mail/suspicious_login.html", "mail/suspicious_login.txt";
    AccountLocked: "mail/account_locked.html", "mail/account_locked.txt";
    AccountUnlocked: "mail/account_unlocked.html", "mail/account_unlocked.txt";
    PasswordReset: "mail/password_reset.html", "mail/password_reset.txt";
    PasswordChanged: "mail/password_changed.html", "mail/password_changed.txt";
    DailyReport: "mail/daily_report.html", "mail/daily_report.txt";
}

impl Mail {
    /// Writes the mail.
    ///
    /// # Errors
    /// Only if a template fails, which none does for any value.
    pub fn render(&self, brand: &Brand) -> Result<Rendered, askama::Error> {
        // A line break in a setting would end the subject's header line.
        let product = brand.product.split(char::is_control).collect::<Vec<_>>().join(" ");
        let product = product.trim();
        let view = |name: &str, link| View {
            product,
            name: display_name(name),
            link,
            valid: String::new(),
            facts: Vec::new(),
        };

        let (templates, subject, view) = match self {
            Self::VerifyEmail { name, link, valid_hours } => (
                Templates::VerifyEmail,
                "confirm your e-mail address",
                View { valid: hours(*valid_hours), ..view(name, link) },
            ),
            Self::Welcome { name, sign_in_url } => {
                (Templates::Welcome, "your account is ready", view(name, sign_in_url))
            }
            Self::AddressTaken { name, sign_in_url } => {
                (Templates::AddressTaken, "you already have an account", view(name, sign_in_url))
            }
            Self::SignUpAgain { app_url } => (Templates::SignUpAgain, "please sign up once more", view("", app_url)),
            Self::RefreshReplay { name, at, ip, device } => (
                Templates::RefreshReplay,
                "we signed a device out",
                View { facts: facts(at, ip, device, None), ..view(name, &brand.app_url) },
            ),
            Self::NewDevice { name, at, ip, place, device, reset_url } => {
                let place = Some(display_name(place)).filter(|place| !place.is_empty());
                (
                    Templates::NewDevice,
                    "a new device signed in",
                    View { facts: facts(at, ip, device, place.map(|place| ("Place", place))), ..view(name, reset_url) },
                )
            }
            Self::SuspiciousLogin { name, at, ip, device, failures, reset_url } => (
                Templates::SuspiciousLogin,
                "somebody tried to sign in",
                View { facts: facts(at, ip, device, Some(("Tried", passwords(*failures)))), ..view(name, reset_url) },
            ),
            Self::AccountLocked { name, at, ip, device, until, link, valid_hours } => (
                Templates::AccountLocked,
                "signing in is locked for a while",
                View {
                    valid: hours(*valid_hours),
                    facts: facts(at, ip, device, moment(until).map(|until| ("Locked until", until))),
                    ..view(name, link)
                },
            ),
            Self::AccountUnlocked { name, at, reset_url } => (
                Templates::AccountUnlocked,
                "your account is open again",
                View { facts: facts(at, "", "", None), ..view(name, reset_url) },
            ),
            Self::PasswordReset { name, link, valid_hours } => (
                Templates::PasswordReset,
                "choose a new password",
                View { valid: hours(*valid_hours), ..view(name, link) },
            ),
            Self::PasswordChanged { name, at, ip, device, by, reset_url } => (
                Templates::PasswordChanged,
                "your password was changed",
                View { facts: facts(at, ip, device, Some(("How", by.words()))), ..view(name, reset_url) },
            ),
            Self::DailyReport { day, figures, app_url } => (
                Templates::DailyReport,
                "the day in figures",
                View { facts: report(day, figures), ..view("", app_url) },
            ),
        };
        let (html, text) = templates.render(&view)?;
        Ok(Rendered { subject: format!("{product}: {subject}"), html, text })
    }
}

impl ChangedBy {
    fn words(self) -> String {
        match self {
            Self::Reset => "With a link from a mail",
            Self::Change => "While signed in, with the old password",
        }
        .to_owned()
    }
}

fn passwords(failures: u32) -> String {
    if failures == 1 { "1 wrong password".to_owned() } else { format!("{failures} wrong passwords") }
}

fn hours(hours: u64) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        48.. if hours.is_multiple_of(24) => format!("{} days", hours / 24),
        _ => format!("{hours} hours"),
    }
}

/// When, from where and on what something was done, and what else there is to say. What is not known is left out.
fn facts(at: &str, ip: &str, device: &str, more: Option<(&'static str, String)>) -> Vec<(&'static str, String)> {
    // Parsed, so that nothing but an address can stand here.
    let ip = ip.parse::<std::net::IpAddr>().ok().map(|ip| ip.to_canonical().to_string());
    let device = Some(device_name(device)).filter(|device| !device.is_empty());
    [("Time", moment(at)), ("IP address", ip), ("Device", device)]
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
        .chain(more)
        .collect()
}

/// A day and its figures.
fn report(day: &str, figures: &Figures) -> Vec<(&'static str, String)> {
    let rows = figures.rows().into_iter();
    let rows = rows.map(|(label, count)| {
        let most = if figures.is_complete { "" } else { "at least " };
        (label, format!("{most}{count}"))
    });
    moment(day).map(|day| ("Day from", day)).into_iter().chain(rows).collect()
}

/// An instant in words; `None` for anything but RFC 3339.
fn moment(at: &str) -> Option<String> {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    OffsetDateTime::parse(at, &Rfc3339).ok()?.to_offset(time::UtcOffset::UTC).format(&format).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINK: &str =
        "https://app.example.com/account/verify-email?token=Vq3x0cJmYt9-_aB8kD2nRf5sLhWzEoPu7iGy1TvXqM4&lang=en";

    fn brand() -> Brand {
        Brand { product: "Example".to_owned(), app_url: LINK.to_owned() }
    }

    /// Every mail, each with the same link and with `text` wherever somebody else chooses the text.
    fn mails(text: &str) -> [Mail; 11] {
        let (name, link) = (|| text.to_owned(), || LINK.to_owned());
        let (at, ip) = (|| "2026-11-21T01:50:00.007Z".to_owned(), || "203.0.113.7".to_owned());
        let changed =
            |by| Mail::PasswordChanged { name: name(), at: at(), ip: ip(), device: name(), by, reset_url: link() };
        [
            Mail::VerifyEmail { name: name(), link: link(), valid_hours: 24 },
            Mail::Welcome { name: name(), sign_in_url: link() },
            Mail::AddressTaken { name: name(), sign_in_url: link() },
            Mail::RefreshReplay { name: name(), at: at(), ip: ip(), device: name() },
            Mail::NewDevice { name: name(), at: at(), ip: ip(), place: name(), device: name(), reset_url: link() },
            Mail::SuspiciousLogin { name: name(), at: at(), ip: ip(), device: name(), failures: 3, reset_url: link() },
            Mail::AccountLocked {
                name: name(),
                at: at(),
                ip: ip(),
                device: name(),
                until: "2026-11-21T02:05:00Z".to_owned(),
                link: link(),
                valid_hours: 1,
            },
            Mail::AccountUnlocked { name: name(), at: at(), reset_url: link() },
            Mail::PasswordReset { name: name(), link: link(), valid_hours: 1 },
            changed(ChangedBy::Reset),
            changed(ChangedBy::Change),
        ]
    }

    fn unescaped(html: &str) -> String {
        html.replace("&#38;", "&")
    }

    #[test]
    fn the_link_is_there_once_to_click_and_once_to_read() {
        for mail in mails("Ada Lovelace") {
            let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
            let html = unescaped(&html);
            assert_eq!(html.matches("href=").count(), 1, "{}", mail.kind());
            assert_eq!(html.matches(&format!("href=\"{LINK}\"")).count(), 1, "{}", mail.kind());
            assert_eq!(html.matches(&format!(">{LINK}<")).count(), 1, "{}", mail.kind());
            assert_eq!(text.lines().filter(|line| *line == LINK).count(), 1, "{text}");
            assert_eq!(text.matches("http").count(), 1, "{text}");
        }
    }

    #[test]
    fn both_forms_greet_by_name_or_nobody() {
        for mail in mails("Zoë O’Brien") {
            let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
            assert!(html.contains("Hello <bdi>Zoë O’Brien</bdi>,") && text.contains("Hello Zoë O’Brien,\n"), "{text}");
        }
        for mail in mails("🙂") {
            let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
            assert!(html.contains("Hello,") && text.starts_with("Hello,\n"), "{text}");
        }
    }

    #[test]
    fn the_text_is_laid_out_for_a_plain_reader() {
        let unknown =
            Mail::RefreshReplay { name: String::new(), at: String::new(), ip: String::new(), device: String::new() };
        let unknown_time = Mail::AccountUnlocked { name: String::new(), at: String::new(), reset_url: LINK.to_owned() };
        for mail in mails("Ada").into_iter().chain([unknown, unknown_time]) {
            let Rendered { text, .. } = mail.render(&brand()).unwrap();
            assert!(text.lines().all(|line| line == LINK || line.chars().count() <= 72), "{text}");
            assert!(!text.contains("\n\n\n") && !text.contains(" \n") && text.ends_with('\n'), "{text:?}");
            assert!(!text.contains("&#"), "{text}");
        }
    }

    #[test]
    fn the_html_stays_small_and_loads_nothing() {
        for mail in mails(&"W".repeat(200)) {
            let Rendered { html, .. } = mail.render(&brand()).unwrap();
            assert!(html.len() < 20_000, "{} bytes", html.len());
            for loader in ["<img", "<script", "<link", "src=", "url(", "@import", "@font-face", "background="] {
                assert!(!html.contains(loader), "{loader}");
            }
            let pages = unescaped(&html).matches("http").count();
            assert_eq!(pages, 2, "a foreign address");
        }
    }

    #[test]
    fn case_015_a_subject_is_one_line_and_never_of_a_strangers_making() {
        let subjects = |text: &str, brand: &Brand| mails(text).map(|mail| mail.render(brand).unwrap().subject);
        let plain = [
            "Example: confirm your e-mail address",
            "Example: your account is ready",
            "Example: you already have an account",
            "Example: we signed a device out",
            "Example: a new device signed in",
            "Example: somebody tried to sign in",
            "Example: signing in is locked for a while",
            "Example: your account is open again",
            "Example: choose a new password",
            "Example: your password was changed",
            "Example: your password was changed",
        ];
        assert_eq!(subjects("Ada", &brand()), plain);
        assert_eq!(subjects("x\r\nBcc: b@example.com", &brand()), plain);
        let broken = Brand { product: "Example\r\nBcc: b@example.com\n".to_owned(), ..brand() };
        assert!(subjects("Ada", &broken).iter().all(|subject| !subject.contains(char::is_control)));
    }

    #[test]
    fn case_016_markup_and_addresses_in_names_are_text() {
        for name in [
            "visit http://evil.example",
            "[x](http://evil.example)",
            "<a href=http://evil.example>x</a>",
            "<script>alert(1)</script>",
            "www.evil.example",
            "\"><img src=x>",
        ] {
            for mail in mails(name) {
                let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
                for body in [unescaped(&html), text] {
                    let body = body.replace(LINK, "");
                    for part in ["://", "evil.", "www.", "](", "<script", "<img", "href=http"] {
                        assert!(!body.contains(part), "{part} in {body}");
                    }
                }
            }
        }
    }

    #[test]
    fn ops_6_a_daily_report_shows_every_figure_in_both_forms() {
        let figures = Figures { sign_ins: 1_234, replays: 56, is_complete: true, ..Figures::default() };
        let mail = |figures: &Figures| Mail::DailyReport {
            day: "2026-11-20T00:00:00.000Z".to_owned(),
            figures: figures.clone(),
            app_url: LINK.to_owned(),
        };
        let Rendered { subject, html, text } = mail(&figures).render(&brand()).unwrap();
        assert_eq!(subject, "Example: the day in figures");
        for (label, _) in figures.rows() {
            assert!(html.contains(label) && text.contains(label), "{label}");
        }
        assert!(text.contains("20 November 2026") && text.contains("1234") && text.contains("56"), "{text}");
        assert!(text.lines().all(|line| line == LINK || line.chars().count() <= 72), "{text}");
        let Rendered { text, .. } = mail(&Figures { is_complete: false, ..figures }).render(&brand()).unwrap();
        assert!(text.contains("at least 1234"), "{text}");
    }

    #[test]
    fn a_product_with_markup_in_its_name_is_escaped() {
        let brand = Brand { product: "R&D <b>".to_owned(), ..brand() };
        let Rendered { html, text, .. } = mails("Ada")[0].render(&brand).unwrap();
        assert!(html.contains("R&#38;D &#60;b&#62;") && !html.contains("<b>"));
        assert!(text.contains("R&D <b>"));
    }

    #[test]
    fn a_replay_is_told_with_time_address_and_device() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
        assert_eq!(
            facts("2026-11-21T02:50:00.007+01:00", "::ffff:203.0.113.7", agent, None),
            [
                ("Time", "21 November 2026, 01:50 UTC".to_owned()),
                ("IP address", "203.0.113.7".to_owned()),
                ("Device", "Firefox on Linux".to_owned())
            ]
        );
        assert_eq!(facts("yesterday", "evil.example", "", None), []);
    }

    #[test]
    fn what_happened_is_told_in_both_forms() {
        let facts = [
            ("suspicious_login", "3 wrong passwords"),
            ("account_locked", "21 November 2026, 02:05 UTC"),
            ("account_unlocked", "21 November 2026, 01:50 UTC"),
            ("password_changed", "With a link from a mail"),
        ];
        for (kind, fact) in facts {
            let mail = mails("Ada").into_iter().find(|mail| mail.kind() == kind).unwrap();
            let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
            assert!(html.contains(fact) && text.contains(fact), "{text}");
        }
        assert_eq!(passwords(1), "1 wrong password");
    }

    #[test]
    fn spans_read_like_words() {
        assert_eq!([1, 24, 36, 48, 168].map(hours), ["1 hour", "24 hours", "36 hours", "2 days", "7 days"]);
    }

    #[test]
    fn the_kind_is_the_tag_it_travels_under() {
        for mail in mails("Ada") {
            let value = serde_json::to_value(&mail).unwrap();
            assert_eq!(value["kind"], mail.kind());
            let back: Mail = serde_json::from_value(value).unwrap();
            assert_eq!(back.render(&brand()).unwrap().text, mail.render(&brand()).unwrap().text);
        }
    }

    /// Writes every mail to a directory, to be looked at: `cargo test -p shared write_all_mails -- --ignored`.
    #[test]
    #[ignore = "writes files"]
    fn write_all_mails() {
        let directory = std::env::temp_dir().join("postern-mails");
        std::fs::create_dir_all(&directory).unwrap();
        for mail in mails("Ada Lovelace") {
            let Rendered { html, text, .. } = mail.render(&brand()).unwrap();
            std::fs::write(directory.join(mail.kind()).with_extension("html"), html).unwrap();
            std::fs::write(directory.join(mail.kind()).with_extension("txt"), text).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn case_016_whatever_a_name_is_the_only_link_is_ours(text in "(\\PC|[.:/@<>\"&\r\n]|http://|www\\.){0,40}") {
            let harmless = if display_name(&text).is_empty() { "" } else { "Ada" };
            for (mail, harmless) in mails(&text).iter().zip(mails(harmless)) {
                let Rendered { subject, html, text } = mail.render(&brand()).unwrap();
                let html = unescaped(&html);
                prop_assert!(!subject.contains(char::is_control));
                prop_assert_eq!(html.matches("href=").count(), 1);
                prop_assert_eq!(html.matches("://").count(), 2);
                prop_assert_eq!(text.matches("://").count(), 1);
                prop_assert_eq!(html.matches('<').count(), harmless.render(&brand()).unwrap().html.matches('<').count());
            }
        }
    }
}
