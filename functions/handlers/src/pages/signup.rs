//! `/signup`: an account, and the organization that belongs to it. A taken address gets the same page.

use shared::accounts::{self, Name, SignUp};
use shared::captcha::Action;
use shared::email::Email;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::password::Password;

use super::flash::{Flash, Mistake};
use super::view::{Field, FormPage};
use super::visit::{LOGIN, Visit, onward};

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    let to = visit.query_return_to();
    if visit.lacks_widget() {
        return elsewhere(visit);
    }
    let policy = visit.app.settings.password_policy;
    let fields = vec![
        Field::name(&flash.name),
        Field::email(&flash.email),
        Field::new_password(visit.language, policy, "field.password"),
    ];
    let page = FormPage::new(visit.shell("signup.title", &flash), "signup.lead")
        .form("/signup", fields, "signup.submit")
        .return_to(to.as_ref())
        .link("signup.have", "signup.login", LOGIN, to.as_ref());
    visit.form(&FormPage { captcha: visit.widget(Action::SignUp), ..page })
}

/// A CAPTCHA is asked for, and we have none to show: the product's own page has.
fn elsewhere(visit: &Visit<'_>) -> Result<Reply> {
    let settings = &visit.app.settings;
    let shell = visit.shell("signup.elsewhere-title", &Flash::default());
    let page = FormPage::new(shell, "").icon("door").link("signup.have", "signup.login", LOGIN, None);
    let page = FormPage { lead: visit.language.with("signup.elsewhere", &settings.product_name), ..page };
    let is_ours = settings.app_url.starts_with(&settings.public_url);
    visit.ok(&if is_ours { page } else { page.next("signup.product", &settings.app_url) })
}

pub(super) async fn submit(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let (typed_name, typed_email, password) = (form.get("name"), form.get("email"), form.get("password"));
    let mut mistakes = Vec::new();
    let name = Name::parse(typed_name).map_err(|_| mistakes.push(Mistake::new("name", "error.name"))).ok();
    let email = Email::parse(typed_email).map_err(|_| mistakes.push(Mistake::new("email", "error.email"))).ok();
    if password.is_empty() {
        mistakes.push(Mistake::new("password", "error.new-password-empty"));
    }
    if let (Some(name), Some(email), []) = (name, email, mistakes.as_slice()) {
        let (password, captcha_token) = (Password::new(password.to_owned()), visit.captcha_token(&form));
        let wish = SignUp { email, password, name, organization: None, captcha_token };
        match accounts::sign_up(visit.app, &visit.ctx, wish).await {
            Ok(()) => {
                let flash = Flash { is_sent: true, ..Flash::default() };
                return visit.tell("/verify-email", flash.typed(typed_email, "")).await;
            }
            Err(Error::Refused(Refusal::CaptchaRequired | Refusal::CaptchaInvalid)) => {
                mistakes = vec![Mistake::new("", "error.captcha")];
            }
            Err(Error::Refused(Refusal::PasswordRejected(unmet))) => {
                mistakes = unmet.iter().map(|rule| Mistake::of_password("password", rule)).collect();
            }
            Err(error) => return Err(error),
        }
    }
    let to = visit.return_to(form.get("returnTo"));
    visit.tell(&onward("/signup", to.as_ref()), Flash::mistakes(mistakes).typed(typed_email, typed_name)).await
}
