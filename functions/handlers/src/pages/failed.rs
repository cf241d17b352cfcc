//! What went wrong, as a page with the status that a program would get: one must wait, or it is our fault.

use askama::Template;
use http::{StatusCode, header};
use shared::error::{Error, Refusal, Result};
use shared::http::{Reply, problem};

use super::flash::Flash;
use super::language::Key;
use super::view::{Shell, page_of};
use super::visit::{HOME, Visit, onward, with_query};

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage {
    page: Shell,
    text: String,
    /// A text's key and where it leads: to the form again, or home.
    next: (Key, String),
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
    let title = if language.has(&title) { title } else { "failed.other".to_owned() };
    let wait = problem::retry_after(error).unwrap_or_default();
    let page = FailedPage {
        page: visit.shell(&title, &Flash::default()),
        text: language.with(&format!("{title}.text"), &language.wait(wait)),
        next: next(visit, error),
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
