//! `/login`: sign in with an e-mail address and a password.

use shared::email::Email;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::http::cookies::Jar;
use shared::http::return_to::ReturnTo;
use shared::login::{self, Credentials, SignedIn};
use shared::password::Password;

use super::flash::{Flash, Mistake};
use super::view::{Field, FormPage};
use super::visit::{HOME, LOGIN, Visit, onward};
use crate::auth::login::REMEMBERED;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    let to = visit.query_return_to();
    let fields = vec![
        Field::email(&flash.email),
        Field::current_password("password", "field.password")
            .beside("login.forgot", onward("/forgot-password", to.as_ref())),
    ];
    let page = FormPage::new(visit.shell("login.title", &flash), "login.lead")
        .form(LOGIN, fields, "login.submit")
        .return_to(to.as_ref())
        .link("login.new", "login.signup", "/signup", to.as_ref());
    visit.ok(&page)
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
    let credentials = Credentials { email, password: Password::new(password.to_owned()), device, captcha_token: None };
    match login::with_password(visit.app, &visit.ctx, credentials).await {
        Ok(SignedIn { grant, device }) => {
            let reply = Reply::see_other(to.as_ref().map_or(HOME, ReturnTo::as_str)).with_cookie(Jar::Device.set(
                &visit.app.settings,
                &device,
                REMEMBERED,
            ));
            Ok(visit.keep(&grant, reply))
        }
        Err(Error::Refused(Refusal::InvalidCredentials { .. })) => {
            let mistakes = vec![Mistake::new("email", "error.credentials"), Mistake::new("password", "")];
            again(visit, to.as_ref(), Flash::mistakes(mistakes), typed).await
        }
        Err(Error::Refused(Refusal::EmailNotVerified)) => {
            visit.tell("/verify-email", Flash::mistake("", "error.not-verified").typed(typed, "")).await
        }
        Err(error) => Err(error),
    }
}

async fn again(visit: &Visit<'_>, to: Option<&ReturnTo>, flash: Flash, typed: &str) -> Result<Reply> {
    visit.tell(&onward(LOGIN, to), flash.typed(typed, "")).await
}
