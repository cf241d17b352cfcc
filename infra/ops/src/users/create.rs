//! `postern users create`: one account, whose owner chooses the password, unless there are reasons.

use std::fmt;
use std::io::{self, BufRead};

use serde::Serialize;
use shared::accounts::{self, FirstPassword, Name, NewAccount};
use shared::error::Error;
use shared::password::{MAX_BYTES, Password};
use shared::secret::PlainToken;

use crate::arguments::{CreateArguments, Options};
use crate::exit::{Exit, Failure};
use crate::stack::Stack;
use crate::tell::Tell;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    email: String,
    /// Whether a link has been mailed to the address.
    mailed: bool,
    /// Only where one was to be made up.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user_id {
            Some(id) => write!(f, "made {id}")?,
            None => write!(f, "an account for {} could be made", self.email)?,
        }
        if self.mailed {
            write!(f, "\na link is on its way to {}", self.email)?;
        }
        match &self.password {
            Some(password) => write!(f, "\npassword: {password}\nIt is shown this once."),
            None => Ok(()),
        }
    }
}

pub(super) async fn run(options: &Options, arguments: &CreateArguments, tell: &Tell) -> Result<Exit, Failure> {
    let name = Name::parse(&arguments.name).map_err(|error| Failure::usage(format!("--name {error}")))?;
    let is_given = arguments.password_stdin || arguments.generate_password;
    if arguments.verified && !is_given {
        let why = "without a password the link shows whose the address is";
        return Err(Failure::usage(format!("--verified goes with --password-stdin or --generate-password: {why}")));
    }
    let given = if arguments.password_stdin { Some(read_password()?) } else { None };
    let stack = Stack::find(options).await?;
    let made_up = arguments.generate_password.then(|| make_up(&stack)).transpose()?;
    let password = given.or_else(|| made_up.as_ref().map(|text| Password::new(text.expose().to_owned())));
    let email = arguments.email.clone();
    let mut made = Made { user_id: None, email: email.as_str().to_owned(), mailed: false, password: None };
    if options.dry_run {
        if stack.app.store.login_by_email(&email).await?.is_some() {
            return Err(taken(&made.email));
        }
        tell.report(&made)?;
        return Ok(Exit::Well);
    }
    let new = NewAccount {
        email,
        name,
        is_admin: arguments.admin,
        password: match password {
            None => FirstPassword::ByLink,
            Some(password) if arguments.verified => FirstPassword::GivenAndVerified(password),
            Some(password) => FirstPassword::Given(password),
        },
    };
    let operator = stack.operator(tell).await?;
    let created = accounts::create_by_operator(&stack.app, &stack.context(), &operator, &new).await;
    let created = created.map_err(|error| match error {
        // The answer may have been lost after the write.
        Error::Unavailable { .. } => Failure::unavailable(format!(
            "{error}; the account may be there all the same: repeat it, and if the address is taken then, its owner \
             asks for a password (\"forgotten password\")"
        )),
        other => other.into(),
    })?;
    let created = created.ok_or_else(|| taken(&made.email))?;
    made.user_id = Some(created.user_id.to_string());
    made.mailed = created.is_mailed;
    made.password = made_up.map(|text| text.expose().to_owned());
    tell.report(&made)?;
    Ok(Exit::Well)
}

fn taken(email: &str) -> Failure {
    Failure::found("email_taken", format!("{email} has an account"))
}

/// The first line of standard input, without its end.
fn read_password() -> Result<Password, Failure> {
    let mut line = String::new();
    // Bounded, and one byte more, so that what is too long is not cut into another password.
    let limit = u64::try_from(MAX_BYTES + 2).unwrap_or(u64::MAX);
    io::Read::take(io::stdin().lock(), limit).read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    let text = text.strip_suffix('\r').unwrap_or(text);
    match text.len() {
        0 => Err(Failure::usage("there is no password on standard input")),
        length if length > MAX_BYTES => Err(Failure::usage(format!("the password is longer than {MAX_BYTES} bytes"))),
        _ => Ok(Password::new(text.to_owned())),
    }
}

/// 256 random bits as text, which every policy takes; one that asks for kinds of characters may want another throw.
fn make_up(stack: &Stack) -> Result<PlainToken, Failure> {
    let policy = stack.app.settings.password_policy;
    let fits = |token: &PlainToken| policy.check(&Password::new(token.expose().to_owned()), &[]).is_empty();
    let mut throws = (0..100).map(|_| PlainToken::generate());
    throws.find(fits).ok_or_else(|| Failure::found("password_rejected", "no password could be made up for the policy"))
}
