//! What went wrong, as a page with the status that a program would get: one must wait, or it is our fault.

use std::time::Duration;

use askama::Template;
use http::{StatusCode, header};
use shared::error::{Error, Refusal, Result};
use shared::http::{Reply, flash, problem};

use super::flash::Flash;
use super::language::Key;
use super::view::{Shell, page_of};
use super::visit::{HOME, Visit, onward, with_query};

/// The key is at hand nearly always; nobody waits for it when it is not.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage {
    page: Shell,
    text: String,
    /// A text's key and where it leads: to the form again, or home.
    next: (Key, String),
    /// What else helps.
    other: Option<(Key, &'static str)>,
    request_id: String,
}

pub(super) fn page(visit: &Visit<'_>, error: &Error) -> Result<Reply> {
    let problem::Kind { status, code, .. } = problem::kind_of(error);
    match error {
        Error::Refused(_) => tracing::info!(code, "refused"),
        Error::Unavailable { .. } => tracing::warn!(%error, "a dependency failed"),
        Error::Internal(_) => tracing::error!(%error, "internal fault"),
    }
    let language = visit.language;
    let title = format!("failed.{code}");
    let title = match language.has(&title) {
        true => title,
        false if status.is_client_error() => "failed.refused".to_owned(),
        false => "failed.other".to_owned(),
    };
    let wait = problem::retry_after(error).unwrap_or_default();
    let page = FailedPage {
        page: visit.shell(&title, &Flash::default()),
        text: language.with(&format!("{title}.text"), &language.wait(wait)),
        next: next(visit, error),
        // Whether or not there is such an account.
        other: (status == StatusCode::LOCKED).then_some(("unlock.reset", "/forgot-password")),
        request_id: visit.ctx.request_id.clone(),
    };
    let reply = visit.page(status, &page)?;
    Ok(match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::LOCKED | StatusCode::SERVICE_UNAVAILABLE | StatusCode::CONFLICT => {
            reply.with_header(header::RETRY_AFTER, wait.as_millis().div_ceil(1000).max(1).to_string())
        }
        _ => reply,
    })
}

/// Brings what was typed back to the form that one may try again. What went wrong has been told: should this fail, too, it is
/// left out.
pub(super) async fn with_typed(visit: &Visit<'_>, reply: Reply) -> Reply {
    let Ok(form) = visit.call.form() else { return reply };
    let flash = Flash::default().typed(form.get("email"), form.get("name"));
    if flash.email.is_empty() && flash.name.is_empty() {
        return reply;
    }
    let kept = flash::set(visit.app, visit.ctx.now, page_of(visit.call.path()), flash);
    match tokio::time::timeout(PATIENCE, kept).await {
        Ok(Ok(cookie)) => reply.with_cookie(cookie),
        Ok(Err(_)) | Err(_) => reply,
    }
}

/// The visitor's own form again, with what its address said. What is not there is not tried again.
fn next(visit: &Visit<'_>, error: &Error) -> (Key, String) {
    if matches!(error, Error::Refused(Refusal::NotFound)) {
        return ("failed.home", HOME.to_owned());
    }
    let form = visit.call.form().ok();
    let field = |name: &str| form.as_ref().map(|form| form.get(name).to_owned()).unwrap_or_default();
    let mut back = onward(page_of(visit.call.path()), visit.return_to(&field("returnTo")).as_ref());
    if !field("token").is_empty() {
        back = with_query(&back, "token", &field("token"));
    }
    ("failed.back", back)
}
