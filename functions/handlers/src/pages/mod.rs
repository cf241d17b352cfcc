//! The hosted pages: signing up, in and out, and the account, for people with any browser (CLIENT-3).
//!
//! A page is a form that works without script. A handler reads it, calls the same domain function as the API's endpoint
//! does, and answers 303 with a flash, or with a page. Reading order: this file, `visit` (a request for a page), `view`
//! (what templates show), then one file for each page. Not here: rules. Texts, style and script are in
//! `functions/handlers/pages`, the templates in `functions/handlers/templates`.

mod account;
pub mod assets;
mod devices;
mod failed;
mod flash;
mod language;
mod login;
mod password;
mod session;
mod signup;
mod unlock;
mod verify_email;
mod view;
mod visit;

use std::time::Duration;

use http::Method;
use shared::app::App;
use shared::error::{Error, Refusal, Result};
use shared::http::endpoint::Handling;
use shared::http::{Call, Endpoint, Reply};

use self::visit::{HOME, Visit};

/// One function, because one visit asks for several of its pages.
pub const ENDPOINT: Endpoint =
    Endpoint { name: "pages", routes: PATHS, limited: false, handle: |app, call| Box::pin(handle(app, call)) };

/// A page, or what one of its forms does.
struct Route {
    route: &'static str,
    /// The endpoint of the API that does the same: both share one limit, so that nobody gets twice as many tries.
    limit: Option<&'static str>,
    handle: for<'a> fn(&'a Visit<'a>) -> Handling<'a>,
}

macro_rules! limit {
    () => {
        None
    };
    ($name:literal) => {
        Some($name)
    };
}

macro_rules! routes {
    ($($route:literal $(as $limit:literal)? => $module:ident::$handle:ident,)*) => {
        const ROUTES: &[Route] = &[$(Route {
            route: $route,
            limit: limit!($($limit)?),
            handle: |visit| Box::pin($module::$handle(visit)),
        },)*];
        const PATHS: &[&str] = &[$($route,)*];
    };
}

routes! {
    "GET /login" => login::show,
    "POST /login" as "auth-login" => login::submit,
    "GET /signup" => signup::show,
    "POST /signup" as "auth-signup" => signup::submit,
    "GET /verify-email" => verify_email::show,
    "POST /verify-email" as "auth-verify-email" => verify_email::submit,
    "POST /verify-email/resend" as "auth-verify-email-resend" => verify_email::resend,
    "GET /forgot-password" => password::show_forgot,
    "POST /forgot-password" as "auth-password-forgot" => password::submit_forgot,
    "GET /reset-password" => password::show_reset,
    "POST /reset-password" as "auth-password-reset" => password::submit_reset,
    "GET /unlock" => unlock::show,
    "POST /unlock" as "auth-unlock" => unlock::submit,
    "GET /account" => account::show,
    "GET /account/password" => account::show_password,
    "POST /account/password" as "auth-password-change" => account::submit_password,
    "POST /account/sessions" => devices::submit,
    "GET /auth/resume" => session::show_resume,
    "POST /auth/resume" => session::submit_resume,
    "GET /auth/sign-out" => session::show_sign_out,
    "POST /auth/sign-out" => session::submit_sign_out,
    "GET /signed-out" => session::signed_out,
    "GET /.well-known/change-password" => account::well_known,
}

/// Less than every endpoint has, so that being late is told by a page, too.
const DEADLINE: Duration = Duration::from_secs(4);

async fn handle(app: &App, call: &Call) -> Result<Reply> {
    let asked = (call.method().as_str(), call.path());
    let route = ROUTES.iter().find(|route| route.route.split_once(' ') == Some(asked)).ok_or(Refusal::NotFound)?;
    let visit = Visit::new(app, call, route.limit);
    let late = || Error::Unavailable { dependency: "deadline", cause: format!("no page within {DEADLINE:?}") };
    let result = tokio::time::timeout(DEADLINE, (route.handle)(&visit)).await.unwrap_or_else(|_| Err(late()));
    match result {
        Ok(reply) => Ok(reply),
        Err(error) => Ok(failed::with_typed(&visit, failed::page(&visit, &error)?).await),
    }
}

/// Tells a person with a page what went wrong around the handler: a form from elsewhere, one that is too large, or an answer
/// that came too late.
pub fn tell(app: &App, call: &Call, error: &Error) -> Option<Reply> {
    // Not by `ROUTES`: every function calls this, and would be linked with all the pages that it names.
    let is_ours = PATHS.iter().any(|route| route.split_once(' ').is_some_and(|(_, path)| path == call.path()));
    (is_ours && is_person(call)).then(|| failed::page(&Visit::new(app, call, None), error).ok()).flatten()
}

/// Whether a browser shows the answer to somebody: programs and scripts do not ask for HTML.
pub fn is_person(call: &Call) -> bool {
    call.header("accept").is_some_and(|accepted| accepted.contains("text/html"))
}

/// Whether a page is at this very path.
fn is_page(path: &str) -> bool {
    PATHS.iter().any(|route| route.strip_prefix("GET ") == Some(path))
}

/// For somebody who is where no page is: the account, the page of a form, or a page that says so. Asks nothing of AWS.
pub fn lost(app: &App, call: &Call, refusal: Refusal) -> Result<Reply> {
    let (path, page) = (call.path(), view::page_of(call.path()));
    if call.method() == Method::GET && path == "/" {
        return Ok(Reply::see_other(HOME));
    }
    // A form's own address, by a reload after its answer failed.
    if call.method() == Method::GET && page != path && is_page(page) {
        return Ok(Reply::see_other(page));
    }
    failed::page(&Visit::new(app, call, None), &refusal.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_takes_a_secret_or_mails_has_the_limit_of_its_endpoint() {
        for route in ROUTES {
            if let Some(limit) = route.limit {
                let endpoint = crate::ENDPOINTS.iter().find(|endpoint| endpoint.name == limit);
                assert!(endpoint.is_some_and(|endpoint| endpoint.limited), "{}: no limit {limit}", route.route);
            }
        }
        let unlimited: Vec<_> =
            ROUTES.iter().filter(|it| it.route.starts_with("POST") && it.limit.is_none()).map(|it| it.route).collect();
        assert_eq!(unlimited, ["POST /account/sessions", "POST /auth/resume", "POST /auth/sign-out"]);
    }
}
