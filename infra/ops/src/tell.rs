//! What is told: reports to standard output, as text or as one JSON value; everything else to standard error.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, Failure};

pub(crate) struct Tell {
    json: bool,
}

impl Tell {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The answer to a command.
    pub(crate) fn report<T: Serialize + Display>(&self, report: &T) -> Result<(), Failure> {
        let text = self.text_of(report)?;
        match writeln!(io::stdout(), "{text}") {
            // A reader such as `head` that has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Failure::from),
        }
    }

    /// The same where standard output is for something else.
    pub(crate) fn aside<T: Serialize + Display>(&self, report: &T) -> Result<(), Failure> {
        self.note(&self.text_of(report)?);
        Ok(())
    }

    /// For people who wait, and for logs.
    pub(crate) fn note(&self, text: &str) {
        // Nobody may be listening; that changes nothing.
        let _ = writeln!(io::stderr(), "{text}");
    }

    pub(crate) fn failure(&self, failure: &Failure) -> Exit {
        let Failure { exit, code, message } = failure;
        self.note(&match self.json {
            true => json!({ "error": { "code": code, "message": message } }).to_string(),
            false => format!("postern: {message}"),
        });
        *exit
    }

    fn text_of<T: Serialize + Display>(&self, report: &T) -> Result<String, Failure> {
        match self.json {
            true => serde_json::to_string(report).map_err(|error| Failure::found("internal", error.to_string())),
            false => Ok(report.to_string()),
        }
    }
}

/// Lines of columns as wide as their widest cell, for text.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
