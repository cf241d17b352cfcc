//! Where the links of mails lead on a laptop, until the hosted pages are there: one small form for each.

use askama::Template;
use serde_json::{Map, Value, json};

/// What a link is for, and the call that its page makes.
pub(crate) struct LinkForm {
    /// The last part of the page's path, as it stands in mails.
    pub(crate) page: &'static str,
    /// The route that the form calls.
    pub(crate) route: &'static str,
    title: &'static str,
    button: &'static str,
    takes_token: bool,
    field: Option<Field>,
}

/// What the person types.
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
}

pub(crate) static LINK_FORMS: [LinkForm; 4] = [
    LinkForm {
        page: "verify-email",
        route: "/auth/verify-email",
        title: "Confirm an address",
        button: "Confirm this address",
        takes_token: true,
        field: None,
    },
    LinkForm {
        page: "forgot-password",
        route: "/auth/password/forgot",
        title: "Ask for a new password",
        button: "Send a link",
        takes_token: false,
        field: Some(Field { name: "email", label: "E-mail address", kind: "email", autocomplete: "username" }),
    },
    LinkForm {
        page: "reset-password",
        route: "/auth/password/reset",
        title: "Choose a new password",
        button: "Take this password",
        takes_token: true,
        field: Some(Field { name: "password", label: "New password", kind: "password", autocomplete: "new-password" }),
    },
    LinkForm {
        page: "unlock",
        route: "/auth/unlock",
        title: "Unlock signing in",
        button: "Unlock it",
        takes_token: true,
        field: None,
    },
];

impl LinkForm {
    /// The body of the call, with the token and what was typed.
    pub(crate) fn body(&self, token: &str, typed: &str) -> Value {
        let token = self.takes_token.then(|| ("token".to_owned(), json!(token)));
        let typed = self.field.as_ref().map(|field| (field.name.to_owned(), json!(typed)));
        Value::Object(token.into_iter().chain(typed).collect::<Map<_, _>>())
    }

    /// The name of what the person types; empty if there is nothing to type.
    pub(crate) fn typed(&self) -> &'static str {
        self.field.as_ref().map_or("", |field| field.name)
    }
}

/// A link, opened; or what came of it.
#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage {
    pub(crate) form: &'static LinkForm,
    pub(crate) token: String,
    /// The call's answer, as JSON, once it has been asked.
    pub(crate) outcome: Option<String>,
}

impl LinkPage {
    /// Which entry of the navigation this page is: none.
    fn here(&self) -> &'static str {
        ""
    }

    /// The call as it will be made.
    fn call(&self) -> String {
        self.form.body(&self.token, "…").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_shown_and_used_only_by_a_click() {
        for form in &LINK_FORMS {
            let page = LinkPage { form, token: "\"><b>".to_owned(), outcome: None }.render().unwrap();
            assert!(page.contains("method=\"post\"") && !page.contains("<b>"));
            assert_eq!(
                page.matches("<input").count(),
                usize::from(form.takes_token) + usize::from(form.field.is_some())
            );
            super::super::tests::check(&page);
        }
    }

    #[test]
    fn a_form_sends_what_its_route_takes() {
        let bodies = LINK_FORMS.iter().map(|form| form.body("t", "x").to_string()).collect::<Vec<_>>();
        let expected = [r#"{"token":"t"}"#, r#"{"email":"x"}"#, r#"{"password":"x","token":"t"}"#, r#"{"token":"t"}"#];
        assert_eq!(bodies, expected);
    }
}
