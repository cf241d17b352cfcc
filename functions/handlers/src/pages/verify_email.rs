//! `/verify-email`: with a link's token a button, which alone uses it (SIGN-3); without one, how to get another mail.

use shared::accounts;
use shared::email::Email;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::secret::PlainToken;

use super::flash::Flash;
use super::view::{Field, FormPage};
use super::visit::{LOGIN, Visit};

const PAGE: &str = "/verify-email";

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    if let Some(token) = visit.call.query_one("token") {
        let page = FormPage::new(visit.shell("verify.title", &flash), "verify.lead")
            .icon("mail")
            .form(PAGE, Vec::new(), "verify.submit")
            .hidden("token", token);
        return visit.ok(&page);
    }
    // Without a mail on its way there is nothing to check: one asks for it.
    let (title, lead) = if flash.is_sent { ("check.title", "") } else { ("check.again-title", "check.again") };
    let mut page = FormPage::new(visit.shell(title, &flash), lead)
        .icon("mail")
        .form("/verify-email/resend", vec![Field::email(&flash.email)], "check.submit")
        .link("", "check.login", LOGIN, None);
    if flash.is_sent {
        page.lead = visit.language.with("check.lead", &flash.email);
    }
    page.note = visit.language.text("check.hint").to_owned();
    visit.ok(&page)
}

pub(super) async fn submit(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let verified = match PlainToken::parse(form.get("token").to_owned()) {
        Some(token) => accounts::verify_email(visit.app, &visit.ctx, &token).await,
        None => Err(Refusal::TokenInvalid.into()),
    };
    match verified {
        Ok(()) => visit.tell(LOGIN, Flash::notice("verified.title", "verified.text")).await,
        // Most often by the same person, who has clicked twice: they have what they want.
        Err(Error::Refused(Refusal::TokenUsed)) => visit.tell(LOGIN, Flash::notice("used.title", "used.text")).await,
        Err(error) => visit.tell(PAGE, bad_link(error)?).await,
    }
}

pub(super) async fn resend(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let typed = form.get("email");
    let flash = match Email::parse(typed) {
        Ok(email) => {
            accounts::resend_verification(visit.app, &visit.ctx, &email).await?;
            Flash { is_sent: true, ..Flash::notice("check.title", "check.sent") }
        }
        Err(_) => Flash::mistake("email", "error.email"),
    };
    visit.tell(PAGE, flash.typed(typed, "")).await
}

/// What is told of a link that does not work.
///
/// # Errors
/// Every error that is not about the link.
pub(super) fn bad_link(error: Error) -> Result<Flash> {
    match error {
        Error::Refused(Refusal::TokenInvalid) => Ok(Flash::mistake("", "error.token-invalid")),
        Error::Refused(Refusal::TokenExpired) => Ok(Flash::mistake("", "error.token-expired")),
        Error::Refused(Refusal::TokenUsed) => Ok(Flash::mistake("", "error.token-used")),
        error => Err(error),
    }
}
