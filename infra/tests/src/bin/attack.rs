//! `cargo attack`: a thousand guesses at once on one account, over HTTP, while its owner goes on signing in (LOGIN-4,
//! LOGIN-9, case 039, F22, F29). Prints what came of it, and fails if anything got further than it may.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use embedded_aws::Call;
use serde_json::json;
use tests::{Answer, Browser, PASSWORD, TestApp, at_once};

const GUESSES: usize = 1_000;
/// More hashes than this for one account's strangers within a window, and the lock does not hold.
const HASHES: u64 = 5;

/// Where an attack comes from.
#[derive(Clone, Copy)]
enum From {
    OneAddress,
    ManyAddresses,
}

/// What came of one attack.
struct Outcome {
    name: &'static str,
    statuses: String,
    hashes: u64,
    strangers_sessions: usize,
    owner: (usize, usize),
    owner_slowest: Duration,
    /// Calls on the table of counters: writes, refused writes, reads.
    counters: (usize, usize, usize),
    took: Duration,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.hashes <= HASHES && self.strangers_sessions == 0 && self.owner.0 == self.owner.1 && self.owner.1 > 0
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    println!(
        "{GUESSES} wrong passwords at once on one account, the right one among them; its owner signs in all the while"
    );
    println!("from a browser that has signed in before, and from the attacker's own address.\n");
    let mut outcomes = Vec::new();
    for (name, from) in [("one address", From::OneAddress), ("1,000 addresses", From::ManyAddresses)] {
        outcomes.push(attack(name, from).await);
    }
    println!(
        "{:<16} {:>6} {:>8} {:>12} {:>14} {:>26} {:>8}  answers",
        "from", "hashes", "sessions", "owner got in", "owner slowest", "counter writes/refused/reads", "took"
    );
    for outcome in &outcomes {
        let (writes, refused, reads) = outcome.counters;
        println!(
            "{:<16} {:>6} {:>8} {:>12} {:>11} ms {:>28} {:>5} ms  {}",
            outcome.name,
            outcome.hashes,
            outcome.strangers_sessions,
            format!("{}/{}", outcome.owner.0, outcome.owner.1),
            outcome.owner_slowest.as_millis(),
            format!("{writes}/{refused}/{reads}"),
            outcome.took.as_millis(),
            outcome.statuses,
        );
    }
    if outcomes.iter().all(Outcome::is_good) {
        println!("\ngood: at most {HASHES} hashes, no session for a stranger, the owner in throughout");
        ExitCode::SUCCESS
    } else {
        println!("\nBAD: a bound does not hold");
        ExitCode::FAILURE
    }
}

async fn attack(name: &'static str, from: From) -> Outcome {
    const EMAIL: &str = "owner@example.com";
    let app = Arc::new(TestApp::start().await);
    let browser = app.browser(EMAIL).await;
    app.stack.aws().calls().clear();
    let hashes_before = app.stack.app().hasher().computed();
    let sessions_before = app.table("sessions").await.len();

    let is_over = Arc::new(AtomicBool::new(false));
    let owner = tokio::spawn(owner_signs_in(app.clone(), browser.cookies.clone(), EMAIL, is_over.clone()));
    let started = Instant::now();
    let answers = at_once(GUESSES, |i| {
        let app = app.clone();
        async move {
            let password = if i == GUESSES / 2 { PASSWORD } else { "a wrong guess" };
            match from {
                From::OneAddress => app.log_in_from("192.0.2.1", EMAIL, password).await,
                From::ManyAddresses => app.log_in(EMAIL, password).await,
            }
        }
    })
    .await;
    let took = started.elapsed();
    is_over.store(true, Ordering::SeqCst);
    let (got_in, tries, owner_slowest) = owner.await.unwrap_or_default();

    let hashes = app.stack.app().hasher().computed() - hashes_before - tries as u64;
    let sessions = app.table("sessions").await.len() - sessions_before - got_in;
    Outcome {
        name,
        statuses: tally(&answers),
        hashes,
        strangers_sessions: sessions,
        owner: (got_in, tries),
        owner_slowest,
        counters: counters(&app.stack.aws().calls().list(None)),
        took,
    }
}

/// Signs in again and again on the owner's own browser, until the attack is over. A person needs a while for each.
async fn owner_signs_in(
    app: Arc<TestApp>,
    cookies: std::collections::BTreeMap<String, String>,
    email: &'static str,
    is_over: Arc<AtomicBool>,
) -> (usize, usize, Duration) {
    let mut browser = Browser { app: &app, cookies };
    let (mut got_in, mut tries, mut slowest) = (0, 0, Duration::ZERO);
    // Five at once are what a browser may; more would meet its own limit, not the attack.
    while tries < 5 && (tries == 0 || !is_over.load(Ordering::SeqCst)) {
        let started = Instant::now();
        let answer = browser.log_in_from("192.0.2.1", email, PASSWORD).await;
        slowest = slowest.max(started.elapsed());
        tries += 1;
        got_in += usize::from(answer.status == 200);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (got_in, tries, slowest)
}

fn tally(answers: &[Answer]) -> String {
    let mut statuses: Vec<(u16, usize)> = Vec::new();
    for answer in answers {
        match statuses.iter_mut().find(|(status, _)| *status == answer.status) {
            Some((_, count)) => *count += 1,
            None => statuses.push((answer.status, 1)),
        }
    }
    statuses.sort_unstable();
    json!(statuses.iter().map(|(status, count)| format!("{status}×{count}")).collect::<Vec<_>>()).to_string()
}

fn counters(calls: &[Call]) -> (usize, usize, usize) {
    let on_counters = calls.iter().filter(|call| call.tables.iter().any(|table| table.ends_with("-attempts")));
    on_counters.fold((0, 0, 0), |(writes, refused, reads), call| match (call.operation.as_str(), call.status) {
        ("GetItem", _) => (writes, refused, reads + 1),
        (_, 200) => (writes + 1, refused, reads),
        _ => (writes, refused + 1, reads),
    })
}
