//! The lines of an import: JSON or CSV, one at a time, however long the file is. Knows what a line may look like, not what
//! may be in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use shared::accounts::{Record, Reject};

use super::csv_lines::CsvLines;
use super::foreign;
use crate::arguments::ImportFormat;
use crate::exit::Failure;
use crate::files;

/// A line is an account. What is longer is none.
pub(super) const LONGEST: u64 = 64 * 1024;

/// What some programs put before a file's first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One line, by its number in the file.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) record: Result<Record, Reject>,
}

pub(super) enum Lines {
    Json { reader: BufReader<Box<dyn Read>>, number: u64 },
    Csv(CsvLines),
}

impl Lines {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it cannot be opened, or has columns that are not known: a misspelt `passwordHash` must not go unseen.
    pub(super) fn open(path: &Path, format: Option<ImportFormat>) -> Result<Self, Failure> {
        let source: Box<dyn Read> = match path.to_str() {
            Some("-") => Box::new(io::stdin()),
            _ => Box::new(File::open(path).map_err(|error| files::named(path, &error))?),
        };
        let by_ending = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Some(ImportFormat::Csv),
            Some("jsonl" | "ndjson") => Some(ImportFormat::Jsonl),
            _ => None,
        };
        match format.or(by_ending) {
            Some(ImportFormat::Jsonl) => Ok(Self::Json { reader: BufReader::new(source), number: 0 }),
            Some(ImportFormat::Csv) => CsvLines::open(source).map(Self::Csv),
            None => Err(Failure::usage("give --format jsonl or --format csv: the file's ending does not tell")),
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// When nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
        match self {
            Self::Json { reader, number } => next_json(reader, number),
            Self::Csv(lines) => lines.next(),
        }
    }
}

fn next_json(reader: &mut BufReader<Box<dyn Read>>, number: &mut u64) -> Result<Option<Line>, Failure> {
    loop {
        let mut bytes = Vec::new();
        let read = reader.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        *number += 1;
        if bytes.len() as u64 > LONGEST && bytes.last() != Some(&b'\n') {
            skip_line(reader)?;
            return Ok(Some(Line { number: *number, record: Err(Reject::new("too_long", "is longer than 64 KiB")) }));
        }
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| *number == 1).unwrap_or(&bytes);
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let record = serde_json::from_slice(text).map_err(|error| malformed(&error));
        return Ok(Some(Line { number: *number, record: record.map(with_hash_rewritten) }));
    }
}

/// What serde says, as far as it names members and places. Of a value of a wrong type it quotes the text: that may be a hash
/// that stands where it should not.
fn malformed(error: &serde_json::Error) -> Reject {
    let text = error.to_string();
    let is_of_names = ["unknown field", "missing field", "duplicate field"].iter().any(|it| text.starts_with(it));
    match error.is_data() && !is_of_names {
        true => Reject::new("malformed", format!("has a value of a wrong type before column {}", error.column())),
        false => Reject::new("malformed", text),
    }
}

fn skip_line(reader: &mut BufReader<Box<dyn Read>>) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
            let length = buffer.len();
            if length == 0 {
                return Ok(());
            }
            reader.consume(length);
            continue;
        };
        reader.consume(end + 1);
        return Ok(());
    }
}

pub(super) fn with_hash_rewritten(record: Record) -> Record {
    let password_hash = record.password_hash.as_deref().map(|hash| foreign::rewritten(hash).into_owned());
    Record { password_hash, ..record }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
