//! The lines of a CSV file: a line of names, and then one account each.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use shared::accounts::{OrganizationPart, Record, Reject};

use super::lines::{LONGEST, Line, with_hash_rewritten};
use crate::exit::Failure;

/// An account has no line breaks. So many in a row are a quotation mark that nobody closed, which eats the lines after it.
const MOST_BREAKS: u64 = 5;

/// What CSV may have, by the line of names.
const COLUMNS: [&str; 14] = [
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
    "contested",
    "organizationId",
    "organizationName",
    "organizationSlug",
];

pub(super) struct CsvLines {
    reader: Box<csv::Reader<Bounded>>,
    columns: Vec<&'static str>,
    /// By how much the reader's count of lines is short: by one where they end with CR and LF, since it looks at its count
    /// before it skips the LF of the line before.
    behind: Option<u64>,
    /// How much may be read for the next record.
    left: Rc<Cell<u64>>,
    /// Lines that a quotation mark has made one record with the line before.
    swallowed: std::ops::Range<u64>,
}

/// A source that gives no more than it is allowed: the CSV reader itself would hold all that an open quotation mark spans.
struct Bounded {
    source: Box<dyn Read>,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NO_END));
        }
        let read = self.source.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

const NO_END: &str = "begins a cell that has no end: look for a quotation mark";

impl CsvLines {
    /// Reads the line of names.
    ///
    /// # Errors
    /// When it names what is not known: a misspelt `passwordHash` must not go unseen.
    pub(super) fn open(source: Box<dyn Read>) -> Result<Self, Failure> {
        let left = Rc::new(Cell::new(LONGEST));
        let bounded = Bounded { source, left: left.clone() };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bounded);
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
        Ok(Self { reader: Box::new(reader), columns, behind: None, left, swallowed: 0..0 })
    }

    /// The next line.
    ///
    /// # Errors
    /// When nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
        if let Some(number) = self.swallowed.next() {
            return Ok(Some(Line { number, record: Err(broken()) }));
        }
        self.left.set(LONGEST);
        let mut row = csv::ByteRecord::new();
        let begun = self.reader.position().line() + self.behind.unwrap_or(0);
        let is_there = self.reader.read_byte_record(&mut row).map_err(|error| match error.kind() {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => no_end(begun),
            _ => Failure::found("malformed", error.to_string()),
        })?;
        if !is_there {
            return Ok(None);
        }
        let counted = row.position().map_or(0, csv::Position::line);
        let number = counted + *self.behind.get_or_insert(u64::from(counted == 1));
        let breaks = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        if breaks > MOST_BREAKS {
            return Err(no_end(number));
        }
        self.swallowed = number + 1..number + 1 + breaks;
        let record = if breaks > 0 { Err(broken()) } else { record_of(&row, &self.columns) };
        Ok(Some(Line { number, record: record.map(with_hash_rewritten) }))
    }
}

fn no_end(line: u64) -> Failure {
    Failure::found("malformed", format!("line {line} {NO_END}; nothing after it was read"))
}

fn broken() -> Reject {
    Reject::new("malformed", "is in a cell of several lines: look for a quotation mark")
}

fn record_of(row: &csv::ByteRecord, columns: &[&'static str]) -> Result<Record, Reject> {
    if row.len() != columns.len() {
        let what = format!("has {} cells, not {}", row.len(), columns.len());
        return Err(Reject::new("malformed", what));
    }
    let mut record = Record::default();
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
            "contested" => record.contested = truth(name, text)?,
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
