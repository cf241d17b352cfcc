//! Where an import tells of the lines that make no account: a file of its own, a line of JSON for each.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};
use shared::accounts::Reject;

use crate::arguments::{ImportArguments, Options};
use crate::exit::Failure;
use crate::files;

pub(super) struct Rejects {
    path: PathBuf,
    file: File,
}

impl Rejects {
    /// A dry run writes none, unless it is told where; it tells of them on standard error.
    ///
    /// # Errors
    /// When something else is there.
    pub(super) fn open(options: &Options, arguments: &ImportArguments) -> Result<Option<Self>, Failure> {
        let path = match &arguments.rejects {
            Some(path) => path.clone(),
            None if options.dry_run => return Ok(None),
            None => match arguments.file.to_str() {
                Some("-") => PathBuf::from("import.rejects.jsonl"),
                _ => files::beside(&arguments.file, ".rejects.jsonl"),
            },
        };
        let is_reject = |line: &str| {
            serde_json::from_str::<Value>(line).is_ok_and(|it| it["line"].is_u64() && it["code"].is_string())
        };
        let file = files::notes(&path, arguments.from_line > 1, is_reject)?;
        Ok(Some(Self { path, file }))
    }

    pub(super) fn write(&mut self, line: u64, email: Option<&str>, reject: &Reject) -> Result<(), Failure> {
        let text = json!({ "line": line, "email": email, "code": reject.code, "reason": reject.reason });
        writeln!(self.file, "{text}").map_err(|error| files::named(&self.path, &error))
    }

    /// Its name, if there is anything in it; otherwise there is no such file.
    pub(super) fn close(&self) -> Result<Option<String>, Failure> {
        let about = |error| files::named(&self.path, &error);
        if self.file.metadata().map_err(about)?.len() > 0 {
            return Ok(Some(self.path.display().to_string()));
        }
        std::fs::remove_file(&self.path).map_err(about).map(|()| None)
    }
}
