//! `/unlock`: with a link's token a button, which alone uses it (LOGIN-6); without one, what else helps.

use shared::accounts;
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::secret::PlainToken;

use super::flash::Flash;
use super::verify_email::bad_link;
use super::view::FormPage;
use super::visit::{LOGIN, Visit};

const PAGE: &str = "/unlock";

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let flash = visit.flash().await?;
    let shell = visit.shell("unlock.title", &flash);
    let page = match visit.call.query_one("token") {
        Some(token) => {
            FormPage::new(shell, "unlock.lead").form(PAGE, Vec::new(), "unlock.submit").hidden("token", token)
        }
        None => FormPage::new(shell, "unlock.help").next("unlock.reset", "/forgot-password").link(
            "",
            "check.login",
            LOGIN,
            None,
        ),
    };
    visit.ok(&page.icon("lock"))
}

pub(super) async fn submit(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let unlocked = match PlainToken::parse(form.get("token").to_owned()) {
        Some(token) => accounts::unlock_by_link(visit.app, &visit.ctx, &token).await,
        None => Err(Refusal::TokenInvalid.into()),
    };
    match unlocked {
        Ok(()) => visit.tell(LOGIN, Flash::notice("unlocked.title", "unlocked.text")).await,
        // Nobody can ask for another of these links.
        Err(Error::Refused(Refusal::TokenExpired)) => {
            visit.tell(PAGE, Flash::mistake("", "error.unlock-expired")).await
        }
        Err(Error::Refused(Refusal::TokenUsed)) => visit.tell(PAGE, Flash::mistake("", "error.unlock-used")).await,
        Err(error) => visit.tell(PAGE, bad_link(error)?).await,
    }
}
