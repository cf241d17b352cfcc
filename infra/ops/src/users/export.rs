//! `postern users export`: all accounts as lines of JSON, with the hashes of their passwords. Several walks over the table
//! at a time; what they read is written by one hand.

use std::fmt;
use std::io::{self, IsTerminal, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use shared::accounts::{self, ExportPage};
use shared::app::App;
use shared::error::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::patience::patiently;
use super::state::{State, Walk};
use crate::arguments::{ExportArguments, Options};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::stack::Stack;
use crate::tell::Tell;

const WARNING: &str = "warning: this copy holds the hash of every password: keep it encrypted, and not for long";

/// How often progress is told.
const PULSE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    accounts: u64,
    bytes: u64,
    /// Accounts without a login of theirs, which are not in the copy.
    left_out: u64,
    /// Not done: `--resume` goes on.
    interrupted: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} accounts, {} bytes", self.accounts, self.bytes)?;
        if self.left_out > 0 {
            write!(f, "; {} have no login and were left out", self.left_out)?;
        }
        if self.interrupted { write!(f, "\nstopped; to go on, repeat it with --resume") } else { Ok(()) }
    }
}

/// What a walk has read.
struct Read {
    walk: usize,
    page: Result<ExportPage, Error>,
}

pub(super) async fn run(options: &Options, arguments: &ExportArguments, tell: &Tell) -> Result<Exit, Failure> {
    let output = arguments.output.as_deref();
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::usage("give --output FILE: hashes of passwords do not belong on a screen"));
    }
    let stack = Stack::find(options).await?;
    if options.dry_run {
        let first = accounts::export_page(&stack.app, 0, 1, None).await?;
        let more = if first.next.is_some() { " or more" } else { "" };
        tell.note(&format!("{}{more} accounts would be exported", first.records.len()));
        return Ok(Exit::Well);
    }
    let mut state = match output {
        Some(path) if arguments.resume => State::read(path, &options.stack)?,
        _ => State::new(&options.stack, arguments.segments),
    };
    let mut file: Box<dyn Write> = match output {
        Some(path) if arguments.resume => Box::new(continued(path, state.bytes)?),
        Some(path) => Box::new(files::create(path)?),
        None => Box::new(io::stdout()),
    };
    let operator = stack.operator(tell).await?;
    accounts::tell_export(&stack.app, &stack.context(), &operator).await?;
    tell.note(WARNING);
    let exit = write(&stack, &mut state, &mut file, arguments, tell).await?;
    let is_whole = exit == Exit::Well;
    if let (Some(path), true) = (output, is_whole) {
        State::remove(path)?;
    }
    let summary =
        Summary { accounts: state.accounts, bytes: state.bytes, left_out: state.left_out, interrupted: !is_whole };
    match output {
        Some(_) => tell.report(&summary)?,
        None => tell.aside(&summary)?,
    }
    Ok(exit)
}

/// The file as it was when its state was noted.
fn continued(path: &Path, bytes: u64) -> Result<std::fs::File, Failure> {
    let mut file = files::reopen(path)?;
    let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
    cut.map_err(|error| files::named(path, &error))?;
    Ok(file)
}

async fn write(
    stack: &Stack,
    state: &mut State,
    file: &mut Box<dyn Write>,
    arguments: &ExportArguments,
    tell: &Tell,
) -> Result<Exit, Failure> {
    let output = arguments.output.as_deref();
    let patience = Duration::from_secs(arguments.patience);
    // One page waits while another is written: walks do not run ahead of the disk.
    let (pages, mut read) = mpsc::channel(1);
    let mut walks = JoinSet::new();
    let of = i32::try_from(state.walks.len()).unwrap_or(1);
    for (walk, from) in state.walks.iter().cloned().enumerate() {
        if !matches!(from, Walk::Done) {
            walks.spawn(read_on(stack.app.clone(), walk, of, from, patience, pages.clone()));
        }
    }
    drop(pages);
    if let Some(path) = output {
        state.write(path)?;
    }
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let mut told = Instant::now();
    loop {
        let next = tokio::select! {
            next = read.recv() => next,
            _ = &mut interrupted => return Ok(Exit::Interrupted),
        };
        let Some(Read { walk, page }) = next else { return Ok(Exit::Well) };
        let page = page?;
        let mut text = String::new();
        for record in &page.records {
            let line = serde_json::to_string(record).map_err(|error| Failure::found("internal", error.to_string()))?;
            text.push_str(&line);
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.flush()?;
        state.bytes += text.len() as u64;
        state.accounts += page.records.len() as u64;
        state.left_out += page.left_out as u64;
        state.walks[walk] = page.next.map_or(Walk::Done, Walk::After);
        if let Some(path) = output {
            state.write(path)?;
        }
        if told.elapsed() >= PULSE {
            told = Instant::now();
            tell.note(&format!("{} accounts", state.accounts));
        }
    }
}

/// One walk, to its end.
async fn read_on(app: Arc<App>, walk: usize, of: i32, from: Walk, patience: Duration, pages: mpsc::Sender<Read>) {
    let segment = i32::try_from(walk).unwrap_or_default();
    let mut after = match from {
        Walk::After(id) => Some(id),
        Walk::Begins | Walk::Done => None,
    };
    loop {
        let page = patiently(patience, || accounts::export_page(&app, segment, of, after.as_deref())).await;
        after = page.as_ref().ok().and_then(|page| page.next.clone());
        // Nobody reads on after an error or an interruption.
        if pages.send(Read { walk, page }).await.is_err() || after.is_none() {
            return;
        }
    }
}
