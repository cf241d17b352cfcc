//! `postern users import`: a file of accounts into a stack, many at a time, each once however often it is done.
//!
//! Repeating an import is how it goes on: an account that is there is left as it is. Only what tells lines apart is kept of
//! those that have passed (16 bytes each, and four times that of a dry run).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;
use shared::accounts::{self, ImportRules, Importable, Imported, Reject};
use shared::audit::Actor;
use shared::context::RequestContext;
use shared::error::Error;
use shared::id;
use shared::secret::TokenHash;
use tokio::task::JoinSet;

use super::lines::{Line, Lines};
use super::patience::patiently;
use super::rejects::Rejects;
use super::state;
use crate::arguments::{ImportArguments, Options};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::stack::Stack;
use crate::tell::Tell;

/// How often progress is told.
const PULSE: Duration = Duration::from_secs(2);

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    dry_run: bool,
    /// Accounts in the file, good or bad, from the line on that was asked for.
    lines: u64,
    made: u64,
    already_there: u64,
    rejected: u64,
    /// Of those that were made: their owners must ask for a password first.
    without_password: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejects: Option<String>,
    /// Where to go on, after an interruption: everything before this line is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at_line: Option<u64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = if self.dry_run { "would be made" } else { "made" };
        write!(f, "{} accounts in the file: {} {made}, {} there already", self.lines, self.made, self.already_there)?;
        write!(f, ", {} rejected", self.rejected)?;
        if self.without_password > 0 {
            write!(f, "; {} have no password yet", self.without_password)?;
        }
        if let Some(rejects) = &self.rejects {
            write!(f, "\nwhat was rejected, and why, is in {rejects}")?;
        }
        match self.stopped_at_line {
            Some(line) => write!(f, "\nstopped; to go on, repeat it with --from-line {line}"),
            None => Ok(()),
        }
    }
}

/// What became of a line that was looked at.
struct Outcome {
    line: u64,
    email: String,
    has_password: bool,
    /// Only of a dry run.
    claims: Vec<(String, Reject)>,
    what: Result<Imported, Error>,
}

/// One import, as it goes on.
struct Run<'a> {
    stack: &'a Stack,
    operator: Actor,
    dry_run: bool,
    patience: Duration,
    at_once: usize,
    from_line: u64,
    /// The first line that has not been looked at.
    next_line: u64,
    rejects: Option<Rejects>,
    summary: Summary,
    /// The line on which each address was first, by a hash of it.
    seen: HashMap<[u8; 16], u64>,
    /// In a dry run: what the accounts have that would be made, by a hash of it.
    claimed: HashSet<[u8; 16]>,
    running: JoinSet<Outcome>,
    /// Lines that are being written.
    under_way: BTreeSet<u64>,
}

pub(super) async fn run(options: &Options, arguments: &ImportArguments, tell: &Tell) -> Result<Exit, Failure> {
    let state = state::beside(&arguments.file);
    if state.exists() {
        let what = format!("{} says that {} is not whole", state.display(), arguments.file.display());
        return Err(Failure::found("incomplete", format!("{what}: go on with the export first")));
    }
    let mut lines = Lines::open(&arguments.file, arguments.format)?;
    let stack = Stack::find(options).await?;
    let mut run = Run {
        operator: stack.operator(tell).await?,
        stack: &stack,
        dry_run: options.dry_run,
        patience: Duration::from_secs(arguments.patience),
        at_once: usize::from(arguments.at_once),
        from_line: arguments.from_line,
        next_line: 1,
        rejects: Rejects::open(options, arguments)?,
        summary: Summary { dry_run: options.dry_run, ..Summary::default() },
        seen: HashMap::new(),
        claimed: HashSet::new(),
        running: JoinSet::new(),
        under_way: BTreeSet::new(),
    };
    let rules = ImportRules { without_password: arguments.allow_no_password, admins: arguments.allow_admins };
    let read = run.read(&mut lines, rules, tell).await;
    let finished = run.finish(tell).await;
    let ended = read.and_then(|exit| finished.map(|()| exit));
    if !matches!(ended, Ok(Exit::Well)) {
        // Whatever was under way may have been written or not: it is done again.
        run.summary.stopped_at_line = Some(run.under_way.first().copied().unwrap_or(run.next_line));
    }
    if let Some(rejects) = &run.rejects {
        run.summary.rejects = rejects.close()?;
    }
    tell.report(&run.summary)?;
    match ended? {
        Exit::Well if run.summary.rejected > 0 => Ok(Exit::Found),
        exit => Ok(exit),
    }
}

impl Run<'_> {
    async fn read(&mut self, lines: &mut Lines, rules: ImportRules, tell: &Tell) -> Result<Exit, Failure> {
        let mut interrupt = Interrupt::listen();
        let (begun, mut told) = (Instant::now(), Instant::now());
        while let Some(Line { number, record }) = lines.next()? {
            if interrupt.is_heard() {
                return Ok(Exit::Interrupted);
            }
            let is_wanted = number >= self.from_line;
            self.summary.lines += u64::from(is_wanted);
            match record.and_then(|record| record.check(rules, self.stack.app.clock.now())) {
                Err(reject) if is_wanted => self.reject(number, None, &reject, tell)?,
                Err(_) => {}
                Ok(account) => match self.first_line_of(&account, number) {
                    Some(first) if is_wanted => {
                        let reject = Reject::new("duplicate", format!("the address is on line {first}, too"));
                        self.reject(number, Some(account.email().as_str()), &reject, tell)?;
                    }
                    None if is_wanted => self.spawn(number, account),
                    _ => {}
                },
            }
            self.next_line = number + 1;
            while self.running.len() >= self.at_once {
                let outcome = tokio::select! {
                    outcome = self.running.join_next() => outcome,
                    () = interrupt.heard() => return Ok(Exit::Interrupted),
                };
                self.take(outcome, tell)?;
            }
            if told.elapsed() >= PULSE {
                told = Instant::now();
                let Summary { lines, made, already_there, rejected, .. } = &self.summary;
                let rate = *lines as f64 / begun.elapsed().as_secs_f64();
                tell.note(&format!(
                    "line {number}: {made} made, {already_there} there already, {rejected} rejected, {rate:.0} a second"
                ));
            }
        }
        Ok(Exit::Well)
    }

    /// The line before this one that had the address; notes this one if there is none.
    fn first_line_of(&mut self, account: &Importable, number: u64) -> Option<u64> {
        let first = *self.seen.entry(short(account.email().as_str())).or_insert(number);
        (first != number).then_some(first)
    }

    fn spawn(&mut self, line: u64, account: Importable) {
        self.under_way.insert(line);
        let (app, operator) = (self.stack.app.clone(), self.operator.clone());
        let (dry_run, patience) = (self.dry_run, self.patience);
        self.running.spawn(async move {
            let (email, has_password) = (account.email().as_str().to_owned(), account.has_password());
            let claims = if dry_run { account.claims().into() } else { Vec::new() };
            let write = || async {
                let now = app.clock.now();
                let context = RequestContext::of_job(now, id::fresh(now));
                match dry_run {
                    true => accounts::foresee(&app, &account).await,
                    false => accounts::import(&app, &context, &operator, &account).await,
                }
            };
            let what = patiently(patience, write).await;
            Outcome { line, email, has_password, claims, what }
        });
    }

    async fn finish(&mut self, tell: &Tell) -> Result<(), Failure> {
        let mut finished = Ok(());
        while let Some(outcome) = self.running.join_next().await {
            let taken = self.take(Some(outcome), tell);
            finished = finished.and(taken);
        }
        finished
    }

    fn take(&mut self, outcome: Option<Result<Outcome, tokio::task::JoinError>>, tell: &Tell) -> Result<(), Failure> {
        let Some(outcome) = outcome else { return Ok(()) };
        let outcome = outcome.map_err(|error| Failure::unavailable(error.to_string()))?;
        match outcome.what {
            Ok(Imported::Made(_)) => {
                // What an earlier line would have taken is not there to be found.
                let taken = outcome.claims.iter().find(|(name, _)| self.claimed.contains(&short(name)));
                match taken {
                    Some((_, reject)) => self.reject(outcome.line, Some(&outcome.email), reject, tell)?,
                    None => {
                        self.claimed.extend(outcome.claims.iter().map(|(name, _)| short(name)));
                        self.summary.made += 1;
                        self.summary.without_password += u64::from(!outcome.has_password);
                    }
                }
            }
            Ok(Imported::AlreadyThere) => self.summary.already_there += 1,
            Ok(Imported::Refused(reject)) => self.reject(outcome.line, Some(&outcome.email), &reject, tell)?,
            Err(error) => return Err(error.into()),
        }
        self.under_way.remove(&outcome.line);
        Ok(())
    }

    fn reject(&mut self, line: u64, email: Option<&str>, reject: &Reject, tell: &Tell) -> Result<(), Failure> {
        self.summary.rejected += 1;
        match &mut self.rejects {
            Some(rejects) => rejects.write(line, email, reject),
            None => {
                tell.note(&format!("line {line}: {}: {}", reject.code, reject.reason));
                Ok(())
            }
        }
    }
}

/// 96 bits of a hash: enough to tell any number of people apart.
fn short(text: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&TokenHash::of(text.as_bytes()).as_str().as_bytes()[..16]);
    key
}
