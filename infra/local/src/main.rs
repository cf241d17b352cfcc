//! `cargo dev`: starts the whole service on this machine and says where it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use local::{Options, Stack};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

const HELP: &str = "\
Starts Postern on this machine: every function, table and schedule of template.yaml, with DynamoDB, KMS and SES inside.

Usage: cargo dev [OPTIONS]

  --port N           where it listens (4000; 0 takes any free port)
  --data DIR         keeps tables, keys and mails there; without it they end with the process
  --set NAME=VALUE   sets a parameter of the template, for instance --set PasswordPolicy=passphrase
  --template FILE    another template than ./template.yaml
  --no-samples       starts without the sample accounts
  --log LEVEL        error, warn, info (default) or debug
  --help             this text";

struct Arguments {
    port: u16,
    data: Option<PathBuf>,
    parameters: BTreeMap<String, String>,
    template: PathBuf,
    samples: bool,
    level: Level,
}

#[tokio::main]
async fn main() -> ExitCode {
    let started = Instant::now();
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(fault) => return complain(&format!("{fault}\n\n{HELP}")),
    };
    log(arguments.level);

    let template = match std::fs::read_to_string(&arguments.template) {
        Ok(template) => template,
        Err(error) => return complain(&format!("cannot read {}: {error}", arguments.template.display())),
    };
    let options = Options {
        template,
        parameters: arguments.parameters,
        port: arguments.port,
        data_dir: arguments.data,
        elsewhere: None,
        schedules: true,
        samples: arguments.samples,
    };
    let stack = match Stack::start(options).await {
        Ok(stack) => stack,
        Err(error) => return complain(&error.to_string()),
    };
    announce(&stack, started);
    match asked_to_stop().await {
        Ok(()) => {
            println!("\nPostern has stopped.");
            ExitCode::SUCCESS
        }
        Err(error) => complain(&format!("cannot wait for Ctrl-C: {error}")),
    }
}

/// Waits for Ctrl-C, or for the signal that process managers send.
async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Short lines for people; the functions' own JSON lines belong to CloudWatch.
fn log(level: Level) {
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time().with_target(false).compact();
    // The embedded DynamoDB warns of every refused condition, as the SDK does.
    let levels = shared::log::levels(level.into()).with_target("dynoxide", LevelFilter::ERROR);
    tracing_subscriber::registry().with(lines.with_filter(levels)).init();
}

fn announce(stack: &Stack, started: Instant) {
    let url = stack.url();
    println!("Postern is ready at {url} ({} ms)", started.elapsed().as_millis());
    println!("  start here   {url}/_local/");
    println!("  mailbox      {url}/_local/mail");
    println!("  public keys  {url}/.well-known/jwks.json");
    println!("  AWS          {} (for a shell: eval \"$(curl -s {url}/_local/env)\")", stack.aws().endpoint());
    for (email, password, roles) in stack.sample_accounts() {
        println!("  account      {email}  password \"{password}\"  ({})", roles.join(", "));
    }
    println!("  Ctrl-C ends it.");
}

fn complain(message: &str) -> ExitCode {
    eprintln!("postern: {message}");
    ExitCode::FAILURE
}

/// `None` when only the help is asked for.
fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        port: 4000,
        data: None,
        parameters: BTreeMap::new(),
        template: PathBuf::from("template.yaml"),
        samples: true,
        level: Level::INFO,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--port" => {
                arguments.port = value()?.parse().map_err(|_| "--port needs a number from 0 to 65535".to_owned())?
            }
            "--data" => arguments.data = Some(value()?.into()),
            "--template" => arguments.template = value()?.into(),
            "--no-samples" => arguments.samples = false,
            "--log" => {
                arguments.level = value()?.parse().map_err(|_| "--log needs error, warn, info or debug".to_owned())?
            }
            "--set" => {
                let setting = value()?;
                let (name, value) = setting.split_once('=').ok_or("--set needs NAME=VALUE")?;
                arguments.parameters.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(Some(arguments))
}
