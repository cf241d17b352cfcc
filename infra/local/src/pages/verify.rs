//! `GET /_local/verify-email`: where the links of verification mails lead on a laptop.

use askama::Template;

/// A verification link, opened; or what came of it.
#[derive(Template)]
#[template(path = "verify.html")]
pub(crate) struct VerifyPage {
    pub(crate) token: String,
    /// The answer of `POST /auth/verify-email`, as JSON, once it has been asked.
    pub(crate) outcome: Option<String>,
}

impl VerifyPage {
    /// Which entry of the navigation this page is: none.
    fn here(&self) -> &'static str {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_shown_and_used_only_by_a_click() {
        let page = VerifyPage { token: "\"><b>".to_owned(), outcome: None }.render().unwrap();
        assert!(page.contains("method=\"post\"") && !page.contains("<b>"));
        super::super::tests::check(&page);
    }
}
