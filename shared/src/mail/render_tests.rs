//! Every mail, with names and addresses of every kind.

use proptest::prelude::*;

use super::*;
use crate::report::checklist::Check;

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
    let line = |check, count, is_least| Line { check, count, is_least };
    let checklist = [
        line(Check::LockedAccounts, Some(3), true),
        line(Check::UnusualPlaces, Some(7), false),
        line(Check::NoSecondFactor, None, false),
    ];
    let mail = |figures: &Figures| Mail::DailyReport {
        day: "2026-11-20T00:00:00.000Z".to_owned(),
        figures: figures.clone(),
        checklist: checklist.to_vec(),
        app_url: LINK.to_owned(),
    };
    let Rendered { subject, html, text } = mail(&figures).render(&brand()).unwrap();
    assert_eq!(subject, "Example: the day in figures");
    for (label, _) in figures.rows() {
        assert!(html.contains(label) && text.contains(label), "{label}");
    }
    for (title, count) in [
        ("Accounts locked now", "at least 3"),
        ("Sessions in unusual countries", "7"),
        ("Accounts without second factor", "not available"),
    ] {
        assert!(text.contains(&format!("{title:<32}{count}\n")) && html.contains(title), "{text}");
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
        // What is left of some texts is a device and no name: then a line more is shown.
        let is_either = display_name(&text).is_empty() == device_name(&text).is_empty();
        for (mail, harmless) in mails(&text).iter().zip(mails(harmless)) {
            let Rendered { subject, html, text } = mail.render(&brand()).unwrap();
            let html = unescaped(&html);
            prop_assert!(!subject.contains(char::is_control));
            prop_assert_eq!(html.matches("href=").count(), 1);
            prop_assert_eq!(html.matches("://").count(), 2);
            prop_assert_eq!(text.matches("://").count(), 1);
            if is_either {
                let harmless = harmless.render(&brand()).unwrap().html;
                prop_assert_eq!(html.matches('<').count(), harmless.matches('<').count());
            }
        }
    }
}
