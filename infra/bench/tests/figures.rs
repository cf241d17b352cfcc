//! Holds docs/costs.md to the figures and the prices, and the figures to today's code.

use bench::cases::CASES;
use bench::figures::Figures;
use bench::world::World;
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

/// Round trips and units of a warm call are the same on every machine, so those that the page is made from must be those of today.
/// An instance's first call reads keys and secrets beside its work, and which of them waits for which is a matter of luck.
#[tokio::test(flavor = "multi_thread")]
async fn design_8_the_figures_are_those_of_todays_code() {
    let figures = Figures::read().unwrap();
    let world = World::start().await;
    let mut stale = Vec::new();
    for case in &CASES {
        let row = figures.row(case.name).unwrap();
        let (first, warm) = count::in_process(&world, case).await.unwrap_or_else(|fault| panic!("{fault}"));
        if (first.calls, warm) != (row.first.calls, row.counted) {
            stale.push(format!(
                "{}: first {first:?}\n    then {warm:?}\n    kept {:?}\n    then {:?}",
                case.name, row.first, row.counted
            ));
        }
    }
    assert!(stale.is_empty(), "`cargo bench-functions --recount` counts anew; not as kept:\n{}", stale.join("\n"));
}
