//! The figures as a table for people.

use std::fmt::Write;

use crate::cost::{cold_ms, gb_ms, of_call, warm_ms};
use crate::figures::{Figures, Row};

const MB: f64 = 1024.0 * 1024.0;

/// A column: its title, and what it shows of a row.
type Column = (&'static str, fn(&Row) -> String);

const TIME: [Column; 12] = [
    ("answer", |row| row.answer.clone()),
    ("start ms", |row| format!("{:.1}", row.measured.init_ms)),
    ("cpu ms", |row| format!("{:.1}", row.measured.init_cpu_ms)),
    ("first ms", |row| format!("{:.1}", row.measured.first_ms)),
    ("n", |row| row.measured.samples.to_string()),
    ("p50 ms", |row| format!("{:.2}", row.measured.p50_ms)),
    ("p95 ms", |row| of_many(row, 20, row.measured.p95_ms)),
    ("p99 ms", |row| of_many(row, 100, row.measured.p99_ms)),
    ("cpu ms", |row| format!("{:.2}", row.measured.cpu_ms)),
    ("per s", |row| format!("{:.0}", row.measured.per_second)),
    ("peak MB", |row| format!("{:.1}", bytes(row.measured.peak_memory_bytes) / MB)),
    ("bin/zip MB", |row| {
        format!("{:.2}/{:.2}", bytes(row.measured.binary_bytes) / MB, bytes(row.measured.zip_bytes) / MB)
    }),
];

const WORK: [Column; 13] = [
    ("trips", |row| row.counted.round_trips.to_string()),
    ("calls", |row| row.counted.calls.to_string()),
    ("first", |row| format!("{}/{}", row.first.round_trips, row.first.calls)),
    ("read", |row| format!("{:.1}", row.counted.read_units)),
    ("write", |row| format!("{:.0}", row.counted.write_units)),
    ("KMS", |row| row.counted.kms_calls.to_string()),
    ("mail", |row| row.counted.mails.to_string()),
    ("events", |row| row.counted.events.to_string()),
    ("MB", |row| row.memory_mb.to_string()),
    ("≈ ms", |row| format!("{:.0}", warm_ms(row))),
    ("≈ +cold", |row| format!("{:.0}", cold_ms(row))),
    ("GB-ms", |row| format!("{:.1}", gb_ms(row))),
    ("$ / million", |row| format!("{:.2}", of_call(row).times(1e6).sum())),
];

/// A quantile that is not the slowest call of all.
fn of_many(row: &Row, least: u32, ms: f64) -> String {
    if row.measured.samples >= least { format!("{ms:.2}") } else { "–".to_owned() }
}

/// All that was found, for a terminal.
pub fn of(figures: &Figures) -> String {
    let mut text = String::new();
    let machine = &figures.machine;
    let rows: Vec<&Row> = figures.floors.iter().chain(&figures.rows).collect();
    // Writing into a string does not fail.
    let _ = write!(
        text,
        "{}, {} cores, load {:.1}, {}\nArgon2id (19 MiB, 2 passes), one thread: {:.1} ms, {:.0} a second\n\n\
         Measured here. The embedded DynamoDB answers within a millisecond and has no TLS; AWS's figures are below.\n{}\n\
         Counted here, the same on AWS; and modelled: ≈ ms = processor time at the function's share + 5 ms a round trip.\n{}",
        machine.processor,
        machine.cores,
        machine.load,
        machine.day,
        figures.hash.median_ms,
        figures.hash.per_second,
        aligned(&rows, &TIME),
        aligned(&rows, &WORK),
    );
    text
}

fn aligned(rows: &[&Row], columns: &[Column]) -> String {
    let width = |text: &str| text.chars().count();
    let names = rows.iter().map(|row| width(&row.name)).max().unwrap_or_default();
    let cells: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|(_, show)| show(row)).collect()).collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(i, (title, _))| cells.iter().map(|row| width(&row[i])).max().unwrap_or_default().max(width(title)))
        .collect();
    let mut text = " ".repeat(names);
    for ((title, _), width) in columns.iter().zip(&widths) {
        let _ = write!(text, "  {title:>width$}");
    }
    text.push('\n');
    for (row, cells) in rows.iter().zip(&cells) {
        let _ = write!(text, "{:<names$}", row.name);
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

fn bytes(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
