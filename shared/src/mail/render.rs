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
use crate::report::checklist::Line;

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
            Self::DailyReport { day, figures, checklist, app_url } => (
                Templates::DailyReport,
                "the day in figures",
                View { facts: report(day, figures, checklist), ..view("", app_url) },
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

/// A day, its figures, and how things stand.
fn report(day: &str, figures: &Figures, checklist: &[Line]) -> Vec<(&'static str, String)> {
    let shown = |count: u64, is_least: bool| if is_least { format!("at least {count}") } else { count.to_string() };
    let rows = figures.rows().into_iter().map(|(label, count)| (label, shown(count, !figures.is_complete)));
    let standing = checklist.iter().map(|line| {
        let count = line.count.map_or_else(|| "not available".to_owned(), |count| shown(count, line.is_least));
        (line.check.title(), count)
    });
    moment(day).map(|day| ("Day from", day)).into_iter().chain(rows).chain(standing).collect()
}

/// An instant in words; `None` for anything but RFC 3339.
fn moment(at: &str) -> Option<String> {
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    OffsetDateTime::parse(at, &Rfc3339).ok()?.to_offset(time::UtcOffset::UTC).format(&format).ok()
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
