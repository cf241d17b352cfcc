//! A request for a page: who asks, in which language, and how to answer.

use std::time::Duration;

use askama::Template;
use http::StatusCode;
use shared::app::App;
use shared::attempts::Admission;
use shared::context::RequestContext;
use shared::error::{Error, Refusal, Result};
use shared::http::cookies::{Jar, SetCookie};
use shared::http::return_to::ReturnTo;
use shared::http::{Call, Form, Reply, credentials, csrf, flash};
use shared::id::SessionId;
use shared::sessions::{Authenticated, Grant};

use super::flash::Flash;
use super::language::Language;
use super::view::{Shell, page_of};

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
        }
    }

    /// What the page before has told. Nothing on most visits, and then nothing is read for it.
    pub(crate) async fn flash(&self) -> Result<Flash> {
        Ok(flash::read(self.app, self.call).await?.unwrap_or_default())
    }

    /// What every page shows. `title` is a text's key.
    pub(crate) fn shell(&self, title: &str, flash: &Flash) -> Shell {
        Shell::new(self.language, &self.app.settings.product_name, self.call, title, flash)
    }

    /// A page. The flash that it showed is taken back.
    pub(crate) fn page(&self, status: StatusCode, page: &impl Template) -> Result<Reply> {
        let reply = Reply::html(status, page.render().map_err(Error::internal)?);
        let reply = match Jar::Flash.read(&self.app.settings, self.call) {
            Some(_) => reply.with_cookie(Jar::Flash.clear(&self.app.settings)),
            None => reply,
        };
        Ok(if self.has_chosen { reply.with_cookie(self.language_cookie()) } else { reply })
    }

    pub(crate) fn ok(&self, page: &impl Template) -> Result<Reply> {
        self.page(StatusCode::OK, page)
    }

    /// 303 to a page of ours, which is told `flash`.
    pub(crate) async fn tell(&self, to: &str, flash: Flash) -> Result<Reply> {
        let page = to.split('?').next().unwrap_or_default();
        Ok(Reply::see_other(to).with_cookie(flash::set(self.app, self.ctx.now, page, flash).await?))
    }

    /// Where the visitor wants to go on to, by what the query or the form says.
    pub(crate) fn return_to(&self, text: &str) -> Option<ReturnTo> {
        ReturnTo::parse(&self.app.settings, text)
    }

    pub(crate) fn query_return_to(&self) -> Option<ReturnTo> {
        self.return_to(self.call.query_one("returnTo").unwrap_or_default())
    }

    /// Who is signed in; or the way to become that, for somebody whose access token is past its time or who never had one.
    pub(crate) async fn reader(&self) -> Result<Result<Authenticated, Reply>> {
        match credentials::reader(self.app, self.call).await {
            Ok(caller) => Ok(Ok(caller)),
            Err(Error::Refused(
                Refusal::Unauthenticated
                | Refusal::AccessTokenInvalid
                | Refusal::AccessTokenExpired
                | Refusal::SessionRevoked,
            )) => Ok(Err(Reply::see_other(with_query("/auth/resume", "returnTo", page_of(self.call.path()))))),
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
