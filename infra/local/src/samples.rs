//! Sample accounts, made the way anybody makes one: sign-up, mail, verification, all through the gateway.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::email::Email;

use crate::gateway;
use crate::pages::Account;
use crate::stack::Inner;

/// Known to everybody who reads this: fit for a laptop, and refused nowhere else only because nobody has taken it yet.
const PASSWORD: &str = "a small door in a large wall";

pub(crate) const ADMIN_EMAIL: &str = "admin@example.com";
const USER_EMAIL: &str = "ada@example.com";

pub(crate) fn accounts() -> Vec<Account> {
    let account = |label: &str, email: &str, roles: &[&str]| Account {
        label: label.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    };
    vec![account("User", USER_EMAIL, &["owner"]), account("Administrator", ADMIN_EMAIL, &["owner", "admin"])]
}

/// Makes the accounts that are not there yet.
///
/// # Errors
/// In words, when the stack does not do what it should.
pub(crate) async fn make(stack: &Inner) -> Result<(), String> {
    let people = [(USER_EMAIL, "Ada Lovelace"), (ADMIN_EMAIL, "Grace Hopper")];
    let mut made = Vec::new();
    for (email, name) in people {
        let address = Email::parse(email).map_err(|error| error.to_string())?;
        if stack.app().store.login_by_email(&address).await.map_err(|error| error.to_string())?.is_some() {
            continue;
        }
        // Whether or not one is asked for.
        let solved = stack.captcha.solve("signup");
        let form = json!({ "email": email, "password": PASSWORD, "name": name, "captchaToken": solved });
        post(stack, "/auth/signup", &form).await?;
        made.push(email);
    }
    if made.is_empty() {
        return Ok(());
    }
    for email in made {
        let token =
            mailed_token(stack, email).await.ok_or_else(|| format!("no verification mail arrived for {email}"))?;
        post(stack, "/auth/verify-email", &json!({ "token": token })).await?;
        // The welcome mail too, so that the mailbox is the newcomer's own when it is cleared.
        mails(stack, email, 2).await;
    }
    stack.aws.mailbox().clear();
    Ok(())
}

async fn mailed_token(stack: &Inner, email: &str) -> Option<String> {
    let mail = mails(stack, email, 1).await.pop()?;
    let token = mail.text.split("token=").nth(1)?;
    Some(token.split_whitespace().next()?.to_owned())
}

/// Waits until an address has got so many mails.
async fn mails(stack: &Inner, email: &str, count: usize) -> Vec<embedded_aws::Mail> {
    let mut changes = stack.aws.changes();
    for _ in 0..200 {
        let mails = stack.aws.mailbox().list(Some(email));
        if mails.len() >= count {
            return mails;
        }
        // SES says nothing on the stream of changes, so do not rely on being woken.
        let _ = tokio::time::timeout(Duration::from_millis(10), changes.changed()).await;
    }
    Vec::new()
}

async fn post(stack: &Inner, path: &str, body: &Value) -> Result<(), String> {
    match gateway::post(stack, path, body).await {
        (StatusCode::OK | StatusCode::ACCEPTED, _) => Ok(()),
        (status, answer) => Err(format!("{path} answered {status}: {answer}")),
    }
}
