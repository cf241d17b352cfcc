//! The lines of an import: JSON or CSV, one at a time, however long the file is. Knows what a line may look like, not what
//! may be in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use shared::accounts::{OrganizationPart, Record, Reject};

use super::foreign;
use crate::arguments::ImportFormat;
use crate::exit::Failure;
use crate::files;

/// A line is an account. What is longer is none.
const LONGEST: u64 = 64 * 1024;

/// An account has no line breaks. So many in a row are a quotation mark that nobody closed, which eats the lines after it.
const MOST_BREAKS: u64 = 5;

/// What CSV may have, by the line of names.
const COLUMNS: [&str; 13] = [
    "id",
    "email",
    "emailVerified",
    "name",
    "status",
    "roles",
    "passwordHash",
    "createdAt",
    "tokenVersion",
    "signedIn",
    "organizationId",
    "organizationName",
    "organizationSlug",
];

/// One line, by its number in the file.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) record: Result<Record, Reject>,
}

pub(super) enum Lines {
    Json { reader: BufReader<Box<dyn Read>>, number: u64 },
    Csv { reader: Box<csv::Reader<Box<dyn Read>>>, columns: Vec<&'static str>, behind: Option<u64> },
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
            Some(ImportFormat::Csv) => Self::csv(source),
            None => Err(Failure::usage("give --format jsonl or --format csv: the file's ending does not tell")),
        }
    }

    fn csv(source: Box<dyn Read>) -> Result<Self, Failure> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let names = reader.headers().map_err(|error| Failure::found("malformed", error.to_string()))?.clone();
        let mut columns = Vec::new();
        for name in &names {
            let name = name.trim_start_matches('\u{feff}').trim();
            let known = COLUMNS.into_iter().find(|column| *column == name).ok_or_else(|| {
                Failure::usage(format!("the column {name:?} is not known; columns may be {}", COLUMNS.join(", ")))
            })?;
            if columns.contains(&known) {
                return Err(Failure::usage(format!("the column {name:?} is there twice")));
            }
            columns.push(known);
        }
        if !columns.contains(&"email") {
            return Err(Failure::usage("there is no column `email`; the first line must name the columns"));
        }
        Ok(Self::Csv { reader: Box::new(reader), columns, behind: None })
    }

    /// The next line.
    ///
    /// # Errors
    /// When nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
        match self {
            Self::Json { reader, number } => next_json(reader, number),
            Self::Csv { reader, columns, behind } => next_csv(reader, columns, behind),
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
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // serde's messages name members and places; they quote unknown members, never values of known ones but numbers.
        let record = serde_json::from_slice(&bytes).map_err(|error| Reject::new("malformed", error.to_string()));
        return Ok(Some(Line { number: *number, record: record.map(with_hash_rewritten) }));
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

/// `behind` is by how much the reader's count of lines is short: by one where they end with CR and LF, since it looks at
/// its count before it skips the LF of the line before.
fn next_csv(
    reader: &mut csv::Reader<Box<dyn Read>>,
    columns: &[&'static str],
    behind: &mut Option<u64>,
) -> Result<Option<Line>, Failure> {
    let mut row = csv::ByteRecord::new();
    let is_there = reader.read_byte_record(&mut row).map_err(|error| Failure::found("malformed", error.to_string()))?;
    if !is_there {
        return Ok(None);
    }
    let counted = row.position().map_or(0, csv::Position::line);
    let number = counted + *behind.get_or_insert(u64::from(counted == 1));
    let breaks = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    if breaks > MOST_BREAKS || row.as_slice().len() as u64 > LONGEST {
        let what = "begins a cell that has no end: look for a quotation mark";
        return Err(Failure::found("malformed", format!("line {number} {what}; nothing after it was read")));
    }
    Ok(Some(Line { number, record: record_of(&row, columns).map(with_hash_rewritten) }))
}

fn record_of(row: &csv::ByteRecord, columns: &[&'static str]) -> Result<Record, Reject> {
    if row.len() != columns.len() {
        let what = format!("has {} cells, not {}", row.len(), columns.len());
        return Err(Reject::new("malformed", what));
    }
    let mut record = empty();
    let mut organization = OrganizationPart::default();
    let mut has_organization = false;
    for (name, cell) in columns.iter().zip(row) {
        let text = std::str::from_utf8(cell).map_err(|_| Reject::new("malformed", format!("{name} is not UTF-8")))?;
        // An empty cell is one that was left out.
        let Some(text) = Some(text.trim()).filter(|text| !text.is_empty()) else { continue };
        let owned = Some(text.to_owned());
        match *name {
            "id" => record.id = owned,
            "email" => record.email = text.to_owned(),
            "emailVerified" => record.email_verified = truth(name, text)?,
            "name" => record.name = owned,
            "status" => record.status = owned,
            "roles" => record.roles = Some(text.split([' ', ';', ',']).map(str::to_owned).collect()),
            "passwordHash" => record.password_hash = owned,
            "createdAt" => record.created_at = owned,
            "tokenVersion" => {
                let number = text.parse();
                record.token_version =
                    number.map_err(|_| Reject::new("malformed", "tokenVersion is not a whole number"))?;
            }
            "signedIn" => record.signed_in = truth(name, text)?,
            other => {
                has_organization = true;
                match other {
                    "organizationId" => organization.id = owned,
                    "organizationName" => organization.name = owned,
                    _ => organization.slug = owned,
                }
            }
        }
    }
    record.organization = has_organization.then_some(organization);
    Ok(record)
}

fn truth(name: &str, text: &str) -> Result<bool, Reject> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(Reject::new("malformed", format!("{name} must be true or false"))),
    }
}

fn empty() -> Record {
    Record {
        id: None,
        email: String::new(),
        email_verified: false,
        name: None,
        status: None,
        roles: None,
        password_hash: None,
        created_at: None,
        token_version: 0,
        signed_in: false,
        contested: false,
        organization: None,
    }
}

fn with_hash_rewritten(record: Record) -> Record {
    let password_hash = record.password_hash.as_deref().map(|hash| foreign::rewritten(hash).into_owned());
    Record { password_hash, ..record }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &'static str) -> Result<Vec<Line>, Failure> {
        all(Lines::csv(Box::new(text.as_bytes()))?)
    }

    fn json(text: String) -> Vec<Line> {
        let reader: Box<dyn Read> = Box::new(io::Cursor::new(text));
        all(Lines::Json { reader: BufReader::new(reader), number: 0 }).unwrap()
    }

    fn all(mut lines: Lines) -> Result<Vec<Line>, Failure> {
        let mut read = Vec::new();
        while let Some(line) = lines.next()? {
            read.push(line);
        }
        Ok(read)
    }

    fn codes(lines: &[Line]) -> Vec<(u64, &str)> {
        let code = |line: &Line| line.record.as_ref().err().map_or("", |reject| reject.code);
        lines.iter().map(|line| (line.number, code(line))).collect()
    }

    #[test]
    fn client_6_a_bad_line_is_named_and_the_next_one_is_read() {
        let long = format!("{{\"email\":\"{}\"}}", "a".repeat(70_000));
        let text =
            format!("{{\"email\":\"a@example.com\"}}\n\n{{\"mail\":\"b\"}}\n{long}\n{{\"email\":\"c@example.com\"}}");
        assert_eq!(codes(&json(text)), [(1, ""), (3, "malformed"), (4, "too_long"), (5, "")]);
        let text = "\u{feff}email,name,emailVerified,roles\r\na@example.com,\"A, B\",true,owner support\r\nb@example.com,B\r\nc@example.com,C,maybe,\r\n";
        let lines = csv(text).unwrap();
        assert_eq!(codes(&lines), [(2, ""), (3, "malformed"), (4, "malformed")]);
        let Ok(record) = &lines[0].record else { panic!("a good line") };
        assert_eq!((record.name.as_deref(), record.email_verified), (Some("A, B"), true));
        assert_eq!(record.roles.as_deref(), Some(&["owner".to_owned(), "support".to_owned()][..]));
    }

    #[test]
    fn client_6_columns_that_are_misspelt_or_twice_or_missing_stop_the_import() {
        for text in ["email,password_hash\n", "email,email\n", "name\n", ""] {
            assert!(csv(text).is_err_and(|failure| failure.exit == crate::exit::Exit::Usage), "{text:?}");
        }
    }

    #[test]
    fn client_6_a_quotation_mark_that_nobody_closed_does_not_eat_the_rest() {
        let text = "email,name\na@example.com,\"A\nb@example.com,B\nc@example.com,C\nd@example.com,D\ne@example.com,E\nf@example.com,F\n";
        assert!(csv(text).is_err_and(|failure| failure.message.starts_with("line 2 ")));
    }
}
