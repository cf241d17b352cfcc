//! `GET /_local/mail`: what SES would have sent.

use askama::Template;

/// The mailbox, or one address's part of it.
#[derive(Template)]
#[template(path = "mailbox.html")]
pub(crate) struct MailboxPage {
    /// The address asked for by `?to=`.
    pub(crate) to: Option<String>,
    /// Newest first.
    pub(crate) mails: Vec<MailRow>,
}

/// One mail.
pub(crate) struct MailRow {
    pub(crate) id: String,
    pub(crate) at: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl MailboxPage {
    /// Which entry of the navigation this page is.
    fn here(&self) -> &'static str {
        "/_local/mail"
    }
}

impl MailRow {
    /// The web addresses in the text version, in order. Only these become links on the page: what a mail says is
    /// otherwise shown as text, or inside a frame that can do nothing.
    fn links(&self) -> Vec<&str> {
        self.text
            .split_whitespace()
            .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
            .collect()
    }
}

#[cfg(test)]
pub(super) fn sample() -> MailboxPage {
    let mail = |id: &str, at: &str, to: &str, subject: &str, path: &str| MailRow {
        id: id.to_owned(),
        at: at.to_owned(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: format!(
            "Hello Ada Lovelace,\n\nThank you for signing up. Please confirm that this address is yours,\nand your account is ready to use. Open this link:\n\nhttp://localhost:3000/{path}\n\nThe link works once, and for 24 hours.\n\n--\nPostern\n"
        ),
        html: format!(
            "<!doctype html><meta name=\"color-scheme\" content=\"light dark\"><body style=\"font-family:sans-serif\"><h1>{subject}</h1><p>A &amp; B</p><script>alert(1)</script>"
        ),
    };
    MailboxPage {
        to: None,
        mails: vec![
            mail(
                "m3",
                "2026-11-21T01:50:00.007Z",
                "ada@example.com",
                "Postern: confirm your e-mail address",
                "verify-email?token=Vq3x0cJmYt9-_aB8kD2nRf5sLhWzEoPu7iGy1TvXqM4",
            ),
            mail(
                "m2",
                "2026-11-21T01:49:12.480Z",
                "a-rather-long-address-for-a-small-screen@subdomain.example.com",
                "Postern: you already have an account",
                "",
            ),
            mail("m1", "2026-11-21T01:41:03.112Z", "bob@example.com", "Postern: your account is ready", ""),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_shows_its_link_its_text_and_a_frame_that_can_do_nothing() {
        let html = sample().render().unwrap();
        assert!(html.contains(
            r#"href="http://localhost:3000/verify-email?token=Vq3x0cJmYt9-_aB8kD2nRf5sLhWzEoPu7iGy1TvXqM4""#
        ));
        assert_eq!(html.matches(r#"<iframe sandbox="" "#).count(), 3);
        assert!(!html.contains("<script"));
        super::super::tests::check(&html);
    }

    #[test]
    fn only_web_addresses_of_the_text_become_links() {
        let mut page = sample();
        page.mails.truncate(1);
        page.mails[0].text = "javascript:alert(1)\nhttps://a.example/?x=\"><b>\nftp://b.example".to_owned();
        let html = page.render().unwrap();
        assert_eq!(html.matches("rel=\"noreferrer\"").count(), 1);
        assert!(html.contains("https://a.example/?x=&#34;&#62;&#60;b&#62;") && !html.contains("href=\"javascript"));
    }

    #[test]
    fn the_filter_keeps_its_word() {
        let page = MailboxPage { to: Some("\"><b>@example.com".to_owned()), mails: Vec::new() };
        let html = page.render().unwrap();
        assert!(html.contains("No mail to") && html.contains(r#"value="&#34;&#62;&#60;b&#62;@example.com""#));
    }
}
