//! `postern audit`: verifies the trail, which changes nothing and trusts nobody; and takes copies, which are told to it.

use std::io::{self, Write};
use std::path::Path;
use std::{fmt, fs};

use serde::Serialize;
use shared::audit::Filters;
use shared::audit::chain::{self, Logged, Verification, Witness};
use shared::audit::export::{self, Format};
use shared::aws::kms::Kms;
use shared::clock::Timestamp;
use shared::settings::Tables;
use shared::store::Store;

use crate::arguments::{AuditCommand, AuditExportArguments, AuditFormat, AuditVerifyArguments, Options};
use crate::aws::{self, AwsClock, Place};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::interrupt::Interrupt;
use crate::stack::Stack;
use crate::tell::Tell;

/// So many faults are named, unless all are asked for.
const SHOWN: usize = 50;

pub(crate) async fn run(options: &Options, command: &AuditCommand, tell: &Tell) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(arguments) => {
            let found = match &arguments.key {
                Some(key) => verify_by(options, arguments, key, tell).await?,
                None => verify(options, arguments).await?,
            };
            let report = Verified::of(found, if arguments.all { usize::MAX } else { SHOWN });
            tell.report(&report)?;
            Ok(if report.faults.is_empty() { Exit::Well } else { Exit::Found })
        }
        AuditCommand::Export(arguments) => copy(options, arguments, tell).await,
    }
}

async fn verify(options: &Options, arguments: &AuditVerifyArguments) -> Result<Verification, Failure> {
    let stack = Stack::find(options).await?;
    let settings = &stack.app.settings;
    let witness = witness(arguments, &stack.app.kms, &settings.audit_key_id).await?;
    Ok(chain::verify(&stack.app.store, &witness, &settings.stack_name, stack.app.clock.now()).await?)
}

/// For auditors, who may read the trail, the chain and the key, and nothing else.
async fn verify_by(
    options: &Options,
    arguments: &AuditVerifyArguments,
    key: &str,
    tell: &Tell,
) -> Result<Verification, Failure> {
    let config = aws::connect(options).await?;
    let (stack, heard) = (options.stack.as_str(), AwsClock::default());
    // Whose trail it is, and what time it is there: by this machine's clock signatures might seem to be late, or in time.
    tell.place(&Place::of(&config, stack, &heard).await?);
    let clock = heard.clock();
    let store = Store::new(&config, Tables::of_stack(stack), clock.clone());
    let witness = witness(arguments, &Kms::new(&config, "", stack), key).await?;
    Ok(chain::verify(&store, &witness, stack, clock.now()).await?)
}

/// What the tables are held against: the key, and what the caller has brought.
async fn witness(arguments: &AuditVerifyArguments, kms: &Kms, key: &str) -> Result<Witness, Failure> {
    let logged = match &arguments.logged {
        Some(file) => logged(file)?,
        None => Vec::new(),
    };
    let known = Witness::of_key(kms, key).await?;
    Ok(Witness { begun_at: arguments.begun.unwrap_or(known.begun_at), logged, ..known })
}

fn logged(file: &Path) -> Result<Vec<Logged>, Failure> {
    let lines = fs::read_to_string(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let logged = Logged::read(&lines);
    if logged.is_empty() {
        return Err(Failure::usage(format!("{} tells of no checkpoint", file.display())));
    }
    Ok(logged)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    events: usize,
    segments: usize,
    checkpoints: usize,
    signed_at: Option<String>,
    purged: usize,
    erased: usize,
    waiting: usize,
    before_the_chain: usize,
    fault_count: usize,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    record: String,
    what: String,
}

impl Verified {
    fn of(found: Verification, most: usize) -> Self {
        Self {
            events: found.events,
            segments: found.segments,
            checkpoints: found.checkpoints,
            signed_at: found.signed_at.map(|at: Timestamp| at.to_string()),
            purged: found.purged,
            erased: found.erased,
            waiting: found.waiting,
            before_the_chain: found.before,
            fault_count: found.faults.len(),
            faults: found.faults.into_iter().take(most).map(|it| Fault { record: it.record, what: it.what }).collect(),
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, segments, checkpoints, purged, erased, waiting, before_the_chain, fault_count, .. } = self;
        let signed = self.signed_at.as_deref().unwrap_or("never");
        writeln!(
            f,
            "{events} events, {segments} links of the chain, {checkpoints} signatures, the last of them {signed}"
        )?;
        let before = format!("{before_the_chain} are older than the chain");
        writeln!(f, "{purged} were purged, {erased} erased, {waiting} wait for the chain, {before}")?;
        let Some(first) = self.faults.first() else {
            return write!(f, "Nothing was changed, removed or added.");
        };
        writeln!(f, "\n{fault_count} FAULTS. The first: {} {}", first.record, first.what)?;
        self.faults.iter().skip(1).try_for_each(|fault| writeln!(f, "  {} {}", fault.record, fault.what))?;
        write!(f, "What to do: docs/runbooks/audit-tampering.md")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    dry_run: bool,
    events: usize,
    bytes: usize,
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dry_run {
            true => write!(f, "a copy could be made; nothing was read, because of --dry-run"),
            false => write!(f, "{} events, {} bytes", self.events, self.bytes),
        }
    }
}

async fn copy(options: &Options, arguments: &AuditExportArguments, tell: &Tell) -> Result<Exit, Failure> {
    if let Some(path) = arguments.output.as_ref().filter(|path| path.exists()) {
        return Err(Failure::found("io", format!("{} is there already", path.display())));
    }
    let stack = Stack::find(options).await?;
    let operator = stack.operator(tell).await?;
    let mut copied = Copied { dry_run: options.dry_run, events: 0, bytes: 0 };
    // Reading is told to the trail, so even that is left out.
    if options.dry_run {
        tell.report(&copied)?;
        return Ok(Exit::Well);
    }
    let filters = Filters {
        user: arguments.user,
        email: arguments.email.clone(),
        action: arguments.action,
        from: arguments.from,
        to: arguments.to,
        ip: arguments.ip,
        request_id: arguments.request.clone(),
        outcome: arguments.outcome,
    };
    let format = match arguments.format {
        AuditFormat::Csv => Format::Csv,
        AuditFormat::Ndjson => Format::NdJson,
    };
    // Under another name until it is whole.
    let part = arguments.output.as_ref().map(|path| files::beside(path, ".part"));
    let mut output: Box<dyn Write> = match &part {
        Some(part) => Box::new(files::create(part)?),
        None => Box::new(io::stdout()),
    };
    let interrupt = Interrupt::listen();
    let mut cursor = None;
    loop {
        if interrupt.is_heard() {
            return Ok(Exit::Interrupted);
        }
        // Each piece has an instant of its own: a copy may take longer than a request.
        let context = stack.context();
        let piece = export::export(&stack.app, &context, &operator, filters.clone(), format, cursor.as_deref()).await?;
        output.write_all(piece.text.as_bytes())?;
        copied.bytes += piece.text.len();
        copied.events += piece.events;
        cursor = piece.next;
        if cursor.is_none() {
            break;
        }
    }
    output.flush()?;
    if let (Some(path), Some(part)) = (&arguments.output, &part) {
        fs::rename(part, path).map_err(|error| files::named(path, &error))?;
    }
    match arguments.output {
        Some(_) => tell.report(&copied)?,
        None => tell.aside(&copied)?,
    }
    Ok(Exit::Well)
}
