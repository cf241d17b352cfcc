//! What the templates show. Every value is escaped by askama; nothing here makes markup.

use askama::Template;
use shared::http::Call;
use shared::http::return_to::ReturnTo;
use shared::password::Policy;

use super::assets::{ACCOUNT, LOGO, SCRIPT, SDK, STYLE, THEME};
use super::flash::Flash;
use super::language::{Key, Language};
use super::visit::{HOME, onward, with_query};

/// What every page shows: its head, what happened before, what is to be mended, and the languages.
pub(crate) struct Shell {
    pub(crate) language: Language,
    pub(crate) product: String,
    pub(crate) title: String,
    /// The title and sentence of what happened before.
    pub(crate) notice: Option<(String, String)>,
    /// Each with its field, which may be none.
    pub(crate) errors: Vec<(String, String)>,
    /// Tag, name, and where this page is in it.
    pub(crate) languages: Vec<(&'static str, &'static str, String)>,
}

impl Shell {
    pub(crate) fn new(language: Language, product: &str, call: &Call, title: &str, flash: &Flash) -> Self {
        let errors = flash.errors.iter().map(|mistake| {
            let key = if language.has(&mistake.text) { mistake.text.as_str() } else { "password.other" };
            let text = match mistake.number {
                // A field that is marked, and of which another one's text says why.
                _ if mistake.text.is_empty() => String::new(),
                Some(number) => language.with(key, &number.to_string()),
                None => language.text(key).to_owned(),
            };
            (mistake.field.clone(), text)
        });
        let notice = flash
            .notice
            .as_ref()
            .map(|(title, text)| (language.text(title).to_owned(), language.with(text, &flash.email)));
        // What is no page of ours may be anything, also an address elsewhere (`//…`): nothing leads there.
        let path = Some(page_of(call.path())).filter(|path| super::is_page(path)).unwrap_or(HOME);
        let here = ["token", "returnTo"].into_iter().fold(path.to_owned(), |path, name| {
            call.query_one(name).map_or(path.clone(), |value| with_query(&path, name, value))
        });
        let languages = Language::ALL.into_iter().map(|other| {
            let name = other.text("language");
            (other.tag(), name, with_query(&here, "lang", other.tag()))
        });
        Self {
            language,
            product: product.to_owned(),
            title: language.text(title).to_owned(),
            notice,
            errors: errors.collect(),
            languages: languages.collect(),
        }
    }

    pub(crate) fn t(&self, key: &str) -> &'static str {
        self.language.text(key)
    }

    pub(crate) fn with(&self, key: &str, value: &str) -> String {
        self.language.with(key, value)
    }

    /// The paths of what the page loads: logo, theme, style, script.
    pub(crate) fn logo(&self) -> String {
        LOGO.path()
    }

    pub(crate) fn theme(&self) -> String {
        THEME.path()
    }

    pub(crate) fn style(&self) -> String {
        STYLE.path()
    }

    pub(crate) fn script(&self) -> String {
        SCRIPT.path()
    }

    /// What only the account's pages load.
    pub(crate) fn account_script(&self) -> String {
        ACCOUNT.path()
    }

    pub(crate) fn sdk(&self) -> String {
        SDK.path()
    }

    /// What is wrong with a field; empty if nothing is.
    pub(crate) fn errors_of(&self, field: &str) -> Vec<&str> {
        self.errors.iter().filter(|(found, _)| found == field).map(|(_, text)| text.as_str()).collect()
    }

    /// Whether all that is to be mended is in fields.
    pub(crate) fn is_about_fields(&self) -> bool {
        self.errors.iter().all(|(field, _)| !field.is_empty())
    }

    pub(crate) fn is_here(&self, tag: &str) -> bool {
        self.language.tag() == tag
    }
}

/// The page that a form belongs to: a form of its own has no page of its own.
pub(crate) fn page_of(path: &str) -> &str {
    ["/resend", "/sessions"].into_iter().find_map(|form| path.strip_suffix(form)).unwrap_or(path)
}

/// A labelled input.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// A text's key.
    pub(crate) label: Key,
    pub(crate) kind: &'static str,
    pub(crate) autocomplete: &'static str,
    pub(crate) value: String,
    /// Texts of the password's rules, each with the name by which the script ticks it off.
    pub(crate) rules: Vec<(&'static str, String)>,
    /// A link beside the label: a text's key and where it leads.
    pub(crate) beside: Option<(Key, String)>,
    /// For password managers.
    pub(crate) password_rules: &'static str,
}

impl Field {
    pub(crate) fn email(value: &str) -> Self {
        Self::new("email", "field.email", "email", "username").filled(value)
    }

    pub(crate) fn name(value: &str) -> Self {
        Self::new("name", "field.name", "text", "name").filled(value)
    }

    pub(crate) fn current_password(name: &'static str, label: Key) -> Self {
        Self::new(name, label, "password", "current-password")
    }

    pub(crate) fn new_password(language: Language, policy: Policy, label: Key) -> Self {
        let text = |key: &str| language.text(key).to_owned();
        let classes = || ["upper", "lower", "digit", "special"].map(|class| (class, text(&format!("rule.{class}"))));
        let mut rules = match policy {
            Policy::Balanced => {
                vec![("length-15", text("rule.balanced-length")), ("classes-8", text("rule.balanced-classes"))]
            }
            Policy::Classic => {
                std::iter::once(("length-8", language.with("rule.length", "8"))).chain(classes()).collect()
            }
            Policy::Passphrase => vec![("length-15", language.with("rule.length", "15"))],
        };
        rules.push(("", text("rule.personal")));
        let password_rules = match policy {
            Policy::Classic => "minlength: 8; required: upper; required: lower; required: digit; required: special;",
            Policy::Balanced | Policy::Passphrase => "minlength: 15;",
        };
        Self { rules, password_rules, ..Self::new("password", label, "password", "new-password") }
    }

    #[must_use]
    pub(crate) fn beside(self, text: Key, to: String) -> Self {
        Self { beside: Some((text, to)), ..self }
    }

    fn new(name: &'static str, label: Key, kind: &'static str, autocomplete: &'static str) -> Self {
        Self {
            name,
            label,
            kind,
            autocomplete,
            value: String::new(),
            rules: Vec::new(),
            beside: None,
            password_rules: "",
        }
    }

    fn filled(self, value: &str) -> Self {
        Self { value: value.to_owned(), ..self }
    }
}

/// The widget of the CAPTCHA provider.
pub(crate) struct Widget {
    pub(crate) script: String,
    /// Of the place that the provider's script fills. Without one our own script asks it for a token.
    pub(crate) class: Option<&'static str>,
    pub(crate) site_key: String,
    pub(crate) action: &'static str,
    /// The form's field that gets the token.
    pub(crate) field: &'static str,
}

/// A page with one form, or with none where there is nothing to send.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage {
    pub(crate) page: Shell,
    /// The picture above the title.
    pub(crate) icon: &'static str,
    pub(crate) lead: String,
    pub(crate) action: &'static str,
    pub(crate) fields: Vec<Field>,
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// A text's key; empty for a page without a form.
    pub(crate) submit: Key,
    /// Sent by the script at once: nothing is asked of the person.
    pub(crate) is_automatic: bool,
    /// What to do next where there is no form: a text's key and where it leads.
    pub(crate) next: Option<(Key, String)>,
    /// Below the form: a text's key, which may be empty, a link's, and where it leads.
    pub(crate) links: Vec<(Key, Key, String)>,
    /// A small remark at the end.
    pub(crate) note: String,
    pub(crate) captcha: Option<Widget>,
}

impl FormPage {
    pub(crate) fn new(page: Shell, lead: &str) -> Self {
        Self {
            lead: page.language.text(lead).to_owned(),
            page,
            icon: "",
            action: "",
            fields: Vec::new(),
            hidden: Vec::new(),
            submit: "",
            is_automatic: false,
            next: None,
            links: Vec::new(),
            note: String::new(),
            captcha: None,
        }
    }

    #[must_use]
    pub(crate) fn form(self, action: &'static str, fields: Vec<Field>, submit: Key) -> Self {
        Self { action, fields, submit, ..self }
    }

    #[must_use]
    pub(crate) fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    #[must_use]
    pub(crate) fn return_to(self, to: Option<&ReturnTo>) -> Self {
        match to {
            Some(to) => self.hidden("returnTo", to.as_str()),
            None => self,
        }
    }

    #[must_use]
    pub(crate) fn link(mut self, before: Key, text: Key, to: &str, return_to: Option<&ReturnTo>) -> Self {
        self.links.push((before, text, onward(to, return_to)));
        self
    }

    #[must_use]
    pub(crate) fn next(self, text: Key, to: &str) -> Self {
        Self { next: Some((text, to.to_owned())), ..self }
    }

    #[must_use]
    pub(crate) fn icon(self, icon: &'static str) -> Self {
        Self { icon, ..self }
    }
}
