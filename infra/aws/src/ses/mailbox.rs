//! The mailbox: the mails that were sent, for people and tests to read.
//!
//! With a data directory they are also kept as JSON lines, one mail each.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::start::StartError;

/// Older mails are forgotten.
const KEPT: usize = 1_000;

/// A mail as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// The message id that was answered.
    pub id: String,
    /// All recipients, copies and blind copies included, as they were given.
    pub to: Vec<String>,
    /// The sender.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The plain text part, empty if there is none.
    pub text: String,
    /// The HTML part, empty if there is none.
    pub html: String,
    /// When it was sent, by the stack's clock (RFC 3339).
    pub at: String,
}

/// The newest 1,000 mails.
pub struct Mailbox {
    mails: Mutex<VecDeque<Mail>>,
    path: Option<PathBuf>,
}

impl Mailbox {
    /// Opens the mails of a file, or none.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, StartError> {
        let mails = match &path {
            Some(path) if path.exists() => load(path)?,
            _ => VecDeque::new(),
        };
        if let Some(path) = &path {
            // Written anew, so that the file does not grow for ever.
            let lines: io::Result<String> = mails.iter().map(line).collect();
            fs::write(path, lines?)?;
        }
        Ok(Self { mails: Mutex::new(mails), path })
    }

    /// The mails to an address, whatever its case and with or without a name before it, or all; newest first.
    pub fn list(&self, to: Option<&str>) -> Vec<Mail> {
        let is_wanted = |mail: &&Mail| {
            to.is_none_or(|wanted| mail.to.iter().any(|to| address(to).eq_ignore_ascii_case(address(wanted))))
        };
        self.mails().iter().rev().filter(is_wanted).cloned().collect()
    }

    /// Throws all mails away.
    pub fn clear(&self) {
        let mut mails = self.mails();
        mails.clear();
        if let Some(path) = &self.path {
            // A file that cannot be emptied shows old mails after the next start, nothing worse.
            let _ = File::create(path);
        }
    }

    /// Adds a mail.
    pub(super) fn put(&self, mail: Mail) -> io::Result<()> {
        let mut mails = self.mails();
        if let Some(path) = &self.path {
            OpenOptions::new().append(true).create(true).open(path)?.write_all(line(&mail)?.as_bytes())?;
        }
        if mails.len() == KEPT {
            mails.pop_front();
        }
        mails.push_back(mail);
        Ok(())
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address within `Name <address>`.
pub(super) fn address(text: &str) -> &str {
    text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end().trim_end_matches('>')).trim()
}

fn line(mail: &Mail) -> io::Result<String> {
    Ok(serde_json::to_string(mail)? + "\n")
}

fn load(path: &Path) -> Result<VecDeque<Mail>, StartError> {
    let text = fs::read_to_string(path)?;
    let skipped = text.lines().count().saturating_sub(KEPT);
    let mails: serde_json::Result<VecDeque<Mail>> = text.lines().skip(skipped).map(serde_json::from_str).collect();
    mails.map_err(|error| StartError::Unreadable { file: path.to_owned(), reason: error.to_string() })
}
