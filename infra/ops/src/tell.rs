//! What is told: reports to standard output, as text or as one JSON value; everything else to standard error, where it is
//! JSON too if that was asked for, a value a line.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::json;

use crate::aws::Place;
use crate::exit::{Exit, Failure};

pub(crate) struct Tell {
    json: bool,
    place: OnceLock<Place>,
}

impl Tell {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, place: OnceLock::new() }
    }

    /// Where something is about to be written or given away: so that nobody finds out afterwards. A report in JSON has it
    /// as `place`.
    pub(crate) fn place(&self, place: &Place) {
        if self.place.set(place.clone()).is_ok() && !self.json {
            self.note(&place.to_string());
        }
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
        write_aside(&self.text_of(report)?);
        Ok(())
    }

    /// For people who wait, and for logs.
    pub(crate) fn note(&self, text: &str) {
        match self.json {
            true => write_aside(&json!({ "note": text }).to_string()),
            false => write_aside(text),
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) -> Exit {
        let Failure { exit, code, message } = failure;
        write_aside(&match self.json {
            true => json!({ "error": { "code": code, "message": message } }).to_string(),
            false => format!("postern: {message}"),
        });
        *exit
    }

    fn text_of<T: Serialize + Display>(&self, report: &T) -> Result<String, Failure> {
        if !self.json {
            return Ok(report.to_string());
        }
        let internal = |error: serde_json::Error| Failure::found("internal", error.to_string());
        let mut value = serde_json::to_value(report).map_err(internal)?;
        if let (Some(place), Some(members)) = (self.place.get(), value.as_object_mut()) {
            members.insert("place".to_owned(), serde_json::to_value(place).map_err(internal)?);
        }
        Ok(value.to_string())
    }
}

/// Nobody may be listening; that changes nothing.
fn write_aside(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
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
