//! Holds the pages to the figures and the prices, and the figures to today's code.

use bench::cases::{CASES, JOBS};
use bench::figures::{Figures, Row};
use bench::{count, page};

#[test]
fn the_pages_say_what_the_figures_and_the_prices_say() {
    let figures = Figures::read().unwrap();
    for (page, tables) in page::PAGES {
        let text = std::fs::read_to_string(bench::root().join(page)).unwrap();
        let renewed = page::renewed(&text, tables, &figures).unwrap();
        let old: Vec<&str> = text.lines().collect();
        let stale: Vec<&str> = renewed.lines().filter(|line| !old.contains(line)).collect();
        assert!(
            text == renewed,
            "`cargo bench-functions --recount` makes {page} anew; it should say:\n{}",
            stale.join("\n")
        );
    }
}

/// Round trips and units of a warm call are the same on every machine, so those that the pages are made from must be those of
/// today, and nearly so the sizes of items. An instance's first call reads keys and secrets beside its work, and which of them
/// waits for which is a matter of luck.
#[tokio::test(flavor = "multi_thread")]
async fn design_8_the_figures_are_those_of_todays_code() {
    let kept = Figures::read().unwrap();
    let today = count::again(kept.clone()).await.unwrap_or_else(|fault| panic!("{fault}"));
    let mut stale = Vec::new();
    for case in CASES.iter().chain(&JOBS) {
        let (kept, today) = (kept.row(case.name).unwrap(), today.row(case.name).unwrap());
        let deployed = |row: &Row| (row.memory_mb, row.is_behind_gateway);
        if deployed(today) != deployed(kept) {
            stale.push(format!("{}: memory and gateway {:?}, kept {:?}", case.name, deployed(today), deployed(kept)));
        }
        if (today.first.calls, today.counted) != (kept.first.calls, kept.counted) {
            stale.push(format!(
                "{}: first {:?}\n    then {:?}\n    kept {:?}\n    then {:?}",
                case.name, today.first, today.counted, kept.first, kept.counted
            ));
        }
    }
    for (table, bytes) in &today.item_bytes {
        let kept = kept.item_bytes.get(table).copied().unwrap_or_default();
        if (bytes - kept).abs() > bytes * 0.03 {
            stale.push(format!("{table}: {bytes} bytes an item, kept {kept}"));
        }
    }
    assert!(stale.is_empty(), "`cargo bench-functions --recount` counts anew; not as kept:\n{}", stale.join("\n"));
}
