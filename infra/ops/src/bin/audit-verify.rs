//! `cargo audit-verify`: holds the audit trail of a stack against its chain and its signatures, and names the first record
//! that was changed, removed or added.
//!
//! It reads the tables and the public key, and changes nothing. Exit codes: 0 nothing was touched, 1 something was, 2 it
//! could not be found out.

use std::process::ExitCode;

use shared::audit::chain::{self, Logged, Verification, Witness};
use shared::aws::kms::Kms;
use shared::aws::sdk_config;
use shared::clock::{Clock, Timestamp};
use shared::environment::Environment;
use shared::error::Result;
use shared::settings::Tables;
use shared::store::Store;

const HELP: &str = "\
Verifies the audit trail of a stack.

Usage: cargo audit-verify [OPTIONS]

  --stack NAME   the stack (postern)
  --key ID       the KMS key that signs the trail: the stack's output AuditKeyId (alias/postern-AuditKey, as cargo dev has it)
  --logged FILE  log lines of jobs-sign-audit-checkpoint: whether every signature that they tell of is still there
  --begun TIME   since when the trail is signed (when the key was made); for a chain that was begun anew
  --all          names every record, not just the first fifty
  --help         this text

AWS is found as usual: AWS_REGION, AWS_ACCESS_KEY_ID …, AWS_ENDPOINT_URL. For a running cargo dev, which prints its AWS
endpoint when it starts:

  AWS_ENDPOINT_URL=http://127.0.0.1:PORT AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x \\
    cargo audit-verify --stack postern-local

Exit codes: 0 nothing was touched, 1 something was, 2 it could not be found out.";

const SHOWN: usize = 50;

struct Arguments {
    stack: String,
    key: String,
    logged: Vec<Logged>,
    begun_at: Option<Timestamp>,
    most: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(fault) => return complain(&format!("{fault}\n\n{HELP}")),
    };
    match verify(&arguments).await {
        Ok(found) => tell(&found, arguments.most),
        Err(error) => complain(&error.to_string()),
    }
}

async fn verify(Arguments { stack, key, logged, begun_at, .. }: &Arguments) -> Result<Verification> {
    let sdk = sdk_config(&Environment::of_process())?;
    let store = Store::new(&sdk, Tables::of_stack(stack), Clock::system());
    let known = Witness::of_key(&Kms::new(&sdk, "", stack), key).await?;
    let witness = Witness { begun_at: begun_at.unwrap_or(known.begun_at), logged: logged.clone(), ..known };
    chain::verify(&store, &witness, stack, Clock::system().now()).await
}

fn tell(found: &Verification, most: usize) -> ExitCode {
    let Verification { segments, checkpoints, events, purged, erased, waiting, before, faults, .. } = found;
    let signed = found.signed_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    println!("{events} events, {segments} links of the chain, {checkpoints} signatures, the last of them {signed}");
    println!("{purged} were purged, {erased} erased, {waiting} wait for the chain, {before} are older than the chain");
    let Some(first) = faults.first() else {
        println!("Nothing was changed, removed or added.");
        return ExitCode::SUCCESS;
    };
    println!("\n{} FAULTS. The first: {} {}", faults.len(), first.record, first.what);
    for fault in faults.iter().skip(1).take(most) {
        println!("  {} {}", fault.record, fault.what);
    }
    println!("What to do: docs/runbooks/audit-tampering.md");
    ExitCode::FAILURE
}

fn complain(message: &str) -> ExitCode {
    eprintln!("audit-verify: {message}");
    ExitCode::from(2)
}

/// `None` when only the help is asked for.
fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        stack: "postern".to_owned(),
        key: "alias/postern-AuditKey".to_owned(),
        logged: Vec::new(),
        begun_at: None,
        most: SHOWN,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--stack" => arguments.stack = value()?,
            "--key" => arguments.key = value()?,
            "--logged" => {
                let file = value()?;
                let lines = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
                arguments.logged = Logged::read(&lines);
                if arguments.logged.is_empty() {
                    return Err(format!("{file} tells of no checkpoint"));
                }
            }
            "--begun" => {
                let at = value()?;
                arguments.begun_at = Some(Timestamp::parse(&at).ok_or(format!("{at} is no time of RFC 3339"))?);
            }
            "--all" => arguments.most = usize::MAX,
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(Some(arguments))
}
