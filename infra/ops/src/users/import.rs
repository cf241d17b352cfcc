//! `postern users import`: a file of accounts into a stack, many at a time, each once however often it is done.
//!
//! Repeating an import is how it goes on: an account that is there is left as it is. Only what tells lines apart is kept of
//! those that have passed (16 bytes each).

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use shared::accounts::{self, ImportRules, Importable, Imported, Reject};
use shared::audit::Actor;
use shared::context::RequestContext;
use shared::error::Error;
use shared::id;
use shared::secret::TokenHash;
use tokio::task::JoinSet;

use super::lines::{Line, Lines};
use super::patience::patiently;
use crate::arguments::{ImportArguments, Options};
use crate::exit::{Exit, Failure};
use crate::files;
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
    rejects_path: PathBuf,
    rejects: Option<File>,
    summary: Summary,
    /// The line on which each address was first, by a hash of it.
    seen: HashMap<[u8; 16], u64>,
    running: JoinSet<Outcome>,
    /// Lines that are being written.
    under_way: BTreeSet<u64>,
}

pub(super) async fn run(options: &Options, arguments: &ImportArguments, tell: &Tell) -> Result<Exit, Failure> {
    let mut lines = Lines::open(&arguments.file, arguments.format)?;
    let rejects_path = arguments.rejects.clone().unwrap_or_else(|| beside(&arguments.file));
    let stack = Stack::find(options).await?;
    let mut run = Run {
        operator: stack.operator(tell).await?,
        stack: &stack,
        dry_run: options.dry_run,
        patience: Duration::from_secs(arguments.patience),
        at_once: usize::from(arguments.at_once),
        from_line: arguments.from_line,
        next_line: 1,
        rejects: None,
        rejects_path,
        summary: Summary { dry_run: options.dry_run, ..Summary::default() },
        seen: HashMap::new(),
        running: JoinSet::new(),
        under_way: BTreeSet::new(),
    };
    let rules = ImportRules { without_password: arguments.allow_no_password, admins: arguments.allow_admins };
    let read = run.read(&mut lines, rules, tell).await;
    let finished = run.finish().await;
    let ended = read.and_then(|exit| finished.map(|()| exit));
    if !matches!(ended, Ok(Exit::Well)) {
        // Whatever was under way may have been written or not: it is done again.
        run.summary.stopped_at_line = Some(run.under_way.first().copied().unwrap_or(run.next_line));
    }
    tell.report(&run.summary)?;
    match ended? {
        Exit::Well if run.summary.rejected > 0 => Ok(Exit::Found),
        exit => Ok(exit),
    }
}

impl Run<'_> {
    async fn read(&mut self, lines: &mut Lines, rules: ImportRules, tell: &Tell) -> Result<Exit, Failure> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = interrupted.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        });
        let (begun, mut told) = (Instant::now(), Instant::now());
        while let Some(Line { number, record }) = lines.next()? {
            if interrupted.load(Ordering::Relaxed) {
                return Ok(Exit::Interrupted);
            }
            let is_wanted = number >= self.from_line;
            self.summary.lines += u64::from(is_wanted);
            match record.and_then(|record| record.check(rules, self.stack.app.clock.now())) {
                Err(reject) if is_wanted => self.reject(number, None, &reject)?,
                Err(_) => {}
                Ok(account) => match self.first_line_of(&account, number) {
                    Some(first) if is_wanted => {
                        let reject = Reject::new("duplicate", format!("the address is on line {first}, too"));
                        self.reject(number, Some(account.email().as_str()), &reject)?;
                    }
                    None if is_wanted => self.spawn(number, account),
                    _ => {}
                },
            }
            self.next_line = number + 1;
            while self.running.len() >= self.at_once {
                let outcome = self.running.join_next().await;
                self.take(outcome)?;
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
        let hash = TokenHash::of(account.email().as_str().as_bytes());
        let mut key = [0; 16];
        // 96 bits of it: enough for any number of people.
        key.copy_from_slice(&hash.as_str().as_bytes()[..16]);
        let first = *self.seen.entry(key).or_insert(number);
        (first != number).then_some(first)
    }

    fn spawn(&mut self, line: u64, account: Importable) {
        self.under_way.insert(line);
        let (app, operator) = (self.stack.app.clone(), self.operator.clone());
        let (dry_run, patience) = (self.dry_run, self.patience);
        self.running.spawn(async move {
            let (email, has_password) = (account.email().as_str().to_owned(), account.has_password());
            let write = || async {
                let now = app.clock.now();
                let context = RequestContext::of_job(now, id::fresh(now));
                match dry_run {
                    true => accounts::foresee(&app, &account).await,
                    false => accounts::import(&app, &context, &operator, &account).await,
                }
            };
            let what = patiently(patience, write).await;
            Outcome { line, email, has_password, what }
        });
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        let mut finished = Ok(());
        while let Some(outcome) = self.running.join_next().await {
            let taken = self.take(Some(outcome));
            finished = finished.and(taken);
        }
        finished
    }

    fn take(&mut self, outcome: Option<Result<Outcome, tokio::task::JoinError>>) -> Result<(), Failure> {
        let Some(outcome) = outcome else { return Ok(()) };
        let outcome = outcome.map_err(|error| Failure::unavailable(error.to_string()))?;
        match outcome.what {
            Ok(Imported::Made(_)) => {
                self.summary.made += 1;
                self.summary.without_password += u64::from(!outcome.has_password);
            }
            Ok(Imported::AlreadyThere) => self.summary.already_there += 1,
            Ok(Imported::Refused(reject)) => self.reject(outcome.line, Some(&outcome.email), &reject)?,
            Err(error) => return Err(error.into()),
        }
        self.under_way.remove(&outcome.line);
        Ok(())
    }

    fn reject(&mut self, line: u64, email: Option<&str>, reject: &Reject) -> Result<(), Failure> {
        self.summary.rejected += 1;
        if self.rejects.is_none() {
            self.rejects = Some(files::notes(&self.rejects_path, self.from_line > 1)?);
            self.summary.rejects = Some(self.rejects_path.display().to_string());
        }
        let text = json!({ "line": line, "email": email, "code": reject.code, "reason": reject.reason });
        match &mut self.rejects {
            Some(file) => writeln!(file, "{text}").map_err(|error| files::named(&self.rejects_path, &error)),
            None => Ok(()),
        }
    }
}

/// Where rejects go when nobody says.
fn beside(file: &Path) -> PathBuf {
    let mut name = match file.to_str() {
        Some("-") => "import".into(),
        _ => file.as_os_str().to_owned(),
    };
    name.push(".rejects.jsonl");
    name.into()
}
