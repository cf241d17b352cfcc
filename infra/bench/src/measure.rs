//! Real binaries on this machine's Lambda: started, asked, watched from outside.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use runtime::{Function, Instance};
use serde_json::Value;
use shared::accounts::SIGN_UP_BEAT;
use shared::password::{Hasher, Password};
use template::Template;

use crate::cases::Case;
use crate::count::{Meter, judged};
use crate::deployed::Deployed;
use crate::figures::{Counted, Hash, Machine, Measured, Row};
use crate::inputs::Kind;
use crate::world::World;
use crate::{Fault, root};

/// Functions that do nothing of ours; what each is.
pub const FLOORS: [(&str, &str); 3] = [
    ("floor-bare", "lambda_http alone"),
    ("floor-dynamodb", "and a DynamoDB client, one call"),
    ("floor-clients", "and a KMS client, one call"),
];

/// The first warm calls are still finding their memory: so many are not looked at.
const WARM_UP: usize = 5;

/// What could be asked for ever is asked for so long, and at least as often as is wanted.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often a binary is started, and how often an instance is asked.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub starts: usize,
    pub samples: usize,
}

impl Effort {
    /// How many events of a case it takes: one for each start, one that is counted, and those that are timed.
    pub fn events(self, case: &Case) -> usize {
        self.starts + 1 + WARM_UP + case.kind.samples(self.samples)
    }
}

/// Builds the release binaries.
///
/// # Errors
/// When one of them is not built.
pub fn build(binaries: &[&str]) -> Result<(), Fault> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--release", "--locked", "--package", "lambda", "--package", "floor"]);
    for binary in binaries {
        command.args(["--bin", binary]);
    }
    let is_built = command.status().is_ok_and(|status| status.success());
    if is_built { Ok(()) } else { Err(Fault::NotBuilt) }
}

/// Where a release binary is.
fn binary(name: &str) -> PathBuf {
    root().join("target/release").join(name)
}

/// Whether there is a release binary of a function.
pub fn is_built(name: &str) -> bool {
    binary(name).is_file()
}

/// How many processes want a core, on average of the last minute.
pub fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default()
}

/// What is measured on.
pub fn machine(day: String, load: f64) -> Machine {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Machine {
        day,
        processor: model.map_or_else(|| "unknown".to_owned(), |(_, model)| model.trim().to_owned()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load,
    }
}

/// The raw rate of hashing on one thread, by the product's own hasher.
pub async fn hashes(n: usize) -> Hash {
    let hasher = Hasher::new(1);
    let password = Password::new("Seven green doors, 1 brass key".to_owned());
    let mut times = Vec::new();
    for _ in 0..=n {
        let started = Instant::now();
        // The decoy: one hash, compared with nothing that anybody has. It fails only while the runtime ends.
        let _ = hasher.verify(None, &password).await;
        times.push(ms(started.elapsed()));
    }
    // The first one has yet to get its memory.
    times.remove(0);
    let median = quantile(&mut times, 0.5);
    Hash { per_second: 1e3 / median, median_ms: median }
}

/// Measures one case, on a binary with what the whole template gives its function.
///
/// # Errors
/// When it is not built, or does not answer as it must.
pub async fn row(
    world: &World,
    template: &Template,
    case: &Case,
    events: Vec<Value>,
    effort: Effort,
) -> Result<Row, Fault> {
    let stack = &world.app().stack;
    let Deployed { memory_mb, timeout, is_behind_gateway } = Deployed::of(template, case.function);
    // A floor has what all functions have, and so have consumers, which are not of this stack.
    let of_all = || stack.template().environment.clone().into_iter().chain(stack.client_settings()).collect();
    let environment = stack.environment_of(case.function).unwrap_or_else(of_all);
    let function =
        Function { name: case.function.to_owned(), binary: binary(case.function), memory_mb, timeout, environment };
    let measured = of(world, case, &function, events, effort).await?;
    let (answer, first, counted, measured) = measured;
    Ok(Row {
        name: case.name.to_owned(),
        about: case.about.to_owned(),
        answer,
        memory_mb,
        is_behind_gateway,
        beat_ms: if case.kind == Kind::SignUp { ms(SIGN_UP_BEAT) } else { 0.0 },
        counted,
        first,
        measured,
    })
}

async fn of(
    world: &World,
    case: &Case,
    function: &Function,
    events: Vec<Value>,
    effort: Effort,
) -> Result<(String, Counted, Counted, Measured), Fault> {
    let failed = |error: runtime::Failed| Fault::Case(case.name.to_owned(), error.to_string());
    let mut events = events.iter();
    let mut next = || events.next().ok_or_else(|| Fault::Case(case.name.to_owned(), "too few events".to_owned()));

    let (mut inits, mut firsts, mut cpus) = (Vec::new(), Vec::new(), Vec::new());
    let mut warm = None;
    let mut first = Counted::default();
    for start in 0..effort.starts {
        let mut instance = Instance::start(function.clone()).await.map_err(failed)?;
        inits.push(ms(instance.init_time()));
        cpus.push(ms(instance.cpu_time().unwrap_or_default()));
        let is_last = start + 1 == effort.starts;
        let meter = if is_last { Some(Meter::start(world).await?) } else { None };
        let invoked = instance.invoke(next()?).await.map_err(failed)?;
        judged(case, &invoked.answer)?;
        firsts.push(ms(invoked.took));
        if let Some(meter) = meter {
            first = meter.read(world).await?;
            warm = Some(instance);
        }
    }
    let Some(mut instance) = warm else { return Err(Fault::Case(case.name.to_owned(), "never started".to_owned())) };

    let meter = Meter::start(world).await?;
    let answer = judged(case, &instance.invoke(next()?).await.map_err(failed)?.answer)?;
    let counted = meter.read(world).await?;

    for _ in 0..WARM_UP {
        judged(case, &instance.invoke(next()?).await.map_err(failed)?.answer)?;
    }
    let (log_before, cpu_before) = (bytes(&instance.log()), instance.cpu_time().unwrap_or_default());
    let mut times = Vec::new();
    let started = Instant::now();
    for event in events {
        if times.len() >= effort.samples && started.elapsed() > PATIENCE {
            break;
        }
        let invoked = instance.invoke(event).await.map_err(failed)?;
        judged(case, &invoked.answer)?;
        times.push(ms(invoked.took));
    }
    let elapsed = started.elapsed();
    let cpu = instance.cpu_time().unwrap_or_default().saturating_sub(cpu_before);
    let peak_memory_bytes = instance.peak_memory().unwrap_or_default();
    // It has written all its lines when it has ended.
    let (_, log) = instance.stop().await.map_err(|error| Fault::File(function.binary.clone(), error))?;
    let n = count(times.len().max(1));
    let measured = Measured {
        binary_bytes: fs::metadata(&function.binary)
            .map_err(|error| Fault::File(function.binary.clone(), error))?
            .len(),
        zip_bytes: zipped(&function.binary).map_err(|error| Fault::File(function.binary.clone(), error))?,
        init_ms: quantile(&mut inits, 0.5),
        first_ms: quantile(&mut firsts, 0.5),
        init_cpu_ms: quantile(&mut cpus, 0.5),
        samples: u32::try_from(times.len()).unwrap_or(u32::MAX),
        per_second: n / elapsed.as_secs_f64(),
        p50_ms: quantile(&mut times, 0.5),
        p95_ms: quantile(&mut times, 0.95),
        p99_ms: quantile(&mut times, 0.99),
        cpu_ms: ms(cpu) / n,
        peak_memory_bytes,
        log_bytes: (bytes(&log) - log_before).max(0.0) / n,
    };
    Ok((answer, first, counted, measured))
}

/// The floors, asked as `http-fallback` is.
///
/// # Errors
/// As [`row`].
pub async fn floors(world: &World, template: &Template, effort: Effort) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    for (name, about) in FLOORS {
        let case = Case::floor(name, about);
        let events = (0..effort.events(&case)).map(|_| world.event("http-fallback").event().clone()).collect();
        rows.push(row(world, template, &case, events, effort).await?);
    }
    Ok(rows)
}

/// How large a file is when it is deflated as a package is: the archive's own few bytes left out.
fn zipped(path: &Path) -> io::Result<u64> {
    #[derive(Default)]
    struct Length(u64);
    impl Write for Length {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += u64::try_from(bytes.len()).unwrap_or_default();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = DeflateEncoder::new(Length::default(), Compression::best());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    encoder.finish().map(|length| length.0)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

fn bytes(lines: &[String]) -> f64 {
    lines.iter().map(|line| count(line.len() + 1)).sum()
}

/// The value below which this part of them lies: the nearest rank.
pub(crate) fn quantile(times: &mut [f64], part: f64) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    let rank = (count(times.len()) * part).ceil();
    // A rank is between one and their number.
    let index = (1..times.len()).take_while(|index| count(*index) < rank).count();
    times.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_nearest_rank() {
        let mut times: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let mut of = |part| quantile(&mut times, part);
        assert_eq!((of(0.5), of(0.95), of(0.99), of(1.0)), (50.0, 95.0, 99.0, 100.0));
        assert_eq!((quantile(&mut [7.0], 0.5), quantile(&mut [7.0], 0.99), quantile(&mut [], 0.5)), (7.0, 7.0, 0.0));
    }

    #[tokio::test]
    async fn hashes_are_really_made() {
        let hash = hashes(3).await;
        assert!(hash.median_ms > 1.0 && hash.per_second < 1e3, "{hash:?}");
    }
}
