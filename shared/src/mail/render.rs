//! Turns a [`Mail`] into a subject, an HTML body and a text body, with the templates in `templates/mail`.
//!
//! Subjects are made of our words and the product's name only. Each body shows its one link as it is; every other value
//! passes through `untrusted`, or is written by us.

use askama::Template;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::untrusted::{device_name, display_name};
use super::{Brand, Mail, Rendered};

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

#[derive(Template)]
enum Html<'a> {
    #[template(path = "mail/verify_email.html")]
    VerifyEmail { view: &'a View<'a> },
    #[template(path = "mail/welcome.html")]
    Welcome { view: &'a View<'a> },
    #[template(path = "mail/address_taken.html")]
    AddressTaken { view: &'a View<'a> },
    #[template(path = "mail/sign_up_again.html")]
    SignUpAgain { view: &'a View<'a> },
    #[template(path = "mail/refresh_replay.html")]
    RefreshReplay { view: &'a View<'a> },
}

#[derive(Template)]
enum Text<'a> {
    #[template(path = "mail/verify_email.txt")]
    VerifyEmail { view: &'a View<'a> },
    #[template(path = "mail/welcome.txt")]
    Welcome { view: &'a View<'a> },
    #[template(path = "mail/address_taken.txt")]
    AddressTaken { view: &'a View<'a> },
    #[template(path = "mail/sign_up_again.txt")]
    SignUpAgain { view: &'a View<'a> },
    #[template(path = "mail/refresh_replay.txt")]
    RefreshReplay { view: &'a View<'a> },
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

        let (subject, html, text) = match self {
            Self::VerifyEmail { name, link, valid_hours } => {
                let view = View { valid: hours(*valid_hours), ..view(name, link) };
                (
                    "confirm your e-mail address",
                    Html::VerifyEmail { view: &view }.render()?,
                    Text::VerifyEmail { view: &view }.render()?,
                )
            }
            Self::Welcome { name, sign_in_url } => {
                let view = view(name, sign_in_url);
                (
                    "your account is ready",
                    Html::Welcome { view: &view }.render()?,
                    Text::Welcome { view: &view }.render()?,
                )
            }
            Self::AddressTaken { name, sign_in_url } => {
                let view = view(name, sign_in_url);
                (
                    "you already have an account",
                    Html::AddressTaken { view: &view }.render()?,
                    Text::AddressTaken { view: &view }.render()?,
                )
            }
            Self::SignUpAgain { app_url } => {
                let view = view("", app_url);
                (
                    "please sign up once more",
                    Html::SignUpAgain { view: &view }.render()?,
                    Text::SignUpAgain { view: &view }.render()?,
                )
            }
            Self::RefreshReplay { name, at, ip, device } => {
                let view = View { facts: facts(at, ip, device), ..view(name, &brand.app_url) };
                (
                    "we signed a device out",
                    Html::RefreshReplay { view: &view }.render()?,
                    Text::RefreshReplay { view: &view }.render()?,
                )
            }
        };
        Ok(Rendered { subject: format!("{product}: {subject}"), html, text })
    }
}

fn hours(hours: u64) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        48.. if hours.is_multiple_of(24) => format!("{} days", hours / 24),
        _ => format!("{hours} hours"),
    }
}

/// When, from where and on what something was done. What is not known is left out.
fn facts(at: &str, ip: &str, device: &str) -> Vec<(&'static str, String)> {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    let at =
        OffsetDateTime::parse(at, &Rfc3339).ok().and_then(|at| at.to_offset(time::UtcOffset::UTC).format(&format).ok());
    // Parsed, so that nothing but an address can stand here.
    let ip = ip.parse::<std::net::IpAddr>().ok().map(|ip| ip.to_canonical().to_string());
    let device = Some(device_name(device)).filter(|device| !device.is_empty());
    [("Time", at), ("IP address", ip), ("Device", device)]
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
        .collect()
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
    fn mails(text: &str) -> [Mail; 4] {
        let (name, link) = (|| text.to_owned(), || LINK.to_owned());
        [
            Mail::VerifyEmail { name: name(), link: link(), valid_hours: 24 },
            Mail::Welcome { name: name(), sign_in_url: link() },
            Mail::AddressTaken { name: name(), sign_in_url: link() },
            Mail::RefreshReplay {
                name: name(),
                at: "2026-11-21T01:50:00.007Z".to_owned(),
                ip: "203.0.113.7".to_owned(),
                device: name(),
            },
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
        for mail in mails("Ada").into_iter().chain([unknown]) {
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
            facts("2026-11-21T02:50:00.007+01:00", "::ffff:203.0.113.7", agent),
            [
                ("Time", "21 November 2026, 01:50 UTC".to_owned()),
                ("IP address", "203.0.113.7".to_owned()),
                ("Device", "Firefox on Linux".to_owned())
            ]
        );
        assert_eq!(facts("yesterday", "evil.example", ""), []);
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
