//! What can be asked of the command line. The doc comments are its help. No argument takes a secret: arguments are seen by
//! everybody on the machine, and stay in the shell's history.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shared::audit::{Kind, Outcome};
use shared::clock::Timestamp;
use shared::email::Email;
use shared::id::UserId;

const EXITS: &str = "\
Exit codes: 0 done, 1 something was found or failed, 2 the arguments are wrong, 3 AWS did not answer or did not allow it, 4
interrupted. AWS is found as by every SDK: profiles, AWS_REGION, AWS_ENDPOINT_URL. For a running cargo dev:

  eval \"$(curl -s localhost:4000/_local/env)\"";

/// Looks after a deployed Postern.
#[derive(Parser)]
#[command(name = "postern", version, after_help = EXITS, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Options {
    /// The stack, as it was named when it was deployed
    #[arg(long, global = true, env = "POSTERN_STACK", default_value = "postern", value_name = "NAME")]
    pub(crate) stack: String,
    /// A profile of the AWS configuration, instead of keys in the environment
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region, if not AWS_REGION or else the profile's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// Answers with one JSON value instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Says what would be done, and changes nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Looks whether settings, tables, keys, mail, jobs and the audit trail are as they should be
    Doctor,
    /// The keys that sign tokens, and the service's own secrets
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Accounts
    #[command(subcommand)]
    Users(UsersCommand),
    /// The scheduled jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// The audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Every key with its place in the ring and its age
    List,
    /// Promotes the next signing key before its time, if it has been published for two hours
    Rotate {
        /// Makes another version of the service's own secrets instead
        #[arg(long)]
        secrets: bool,
    },
    /// Emergency: withdraws a key at once, see docs/runbooks/emergency-key-retirement.md
    Retire {
        /// The key's id, as in the header of the tokens that it signed
        // One id in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// Makes an account; its owner is mailed a link to choose a password, unless one is given
    Create(CreateArguments),
    /// Makes accounts from a file of JSON lines or CSV, with the password hashes in it
    Import(ImportArguments),
    /// Writes every account, with the hash of its password, as a line of JSON
    Export(ExportArguments),
    /// Ends the locks of an account, and tells its owner
    Unlock {
        /// The account: its address or its id
        account: Account,
        /// Why, for the audit trail
        #[arg(long, value_parser = parse_reason)]
        reason: String,
    },
}

#[derive(Args)]
pub(crate) struct CreateArguments {
    /// The e-mail address
    #[arg(value_parser = parse_email)]
    pub(crate) email: Email,
    /// The person's name
    #[arg(long)]
    pub(crate) name: String,
    /// Makes an administrator
    #[arg(long)]
    pub(crate) admin: bool,
    /// Reads the password from standard input, one line
    #[arg(long, conflicts_with = "generate_password")]
    pub(crate) password_stdin: bool,
    /// Makes a password up and prints it, this once
    #[arg(long)]
    pub(crate) generate_password: bool,
    /// With a password: the address is known to be theirs, so no link is mailed
    #[arg(long)]
    pub(crate) verified: bool,
}

#[derive(Args)]
pub(crate) struct ImportArguments {
    /// JSON lines or CSV; - reads standard input
    pub(crate) file: PathBuf,
    /// The file's form; by default by its ending
    #[arg(long, value_enum)]
    pub(crate) format: Option<ImportFormat>,
    /// Where lines go that make no account, with the reason [default: FILE.rejects.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Takes lines without a hash: these accounts' owners ask for a password first
    #[arg(long)]
    pub(crate) allow_no_password: bool,
    /// Takes lines that make administrators
    #[arg(long)]
    pub(crate) allow_admins: bool,
    /// Leaves out what is before this line, as an interrupted import has told
    #[arg(long, value_name = "LINE", default_value_t = 1)]
    pub(crate) from_line: u64,
    /// How many accounts are written at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) at_once: u16,
    /// For how long to try again while AWS throttles or does not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) patience: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    Jsonl,
    Csv,
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// The file, which must not be there yet; only its owner may read it. Without it: standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Goes on with an export to this file that was interrupted
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// How many walks over the table are made at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) segments: u16,
    /// For how long to try again while AWS throttles or does not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) patience: u64,
}

#[derive(Subcommand)]
pub(crate) enum JobsCommand {
    /// Every job with its switch and its newest run
    List,
    /// Has the deployed function of a job run now, and waits for it
    Run {
        /// The job, such as expire-sessions
        name: String,
        /// The job's input, as JSON
        #[arg(long, value_name = "JSON", default_value = "{}")]
        input: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Holds the trail against its chain of hashes and its signatures, and names what was changed, removed or added
    Verify(AuditVerifyArguments),
    /// Writes a copy of a part of the trail, newest first
    Export(AuditExportArguments),
}

#[derive(Args)]
pub(crate) struct AuditVerifyArguments {
    /// The KMS key that signs the trail, so that no function need be asked: the stack's output AuditKeyId
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<String>,
    /// Log lines of jobs-sign-audit-checkpoint: whether every signature that they tell of is still there
    #[arg(long, value_name = "FILE")]
    pub(crate) logged: Option<PathBuf>,
    /// Since when the trail is signed, if not since its key was made
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) begun: Option<Timestamp>,
    /// Names every record, not just the first fifty
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Args)]
pub(crate) struct AuditExportArguments {
    #[arg(long, value_enum, default_value_t = AuditFormat::Ndjson)]
    pub(crate) format: AuditFormat,
    /// The file, which must not be there yet; only its owner may read it. Without it: standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Of a person, by their id
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<UserId>,
    /// Of a person, by their address
    #[arg(long, value_parser = parse_email)]
    pub(crate) email: Option<Email>,
    /// Of a kind, such as UserLoginFailed
    #[arg(long)]
    pub(crate) action: Option<Kind>,
    /// Of this instant and after it
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) from: Option<Timestamp>,
    /// Of before this instant
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(crate) to: Option<Timestamp>,
    /// Of an IP address
    #[arg(long)]
    pub(crate) ip: Option<IpAddr>,
    /// Of a request
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// success or failure
    #[arg(long)]
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    Ndjson,
    Csv,
}

/// An account, as an operator names it.
#[derive(Clone)]
pub(crate) enum Account {
    Email(Email),
    Id(UserId),
}

impl std::str::FromStr for Account {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.contains('@') {
            true => parse_email(text).map(Self::Email),
            false => text.parse().map(Self::Id).map_err(|_| "is neither an address nor an id".to_owned()),
        }
    }
}

fn parse_email(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(|error| error.to_string())
}

fn parse_instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "must be an instant such as 2026-11-21T01:50:00Z".to_owned())
}

fn parse_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_fit = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_fit { Ok(text.to_owned()) } else { Err("must have 1 to 200 characters, without line breaks".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn client_6_the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn keys_2_a_key_whose_id_begins_with_a_hyphen_can_be_retired() {
        for id in ["-Zx8", "-hZx", "--Zx", "Zx-8"] {
            let parsed = Arguments::try_parse_from(["postern", "keys", "retire", id, "--json"]).map(|it| it.command);
            let Ok(Command::Keys(KeysCommand::Retire { kid })) = parsed else { panic!("{id}") };
            assert_eq!(kid, id);
        }
    }
}
