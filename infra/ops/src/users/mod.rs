//! `postern users`: accounts made, moved and unlocked by an operator. Each change is told to the audit trail with the
//! operator's ARN.

mod create;
mod csv_lines;
mod export;
mod foreign;
mod import;
mod lines;
mod patience;
mod rejects;
mod state;

use std::fmt;

use serde::Serialize;
use shared::accounts::{self, Whose};

use crate::arguments::{Account, Options, UsersCommand};
use crate::exit::{Exit, Failure};
use crate::stack::Stack;
use crate::tell::Tell;

pub(crate) async fn run(options: &Options, command: &UsersCommand, tell: &Tell) -> Result<Exit, Failure> {
    match command {
        UsersCommand::Create(arguments) => create::run(options, arguments, tell).await,
        UsersCommand::Import(arguments) => import::run(options, arguments, tell).await,
        UsersCommand::Export(arguments) => export::run(options, arguments, tell).await,
        UsersCommand::Unlock { account, reason } => unlock(options, account, reason, tell).await,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unlocked {
    status: &'static str,
    user_id: String,
}

impl fmt::Display for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.user_id, self.status)
    }
}

async fn unlock(options: &Options, account: &Account, reason: &str, tell: &Tell) -> Result<Exit, Failure> {
    let whose = match account {
        Account::Email(email) => Whose::Email(email.clone()),
        Account::Id(id) => Whose::User(*id),
    };
    let stack = Stack::find(options).await?;
    let (status, user_id) = if options.dry_run {
        let found = accounts::find(&stack.app, whose).await?;
        let user = found.ok_or_else(|| Failure::found("not_found", "there is no such account"))?;
        ("would be unlocked", user.user_id)
    } else {
        let operator = stack.operator(tell).await?;
        let id = accounts::unlock_by_operator(&stack.app, &stack.context(), &operator, whose, reason).await?;
        ("unlocked", id)
    };
    tell.report(&Unlocked { status, user_id: user_id.to_string() })?;
    Ok(Exit::Well)
}
