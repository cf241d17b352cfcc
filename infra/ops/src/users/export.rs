//! `postern users export`: all accounts as lines of JSON, with the hashes of their passwords. Several walks over the table
//! at a time; what they read is written by one hand.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use shared::accounts::{self, ExportPage};
use shared::app::App;
use shared::error::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::patience::patiently;
use super::state::{Source, State, Walk};
use crate::arguments::{ExportArguments, Options};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::interrupt::Interrupt;
use crate::stack::Stack;
use crate::tell::Tell;

const WARNING: &str = "warning: this copy holds the hash of every password: keep it encrypted, and not for long";

/// How often progress is told.
const PULSE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    dry_run: bool,
    accounts: u64,
    bytes: u64,
    /// Accounts without a login of theirs, which are not in the copy.
    left_out: u64,
    /// Accounts whose organization was not found: an import would make them another.
    without_organization: u64,
    /// Not done: `--resume` goes on.
    interrupted: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            return write!(f, "an export could be made; nothing was read, because of --dry-run");
        }
        write!(f, "{} accounts, {} bytes", self.accounts, self.bytes)?;
        if self.left_out > 0 {
            write!(f, "; {} have no login and were left out", self.left_out)?;
        }
        if self.without_organization > 0 {
            write!(f, "; {} are without their organization, which was not found", self.without_organization)?;
        }
        if self.interrupted { write!(f, "\nstopped; to go on, repeat it with --resume") } else { Ok(()) }
    }
}

impl Summary {
    fn of(state: &State, is_whole: bool) -> Self {
        let &State { accounts, bytes, left_out, without_organization, .. } = state;
        Self { dry_run: false, accounts, bytes, left_out, without_organization, interrupted: !is_whole }
    }
}

/// What a walk has read.
struct Read {
    walk: usize,
    page: Result<ExportPage, Error>,
}

/// Where the copy goes.
enum Output {
    File(File),
    Standard,
}

impl Output {
    /// When this is done the text is there, also after a power cut: what is noted of it must not be more than there is.
    fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_data()),
            Self::Standard => io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()),
        }
    }
}

pub(super) async fn run(options: &Options, arguments: &ExportArguments, tell: &Tell) -> Result<Exit, Failure> {
    let output = arguments.output.as_deref();
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::usage("give --output FILE: hashes of passwords do not belong on a screen"));
    }
    let stack = Stack::find(options).await?;
    stack.agrees().await?;
    let place = stack.place(tell).await?;
    let source = Source::of(&place, &stack.app.settings.tables.users);
    let mut state = match output {
        Some(path) if arguments.resume => State::read(path, &source)?,
        _ => State::new(source, arguments.segments),
    };
    if options.dry_run {
        // Reading is told to the trail, so even that is left out.
        tell.report(&Summary { dry_run: true, ..Summary::of(&state, true) })?;
        return Ok(Exit::Well);
    }
    let mut file = match output {
        Some(path) if arguments.resume => Output::File(files::reopen(path, state.bytes)?),
        Some(path) => Output::File(files::create(path)?),
        None => Output::Standard,
    };
    accounts::tell_export(&stack.app, &stack.context(), &place.actor()).await?;
    tell.note(WARNING);
    let exit = write(&stack, &mut state, &mut file, arguments, tell).await?;
    let is_whole = exit == Exit::Well;
    if let (Some(path), true) = (output, is_whole) {
        State::remove(path)?;
    }
    let summary = Summary::of(&state, is_whole);
    match output {
        Some(_) => tell.report(&summary)?,
        None => tell.aside(&summary)?,
    }
    let is_complete = summary.left_out == 0 && summary.without_organization == 0;
    Ok(if is_whole && !is_complete { Exit::Found } else { exit })
}

async fn write(
    stack: &Stack,
    state: &mut State,
    file: &mut Output,
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
    let mut interrupt = Interrupt::listen();
    let mut told = Instant::now();
    loop {
        let next = tokio::select! {
            next = read.recv() => next,
            () = interrupt.heard() => return Ok(Exit::Interrupted),
        };
        let Some(Read { walk, page }) = next else { break };
        let page = page?;
        let mut text = String::new();
        for record in &page.records {
            let line = serde_json::to_string(record).map_err(|error| Failure::found("internal", error.to_string()))?;
            text.push_str(&line);
            text.push('\n');
        }
        file.write(&text)?;
        page.left_out.iter().for_each(|id| tell.note(&format!("{id} has no login and is left out")));
        page.without_organization.iter().for_each(|id| tell.note(&format!("{id} is without its organization")));
        state.bytes += text.len() as u64;
        state.accounts += page.records.len() as u64;
        state.left_out += page.left_out.len() as u64;
        state.without_organization += page.without_organization.len() as u64;
        state.walks[walk] = page.next.map_or(Walk::Done, Walk::After);
        if let Some(path) = output {
            state.write(path)?;
        }
        if told.elapsed() >= PULSE {
            told = Instant::now();
            tell.note(&format!("{} accounts", state.accounts));
        }
    }
    match state.is_whole() {
        true => Ok(Exit::Well),
        false => Err(Failure::unavailable("a walk over the accounts ended before they did: repeat it with --resume")),
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
