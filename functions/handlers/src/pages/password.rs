//! `/forgot-password` and `/reset-password`: a mailed link, and a new password by it (RECOV-1, RECOV-2).

use shared::accounts;
use shared::email::Email;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::password::Password;
use shared::secret::PlainToken;

use super::flash::{Flash, Mistake};
use super::verify_email::bad_link;
use super::view::{Field, FormPage};
use super::visit::{LOGIN, Visit, with_query};

const FORGOT: &str = "/forgot-password";
const RESET: &str = "/reset-password";

pub(super) async fn show_forgot(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    if flash.notice.is_some() {
        return sent(visit, &flash.email);
    }
    let page = FormPage::new(visit.shell("forgot.title", &flash), "forgot.lead")
        .icon("key")
        .form(FORGOT, vec![Field::email(&flash.email)], "forgot.submit")
        .link("", "forgot.login", LOGIN, visit.query_return_to().as_ref());
    visit.ok(&page)
}

/// A page of its own, so that nobody takes it for the form that they have just sent.
fn sent(visit: &Visit<'_>, email: &str) -> Result<Reply> {
    let page = FormPage::new(visit.shell("forgot.sent-title", &Flash::default()), "")
        .icon("mail")
        .link("", "forgot.again", FORGOT, None)
        .link("", "forgot.login", LOGIN, None);
    let (lead, note) = (visit.language.with("forgot.sent", email), visit.language.text("forgot.hint").to_owned());
    visit.ok(&FormPage { lead, note, ..page })
}

pub(super) async fn submit_forgot(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let typed = form.get("email");
    let flash = match Email::parse(typed) {
        Ok(email) => {
            accounts::request_password_reset(visit.app, &visit.ctx, &email).await?;
            Flash::notice("forgot.sent-title", "forgot.sent")
        }
        Err(_) => Flash::mistake("email", "error.email"),
    };
    visit.tell(FORGOT, flash.typed(typed, "")).await
}

pub(super) async fn show_reset(visit: &Visit<'_>) -> Result<Reply> {
    let Some(token) = visit.call.query_one("token") else {
        return visit.tell(FORGOT, Flash::mistake("", "error.token-invalid")).await;
    };
    let flash = visit.flash().await?;
    let policy = visit.app.settings.password_policy;
    let fields = vec![Field::new_password(visit.language, policy, "field.new-password")];
    let page = FormPage::new(visit.shell("reset.title", &flash), "reset.lead")
        .icon("key")
        .form(RESET, fields, "reset.submit")
        .hidden("token", token);
    visit.ok(&page)
}

pub(super) async fn submit_reset(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let (token, password) = (form.get("token"), form.get("password"));
    // The page has the token in its address already.
    let here = with_query(RESET, "token", token);
    let Some(parsed) = PlainToken::parse(token.to_owned()) else {
        return visit.tell(FORGOT, Flash::mistake("", "error.token-invalid")).await;
    };
    if password.is_empty() {
        return visit.tell(&here, Flash::mistake("password", "error.new-password-empty")).await;
    }
    let password = Password::new(password.to_owned());
    match accounts::reset_password(visit.app, &visit.ctx, &parsed, &password).await {
        Ok(()) => visit.tell(LOGIN, Flash::notice("reset.done-title", "reset.done")).await,
        Err(Error::Refused(Refusal::PasswordRejected(unmet))) => {
            let mistakes = unmet.iter().map(|rule| Mistake::of_password("password", rule)).collect();
            visit.tell(&here, Flash::mistakes(mistakes)).await
        }
        Err(error) => visit.tell(FORGOT, bad_link(error)?).await,
    }
}
