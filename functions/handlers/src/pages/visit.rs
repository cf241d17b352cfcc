//! A request for a page: who asks, in which language, and how to answer.

use std::sync::OnceLock;
use std::time::Duration;

use askama::Template;
use http::{Method, StatusCode};
use shared::app::App;
use shared::attempts::Admission;
use shared::captcha;
use shared::context::RequestContext;
use shared::error::{Error, Refusal, Result};
use shared::http::cookies::{Jar, SetCookie};
use shared::http::return_to::ReturnTo;
use shared::http::{Call, Form, Reply, credentials, csrf, flash};
use shared::id::SessionId;
use shared::sessions::{Authenticated, Grant};

use super::flash::Flash;
use super::language::Language;
use super::view::{FormPage, Shell, Widget, page_of};

/// Where people are after signing in, unless they wanted to be elsewhere.
pub(crate) const HOME: &str = "/account";
pub(crate) const LOGIN: &str = "/login";

/// A browser forgets the chosen language after a year without a visit.
const LANGUAGE_LIFE: Duration = Duration::from_secs(365 * 86_400);

pub(crate) struct Visit<'a> {
    pub(crate) app: &'a App,
    pub(crate) call: &'a Call,
    /// The call's context, with the limit that this form shares with its endpoint.
    pub(crate) ctx: RequestContext,
    pub(crate) language: Language,
    /// Whether the language was chosen just now.
    has_chosen: bool,
    /// The flash that was shown, for the same page in another language.
    shown: OnceLock<SetCookie>,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(app: &'a App, call: &'a Call, limit: Option<&'static str>) -> Self {
        let chosen = call.query_one("lang").and_then(Language::of_tag);
        let kept = || Jar::Language.read(&app.settings, call).and_then(|tag| Language::of_tag(&tag));
        let accepted = || call.header("accept-language").and_then(Language::accepted);
        Self {
            app,
            call,
            ctx: RequestContext { admission: limit.map(Admission::to), ..call.ctx.clone() },
            language: chosen.or_else(kept).or_else(accepted).unwrap_or(Language::English),
            has_chosen: chosen.is_some(),
            shown: OnceLock::new(),
        }
    }

    /// What the page before has told. Nothing on most visits, and then nothing is read for it.
    pub(crate) async fn flash(&self) -> Result<Flash> {
        let path = self.call.path();
        let translated = format!("{path}?lang");
        let mut told: Option<Flash> = flash::read(self.app, self.call, path).await?;
        if told.is_none() && self.has_chosen {
            told = flash::read(self.app, self.call, &translated).await?;
        }
        let Some(told) = told else { return Ok(Flash::default()) };
        let _ = self.shown.set(flash::set(self.app, self.ctx.now, &translated, &told).await?);
        Ok(told)
    }

    /// What every page shows. `title` is a text's key.
    pub(crate) fn shell(&self, title: &str, flash: &Flash) -> Shell {
        Shell::new(self.language, &self.app.settings.product_name, self.call, title, flash)
    }

    /// A page. The flash that it showed is not shown again, but in another language. One for another page stays.
    pub(crate) fn page(&self, status: StatusCode, page: &impl Template) -> Result<Reply> {
        let reply = Reply::html(status, page.render().map_err(Error::internal)?);
        let reply = match self.shown.get() {
            Some(kept) => reply.with_cookie(kept.clone()),
            None => reply,
        };
        Ok(if self.has_chosen { reply.with_cookie(self.language_cookie()) } else { reply })
    }

    pub(crate) fn ok(&self, page: &impl Template) -> Result<Reply> {
        self.page(StatusCode::OK, page)
    }

    /// A page with a form, which may have a CAPTCHA in it.
    pub(crate) fn form(&self, page: &FormPage) -> Result<Reply> {
        let reply = self.ok(page)?;
        Ok(if page.captcha.is_some() { reply.with_widget() } else { reply })
    }

    /// The widget of the CAPTCHA provider. `None` where there is no provider, or none whose widget we can show.
    pub(crate) fn widget(&self, action: captcha::Action) -> Option<Widget> {
        let settings = self.app.settings.captcha.as_ref()?;
        Some(Widget {
            script: settings.widget_script(),
            class: settings.provider.widget_class(),
            site_key: settings.site_key.clone()?,
            action: action.name(),
            field: settings.provider.form_field(),
        })
    }

    /// Whether a CAPTCHA is asked for that no page of ours can show.
    pub(crate) fn lacks_widget(&self) -> bool {
        self.app.settings.captcha.as_ref().is_some_and(|captcha| captcha.site_key.is_none())
    }

    /// What the widget has put into the form.
    pub(crate) fn captcha_token(&self, form: &Form) -> Option<String> {
        let provider = self.app.settings.captcha.as_ref()?.provider;
        Some(form.get(provider.form_field()).to_owned())
    }

    /// 303 to a page of ours, which is told `flash`.
    pub(crate) async fn tell(&self, to: &str, flash: Flash) -> Result<Reply> {
        let page = to.split('?').next().unwrap_or_default();
        Ok(Reply::see_other(to).with_cookie(flash::set(self.app, self.ctx.now, page, flash).await?))
    }

    /// Where the visitor wants to go on to, by what the query or the form says.
    pub(crate) fn return_to(&self, text: &str) -> Option<ReturnTo> {
        let own =
            |to: &ReturnTo| to.as_str().strip_prefix(&self.app.settings.public_url).unwrap_or(to.as_str()).to_owned();
        ReturnTo::parse(&self.app.settings, text).filter(|to| !is_way_in(&own(to)))
    }

    pub(crate) fn query_return_to(&self) -> Option<ReturnTo> {
        self.return_to(self.call.query_one("returnTo").unwrap_or_default())
    }

    /// Who is signed in; or the way to become that, for somebody whose access token is past its time or who never had one. A
    /// form that comes too late is not sent again by itself: its page says that nothing was done.
    pub(crate) async fn reader(&self) -> Result<Result<Authenticated, Reply>> {
        match credentials::reader(self.app, self.call).await {
            Ok(caller) => Ok(Ok(caller)),
            Err(Error::Refused(
                Refusal::Unauthenticated
                | Refusal::AccessTokenInvalid
                | Refusal::AccessTokenExpired
                | Refusal::SessionRevoked,
            )) => {
                let page = page_of(self.call.path());
                let away = Reply::see_other(with_query("/auth/resume", "returnTo", page));
                if self.call.method() != Method::POST {
                    return Ok(Err(away));
                }
                let flash = Flash::mistake("", "error.renewed");
                Ok(Err(away.with_cookie(flash::set(self.app, self.ctx.now, page, flash).await?)))
            }
            Err(error) => Err(error),
        }
    }

    /// The hidden field of a form that a session's cookies authenticate.
    pub(crate) async fn csrf(&self, session: SessionId) -> Result<String> {
        csrf::token(self.app, self.call, session).await
    }

    /// Whether a form has the token of this session.
    pub(crate) async fn is_own(&self, form: &Form, session: SessionId) -> Result<bool> {
        match csrf::check_presented(self.app, self.call, session, form.get("csrf")).await {
            Ok(()) => Ok(true),
            Err(Error::Refused(Refusal::CsrfInvalid)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a session's tokens into the browser.
    pub(crate) fn keep(&self, grant: &Grant, reply: Reply) -> Reply {
        crate::reply::with_cookies(self.app, &self.ctx, grant, reply)
    }

    fn language_cookie(&self) -> SetCookie {
        Jar::Language.set(&self.app.settings, self.language.tag(), LANGUAGE_LIFE)
    }
}

/// Whether a path leads in or out: whoever is in has nothing to do there.
fn is_way_in(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    matches!(path, LOGIN | "/signup" | "/signed-out") || path.starts_with("/auth/")
}

/// A path with one value in its query.
pub(crate) fn with_query(path: &str, name: &str, value: &str) -> String {
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{name}={value}")
}

/// A path that keeps where the visitor wants to go on to.
pub(crate) fn onward(path: &str, to: Option<&ReturnTo>) -> String {
    to.map_or_else(|| path.to_owned(), |to| with_query(path, "returnTo", to.as_str()))
}
