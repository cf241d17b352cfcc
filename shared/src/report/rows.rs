//! Reports as rows of a table, for spreadsheets: each line names its section, so that one sheet holds a whole report.

use crate::csv;

/// One line of a report.
pub struct Row {
    pub(super) section: &'static str,
    /// When, or of which day; may be empty.
    pub(super) at: String,
    pub(super) what: String,
    pub(super) value: String,
    pub(super) detail: String,
}

impl Row {
    pub(super) fn new(section: &'static str, what: impl Into<String>, value: impl ToString) -> Self {
        Self { section, at: String::new(), what: what.into(), value: value.to_string(), detail: String::new() }
    }

    pub(super) fn at(self, at: impl ToString) -> Self {
        Self { at: at.to_string(), ..self }
    }

    pub(super) fn with(self, detail: impl ToString) -> Self {
        Self { detail: detail.to_string(), ..self }
    }
}

/// The lines as CSV, with the columns' names.
pub fn as_csv(rows: &[Row]) -> String {
    let mut text = "section,at,what,value,detail\r\n".to_owned();
    for Row { section, at, what, value, detail } in rows {
        csv::write_row(&mut text, [*section, at.as_str(), what.as_str(), value.as_str(), detail.as_str()]);
    }
    text
}
