//! A session's tokens in this browser: taken up again, and given back.
//!
//! These pages live below `/auth`, because only there a browser sends the refresh cookie (decision 0007).

use http::{HeaderName, header};
use shared::error::{Error, Result};
use shared::http::cookies::Jar;
use shared::http::return_to::ReturnTo;
use shared::http::{Reply, credentials};
use shared::sessions;
use shared::tokens::refresh::{self, RefreshToken};

use super::flash::Flash;
use super::view::FormPage;
use super::visit::{HOME, LOGIN, Visit, onward};
use crate::auth::refresh::ends_session;
use crate::reply;

const RESUME: &str = "/auth/resume";
const SIGN_OUT: &str = "/auth/sign-out";
const SIGNED_OUT: &str = "/signed-out";

/// A button, because a GET must not use up a refresh token. With script it is pressed at once.
pub(super) async fn show_resume(visit: &Visit<'_>) -> Result<Reply> {
    let to = visit.query_return_to();
    let has_signed_in = visit.call.query_one("signed-in") == Some("yes");
    let Some(token) = presented(visit).await? else {
        return if has_signed_in { no_cookies(visit) } else { Ok(Reply::see_other(onward(LOGIN, to.as_ref()))) };
    };
    if has_signed_in {
        return Ok(Reply::see_other(to.as_ref().map_or(HOME, ReturnTo::as_str)));
    }
    let flash = visit.flash().await?;
    let page = FormPage::new(visit.shell("resume.title", &flash), "resume.lead")
        .icon("door")
        .form(RESUME, Vec::new(), "resume.submit")
        .hidden("csrf", visit.csrf(token.session()).await?)
        .return_to(to.as_ref())
        .link("", "resume.other", LOGIN, to.as_ref());
    visit.ok(&FormPage { is_automatic: flash.errors.is_empty(), ..page })
}

/// For somebody who has just signed in, and whose browser shows nothing of it.
fn no_cookies(visit: &Visit<'_>) -> Result<Reply> {
    let shell = visit.shell("cookies.title", &Flash::default());
    visit.ok(&FormPage::new(shell, "cookies.text").icon("lock").next("signedout.login", LOGIN))
}

pub(super) async fn submit_resume(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    let to = visit.return_to(form.get("returnTo"));
    let Some(token) = presented(visit).await? else {
        return Ok(Reply::see_other(onward(LOGIN, to.as_ref())));
    };
    if !visit.is_own(&form, token.session()).await? {
        return visit.tell(&onward(RESUME, to.as_ref()), Flash::mistake("", "error.csrf")).await;
    }
    match sessions::refresh(visit.app, &visit.ctx, &token).await {
        Ok(grant) => Ok(visit.keep(&grant, Reply::see_other(to.as_ref().map_or(HOME, ReturnTo::as_str)))),
        Err(error) if ends_session(&error) => {
            let reply = visit.tell(&onward(LOGIN, to.as_ref()), Flash::mistake("", "error.session-ended")).await?;
            Ok(reply::without_cookies(visit.app, reply))
        }
        Err(error) => Err(error),
    }
}

async fn presented(visit: &Visit<'_>) -> Result<Option<RefreshToken>> {
    let Some(text) = Jar::Refresh.read(&visit.app.settings, visit.call) else { return Ok(None) };
    refresh::authentic(visit.app, &text, visit.ctx.now).await
}

pub(super) async fn show_sign_out(visit: &Visit<'_>) -> Result<Reply> {
    let Some(proof) = session_of(visit).await? else { return Ok(Reply::see_other(SIGNED_OUT)) };
    let flash = visit.flash().await?;
    let page = FormPage::new(visit.shell("signout.title", &flash), "signout.lead")
        .icon("door")
        .form(SIGN_OUT, Vec::new(), "signout.submit")
        .hidden("csrf", visit.csrf(proof.session).await?)
        .link("", "change.cancel", HOME, None);
    visit.ok(&page)
}

pub(super) async fn submit_sign_out(visit: &Visit<'_>) -> Result<Reply> {
    let form = visit.call.form()?;
    if let Some(proof) = session_of(visit).await? {
        if !visit.is_own(&form, proof.session).await? {
            return visit.tell(SIGN_OUT, Flash::mistake("", "error.csrf")).await;
        }
        sessions::end(visit.app, &visit.ctx, proof.user, proof.session).await?;
    }
    // As the API's sign-out does: what the browser kept for us is forgotten (case 146).
    const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");
    let reply = Reply::see_other(SIGNED_OUT)
        .with_header(CLEAR, r#""cache", "storage""#)
        .with_header(header::CACHE_CONTROL, "no-store");
    Ok(reply::without_cookies(visit.app, reply))
}

/// The session that the browser shows; none is nothing to sign out of.
async fn session_of(visit: &Visit<'_>) -> Result<Option<credentials::SessionProof>> {
    match credentials::session_of(visit.app, visit.call).await {
        Err(Error::Refused(_)) => Ok(None),
        found => found,
    }
}

pub(super) async fn signed_out(visit: &Visit<'_>) -> Result<Reply> {
    // By a bookmark, or by going back: who is signed in is not told otherwise.
    if credentials::reader(visit.app, visit.call).await.is_ok() {
        return Ok(Reply::see_other(HOME));
    }
    let shell = visit.shell("signedout.title", &Flash::default());
    visit.ok(&FormPage::new(shell, "signedout.text").icon("check").next("signedout.login", LOGIN))
}
