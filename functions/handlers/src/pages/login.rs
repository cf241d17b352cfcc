//! `/login`: sign in with an e-mail address and a password.

use shared::captcha::Action;
use shared::email::Email;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::http::cookies::Jar;
use shared::http::return_to::ReturnTo;
use shared::login::{self, Credentials, SignedIn};
use shared::password::Password;

use super::flash::{Flash, Mistake};
use super::view::{Field, FormPage};
use super::visit::{HOME, LOGIN, Visit, onward, with_query};
use crate::auth::login::REMEMBERED;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    let to = visit.query_return_to();
    if flash.needs_captcha && visit.lacks_widget() {
        return wait(visit, &flash, to.as_ref());
    }
    let fields = vec![
        Field::email(&flash.email),
        Field::current_password("password", "field.password")
            .beside("login.forgot", onward("/forgot-password", to.as_ref())),
    ];
    let page = FormPage::new(visit.shell("login.title", &flash), "login.lead")
        .form(LOGIN, fields, "login.submit")
        .return_to(to.as_ref())
        .link("login.new", "login.signup", "/signup", to.as_ref());
    let page = match flash.notice {
        // Of a used link: whoever did not use it needs another.
        Some((title, _)) if title == "used.title" => page.link("", "check.again-title", "/verify-email", None),
        _ => page,
    };
    visit.form(&FormPage { captcha: visit.widget(Action::Login).filter(|_| flash.needs_captcha), ..page })
}

/// A CAPTCHA is asked for, and we have none to show: no form that cannot succeed, but what else helps.
fn wait(visit: &Visit<'_>, flash: &Flash, to: Option<&ReturnTo>) -> Result<Reply> {
    let page = FormPage::new(visit.shell("login.wait-title", flash), "")
        .icon("lock")
        .next("unlock.reset", "/forgot-password")
        .link("", "check.login", LOGIN, to);
    let span = visit.language.wait(visit.app.settings.attempts.lock_window);
    visit.ok(&FormPage { lead: visit.language.with("login.wait", &span), ..page })
}

pub(super) async fn submit(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let (typed, password) = (form.get("email"), form.get("password"));
    let to = visit.return_to(form.get("returnTo"));
    let email = Email::parse(typed).ok();
    let mut mistakes = Vec::new();
    if email.is_none() {
        mistakes.push(Mistake::new("email", "error.email"));
    }
    if password.is_empty() {
        mistakes.push(Mistake::new("password", "error.password-empty"));
    }
    let Some(email) = email.filter(|_| mistakes.is_empty()) else {
        return again(visit, to.as_ref(), Flash::mistakes(mistakes), typed).await;
    };
    let device = Jar::Device.read(&visit.app.settings, visit.call).unwrap_or_default();
    let captcha_token = visit.captcha_token(&form);
    let credentials = Credentials { email, password: Password::new(password.to_owned()), device, captcha_token };
    match login::with_password(visit.app, &visit.ctx, credentials).await {
        Ok(SignedIn { grant, device }) => {
            let device = Jar::Device.set(&visit.app.settings, &device, REMEMBERED);
            Ok(visit.keep(&grant, Reply::see_other(after(visit, to.as_ref())).with_cookie(device)))
        }
        Err(Error::Refused(Refusal::InvalidCredentials { captcha_required })) => {
            let flash = match captcha_required && visit.lacks_widget() {
                // The fields are not shown.
                true => Flash::mistake("", "error.credentials"),
                false => {
                    Flash::mistakes(vec![Mistake::new("email", "error.credentials"), Mistake::new("password", "")])
                }
            };
            again(visit, to.as_ref(), flash.needing_captcha(captcha_required), typed).await
        }
        Err(Error::Refused(Refusal::CaptchaRequired | Refusal::CaptchaInvalid)) => {
            let flash = if visit.lacks_widget() { Flash::default() } else { Flash::mistake("", "error.captcha") };
            again(visit, to.as_ref(), flash.needing_captcha(true), typed).await
        }
        Err(Error::Refused(Refusal::EmailNotVerified)) => {
            visit.tell("/verify-email", Flash::mistake("", "error.not-verified").typed(typed, "")).await
        }
        Err(error) => Err(error),
    }
}

/// Where one goes from here. A browser that shows no cookie at all may keep none, and would be led in a circle without a word:
/// it goes by a page that sees whether it has kept ours.
fn after(visit: &Visit<'_>, to: Option<&ReturnTo>) -> String {
    let to = to.map_or(HOME, ReturnTo::as_str);
    match visit.call.has_header("cookie") {
        true => to.to_owned(),
        false => with_query("/auth/resume?signed-in=yes", "returnTo", to),
    }
}

async fn again(visit: &Visit<'_>, to: Option<&ReturnTo>, flash: Flash, typed: &str) -> Result<Reply> {
    visit.tell(&onward(LOGIN, to), flash.typed(typed, "")).await
}
