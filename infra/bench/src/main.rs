//! `cargo bench-functions`: what each function costs.
//!
//! | option | |
//! |---|---|
//! | `--all` | every function, not only those that most people meet |
//! | `--only NAME,…` | these rows |
//! | `--starts N`, `--samples N` | how often a binary is started (15), how often an instance is asked (200; ten times as often where that is cheap and quick, a quarter where each call takes long to prepare) |
//! | `--json FILE` | writes all figures there, too |
//! | `--no-build` | takes the release binaries that are there |
//! | `--keep` | with `--all`: keeps the figures in the repository and makes the tables of the pages anew |
//! | `--recount` | builds and measures nothing: counts calls in this process, keeps what was measured, makes the tables anew |

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench::cases::{self, CASES, Case};
use bench::figures::{Figures, Row};
use bench::measure::{self, Effort, FLOORS};
use bench::world::World;
use bench::{Fault, count, figures, inputs, page, sizes, speed, table};
use serde_json::Value;
use template::Template;

struct Options {
    all: bool,
    only: Vec<String>,
    effort: Effort,
    json: Option<PathBuf>,
    builds: bool,
    keeps: bool,
    recounts: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            eprintln!(
                "{what}\ntakes --all, --only NAME,…, --starts N, --samples N, --json FILE, --no-build, --keep, --recount"
            );
            return ExitCode::from(2);
        }
    };
    let done = if options.recounts { recount().await } else { run(&options).await };
    match done {
        Ok(is_good) if is_good => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        all: false,
        only: Vec::new(),
        effort: Effort { starts: 15, samples: 200 },
        json: None,
        builds: true,
        keeps: false,
        recounts: false,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("{text} is no number"));
        match word.as_str() {
            "--all" => options.all = true,
            "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
            "--starts" => options.effort.starts = number(value()?)?,
            "--samples" => options.effort.samples = number(value()?)?,
            "--json" => options.json = Some(value()?.into()),
            "--no-build" => options.builds = false,
            "--keep" => options.keeps = true,
            "--recount" => options.recounts = true,
            _ => return Err(format!("{word} is not known")),
        }
    }
    if options.keeps && (!options.all || !options.only.is_empty()) {
        return Err("--keep needs the figures of --all".to_owned());
    }
    Ok(options)
}

async fn run(options: &Options) -> Result<bool, Fault> {
    let cases = chosen(options)?;
    if options.builds {
        let mut binaries: Vec<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
        binaries.extend(cases.iter().map(|case| case.function));
        binaries.dedup();
        measure::build(&binaries)?;
    }
    let bench = Bench {
        world: World::start().await,
        empty: World::empty().await,
        template: page::template()?,
        effort: options.effort,
    };
    let day = bench.world.app().stack.clock().now().to_string().split('T').next().unwrap_or_default().to_owned();

    // Those that must be a minute old are made first.
    let mut early: Vec<(&str, Vec<Value>)> = Vec::new();
    for case in cases.iter().filter(|case| case.is_late()) {
        eprintln!("preparing {} …", case.name);
        early.push((case.name, bench.events(case).await?));
    }
    let made = Instant::now();
    let hash = measure::hashes(20).await;
    let mut load = measure::load();
    let (mut floors, mut rows) = (Vec::new(), Vec::new());
    for (place, case) in cases.iter().enumerate() {
        // At the start, in the middle and at the end: a machine has its moods.
        if place % cases.len().div_ceil(2) == 0 {
            floors.extend(bench.floors().await?);
        }
        eprintln!("{} …", case.name);
        let prepared = early.iter().position(|(name, _)| *name == case.name).map(|place| early.swap_remove(place).1);
        let events = match prepared {
            Some(events) => {
                tokio::time::sleep(Duration::from_secs(61).saturating_sub(made.elapsed())).await;
                events
            }
            None => bench.events(case).await?,
        };
        rows.push(measure::row(bench.world_of(case), &bench.template, case, events, bench.effort).await?);
        load = load.max(measure::load());
    }
    floors.extend(bench.floors().await?);
    let machine = measure::machine(day, load);
    let found = Figures { machine, hash, floors, rows, item_bytes: sizes::of_items(&bench.world).await? };
    println!("{}", table::of(&found));
    if let Some(file) = &options.json {
        write(file, &found.to_json()?)?;
    }
    if options.keeps {
        // Counted as the tests count them: what a table holds depends on what else was done.
        keep(&count::again_with_others(found.clone()).await?)?;
    }
    Ok(judge(&found))
}

/// Where cases are measured, and how thoroughly.
struct Bench {
    world: World,
    /// Where nobody is.
    empty: World,
    /// The whole one, which the worlds' lacks a part of.
    template: Template,
    effort: Effort,
}

impl Bench {
    fn world_of(&self, case: &Case) -> &World {
        if case.is_job() { &self.empty } else { &self.world }
    }

    async fn events(&self, case: &Case) -> Result<Vec<Value>, Fault> {
        inputs::events(self.world_of(case), case, self.effort.events(case)).await
    }

    async fn floors(&self) -> Result<Vec<Row>, Fault> {
        eprintln!("floors …");
        measure::floors(&self.world, &self.template, self.effort).await
    }
}

fn chosen(options: &Options) -> Result<Vec<Case>, Fault> {
    let mut cases = if options.all || !options.only.is_empty() { cases::all() } else { CASES.to_vec() };
    if options.all {
        for name in cases::without(&page::template()?) {
            eprintln!("{name}: there is no case of it");
        }
    }
    if !options.builds {
        cases.retain(|case| measure::is_built(case.function));
    }
    if !options.only.is_empty() {
        cases.retain(|case| options.only.iter().any(|name| name == case.name || name == case.function));
    }
    if cases.is_empty() {
        return Err(Fault::NoCase);
    }
    Ok(cases)
}

/// Tells whether what is promised is kept.
fn judge(found: &Figures) -> bool {
    let promises = speed::promises(found);
    promises.iter().for_each(|it| println!("{}: {}", if it.is_kept { "good" } else { "BAD" }, it.what));
    promises.iter().all(|it| it.is_kept)
}

/// Counts again what does not depend on a machine, and keeps what does.
async fn recount() -> Result<bool, Fault> {
    keep(&count::again_with_others(Figures::read()?).await?)?;
    Ok(true)
}

fn keep(found: &Figures) -> Result<(), Fault> {
    write(&figures::path(), &found.to_json()?)?;
    page::renew(found)
}

fn write(path: &PathBuf, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(|error| Fault::File(path.clone(), error))
}
