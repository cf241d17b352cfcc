//! `/account`: who one is here, and another password. The devices on it are in `devices`.

use askama::Template;
use shared::accounts::{self, PasswordChange};
use shared::error::{Error, Refusal, Result};
use shared::http::Reply;
use shared::password::Password;
use shared::sessions;

use super::devices::Device;
use super::flash::{Flash, Mistake};
use super::view::{Field, FormPage, Shell};
use super::visit::{HOME, Visit};
use crate::reply;

const PASSWORD: &str = "/account/password";
/// More than that would make a wall of the page: the others are folded away.
const DEVICES_SHOWN: usize = 5;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Shell,
    csrf: String,
    name: String,
    initial: String,
    email: String,
    is_verified: bool,
    since: String,
    /// Our time: the browser's clock may be hours off.
    now: String,
    /// For the SDK: the session that this page was made for.
    session: String,
    this: Option<Device>,
    others: Vec<Device>,
    folded: Vec<Device>,
    /// How long an app may take to see that a session has ended.
    delay: String,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Reply> {
    let caller = match visit.reader().await? {
        Ok(caller) => caller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let user = &caller.user;
    let listed = sessions::live_sessions(visit.app, &visit.ctx, &caller).await?;
    let (this, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|session| session.id == caller.claims.sid);
    let device = |session| Device::new(visit.language, session);
    let mut others: Vec<Device> = others.into_iter().map(device).collect();
    let folded = others.split_off(others.len().min(DEVICES_SHOWN));
    let page = AccountPage {
        page: visit.shell("account.title", &visit.flash().await?),
        csrf: visit.csrf(caller.claims.sid).await?,
        name: user.name.clone(),
        initial: user.name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
        email: user.email.as_str().to_owned(),
        is_verified: user.email_verified,
        since: visit.language.day(user.created_at),
        now: visit.ctx.now.to_string(),
        session: reply::session_json(&caller)?,
        this: this.into_iter().next().map(device),
        others,
        folded,
        delay: visit.language.wait(visit.app.settings.sessions.access_life),
    };
    visit.ok(&page)
}

pub(super) async fn show_password(visit: &Visit<'_>) -> Result<Reply> {
    let caller = match visit.reader().await? {
        Ok(caller) => caller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let flash = visit.flash().await?;
    let policy = visit.app.settings.password_policy;
    let fields = vec![
        Field::current_password("current", "field.current-password"),
        Field::new_password(visit.language, policy, "field.new-password"),
    ];
    let page = FormPage::new(visit.shell("change.title", &flash), "change.lead")
        .icon("key")
        .form(PASSWORD, fields, "change.submit")
        .hidden("csrf", visit.csrf(caller.claims.sid).await?)
        // Tells a password manager whose password changes.
        .hidden("username", caller.user.email.as_str())
        .link("", "change.cancel", HOME, None);
    visit.ok(&page)
}

pub(super) async fn submit_password(visit: &Visit<'_>) -> Result<Reply> {
    let caller = match visit.reader().await? {
        Ok(caller) => caller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = visit.call.form()?;
    if !visit.is_own(&form, caller.claims.sid).await? {
        return visit.tell(PASSWORD, Flash::mistake("", "error.csrf")).await;
    }
    let (current, new) = (form.get("current"), form.get("password"));
    let mut mistakes = Vec::new();
    if current.is_empty() {
        mistakes.push(Mistake::new("current", "error.password-empty"));
    }
    if new.is_empty() {
        mistakes.push(Mistake::new("password", "error.new-password-empty"));
    }
    if !mistakes.is_empty() {
        return visit.tell(PASSWORD, Flash::mistakes(mistakes)).await;
    }
    let change = PasswordChange { current: Password::new(current.to_owned()), new: Password::new(new.to_owned()) };
    match accounts::change_password(visit.app, &visit.ctx, &caller, &change).await {
        Ok(grant) => Ok(visit.keep(&grant, visit.tell(HOME, Flash::notice("changed.title", "changed.text")).await?)),
        Err(Error::Refused(Refusal::InvalidCredentials { .. })) => {
            visit.tell(PASSWORD, Flash::mistake("current", "error.current-password")).await
        }
        Err(Error::Refused(Refusal::PasswordRejected(unmet))) => {
            let mistakes = unmet.iter().map(|rule| Mistake::of_password("password", rule)).collect();
            visit.tell(PASSWORD, Flash::mistakes(mistakes)).await
        }
        Err(error) => Err(error),
    }
}

/// Where password managers lead those whose password they found in a leak (a well-known URL for changing passwords).
pub(super) async fn well_known(_: &Visit<'_>) -> Result<Reply> {
    Ok(Reply::see_other(PASSWORD))
}
