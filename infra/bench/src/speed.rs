//! How fast functions start and answer, beside functions that do nothing of ours, and what is promised of that.

use crate::Fault;
use crate::cases::CASES;
use crate::figures::{Figures, Measured, Row};
use crate::measure::{FLOORS, quantile};

/// OPS-1: the health check's 95th percentile, in milliseconds.
const HEALTH_P95_MS: f64 = 100.0;
/// A start may take so many times that of a function that has our clients and nothing else.
const START_TIMES: f64 = 1.5;
/// What that function is.
const CLIENTS: &str = "floor-clients";
/// A package's limit, as `cargo xtask package` has it.
const ZIP_BYTES: u64 = 5_000_000;

/// Something that is promised of the figures.
#[derive(Debug)]
pub struct Promise {
    pub what: String,
    pub is_kept: bool,
}

/// What is promised of the rows that there are.
pub fn promises(found: &Figures) -> Vec<Promise> {
    let mut promises = Vec::new();
    if let Ok(Row { measured: Measured { p95_ms, .. }, .. }) = found.row("health-auth") {
        let what = format!("health-auth gives 95 of 100 answers within {p95_ms:.1} ms, of {HEALTH_P95_MS} ms");
        promises.push(Promise { what, is_kept: *p95_ms < HEALTH_P95_MS });
    }
    let smallest = found.rows.iter().min_by_key(|row| row.measured.binary_bytes);
    // Nothing to compare with makes it infinitely many times.
    let floor = quantile(&mut starts(found, CLIENTS), 0.5);
    for row in smallest.into_iter().chain(found.row("auth-login")) {
        let times = row.measured.init_ms / floor;
        let what = format!("{} starts in {times:.2} times what {CLIENTS} takes, of {START_TIMES}", row.name);
        promises.push(Promise { what, is_kept: times <= START_TIMES });
    }
    if let Some(row) = found.rows.iter().max_by_key(|row| row.measured.zip_bytes) {
        let what =
            format!("{} is the largest package with {:.1} MB zipped, of 5", row.name, mega(row.measured.zip_bytes));
        promises.push(Promise { what, is_kept: row.measured.zip_bytes <= ZIP_BYTES });
    }
    promises
}

/// The table of what most people meet.
///
/// # Errors
/// When the figures lack a row.
pub fn table(figures: &Figures) -> Result<String, Fault> {
    let mut lines = vec![
        "| | start ms | first answer ms | half within ms | 99 of 100 | a second | peak MB | zipped MB |".to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for (name, about) in FLOORS {
        let rows: Vec<&Row> = figures.floors.iter().filter(|row| row.name == name).collect();
        lines.push(line(&format!("`{name}`: {about}"), &rows));
    }
    for case in CASES {
        lines.push(line(&format!("`{}`: {}", case.name, case.about), &[figures.row(case.name)?]));
    }
    Ok(lines.join("\n") + "\n")
}

/// A line; where something was measured several times over, the least and the most of it.
fn line(what: &str, rows: &[&Row]) -> String {
    let cell = |value: fn(&Measured) -> f64, digits: usize| {
        let mut values: Vec<f64> = rows.iter().map(|row| value(&row.measured)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let mut ends: Vec<String> =
            values.first().into_iter().chain(values.last()).map(|end| format!("{end:.digits$}")).collect();
        ends.dedup();
        ends.join("–")
    };
    let cells = [
        cell(|it| it.init_ms, 1),
        cell(|it| it.first_ms, 1),
        cell(|it| it.p50_ms, 1),
        cell(|it| it.p99_ms, 1),
        cell(|it| it.per_second, 0),
        cell(|it| mega(it.peak_memory_bytes), 0),
        cell(|it| mega(it.zip_bytes), 1),
    ];
    format!("| {what} | {} |", cells.join(" | "))
}

/// How long a floor took to start, each time over.
fn starts(found: &Figures, name: &str) -> Vec<f64> {
    found.floors.iter().filter(|row| row.name == name).map(|row| row.measured.init_ms).collect()
}

fn mega(bytes: u64) -> f64 {
    u32::try_from(bytes).map_or(f64::MAX, f64::from) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_figures_keep_what_is_promised() {
        let promises = promises(&Figures::read().unwrap());
        assert_eq!(promises.len(), 4, "{promises:?}");
        assert!(promises.iter().all(|promise| promise.is_kept), "{promises:?}");
    }

    #[test]
    fn a_promise_that_is_broken_shows() {
        let mut figures = Figures::read().unwrap();
        for row in &mut figures.rows {
            row.measured.p95_ms = HEALTH_P95_MS;
            row.measured.zip_bytes = ZIP_BYTES + 1;
            row.measured.init_ms *= 3.0;
        }
        assert!(promises(&figures).iter().all(|promise| !promise.is_kept));
        // Nothing to compare with is no good sign.
        figures.floors.clear();
        assert!(promises(&figures).iter().all(|promise| !promise.is_kept));
    }

    #[test]
    fn a_floor_shows_its_moods() {
        let figures = Figures::read().unwrap();
        let row = |init_ms: f64| {
            let mut row = figures.rows[0].clone();
            row.measured = Measured { init_ms, per_second: 7.0, zip_bytes: 1_260_000, ..Measured::default() };
            row
        };
        let rows = [row(3.0), row(2.8), row(2.9)];
        let rows: Vec<&Row> = rows.iter().collect();
        assert_eq!(line("a floor", &rows), "| a floor | 2.8–3.0 | 0.0 | 0.0 | 0.0 | 7 | 0 | 1.3 |");
    }
}
