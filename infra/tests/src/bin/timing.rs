//! `cargo timing [SAMPLES] [PROBE]`: can known and unknown addresses be told apart by how long answers take? (LOGIN-1, SIGN-4, case 028)
//!
//! Each endpoint is asked for a thousand known and a thousand unknown addresses in random order, one request after the
//! other. Of the two samples the AUC is computed: the chance that a known address takes longer than an unknown one, which
//! is how often the best guess by time alone would be right. 0.5 is a coin; more than 0.55 (or less than 0.45) fails.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp, at_once};

const BOUND: f64 = 0.05;

/// One way of asking about an address.
struct Probe {
    name: &'static str,
    path: &'static str,
    body: fn(&str) -> Value,
    status: u16,
}

const PROBES: &[Probe] = &[
    Probe { name: "login, 1st failure", path: "/auth/login", body: wrong_password, status: 401 },
    Probe { name: "login, 2nd failure", path: "/auth/login", body: wrong_password, status: 401 },
    Probe { name: "login, 3rd: warning", path: "/auth/login", body: wrong_password, status: 401 },
    Probe { name: "login, 4th failure", path: "/auth/login", body: wrong_password, status: 401 },
    Probe { name: "login, 5th: lock", path: "/auth/login", body: wrong_password, status: 401 },
    Probe { name: "login, locked", path: "/auth/login", body: wrong_password, status: 423 },
    Probe { name: "resend", path: "/auth/verify-email/resend", body: address_only, status: 202 },
    Probe { name: "forgotten password", path: "/auth/password/forgot", body: address_only, status: 202 },
    Probe { name: "sign-up", path: "/auth/signup", body: sign_up, status: 202 },
];

fn wrong_password(email: &str) -> Value {
    json!({ "email": email, "password": "a wrong password" })
}

fn address_only(email: &str) -> Value {
    json!({ "email": email })
}

fn sign_up(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
}

#[tokio::main]
async fn main() -> ExitCode {
    let samples = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let app = std::sync::Arc::new(TestApp::start().await);
    println!("making {samples} accounts …");
    make_accounts(&app, samples).await;

    println!("{:<22} {:>14} {:>14} {:>8}", "", "known, median", "unknown, median", "AUC");
    let mut is_good = true;
    let wanted = std::env::args().nth(2).unwrap_or_default();
    for probe in PROBES.iter().filter(|probe| probe.name.contains(&wanted)) {
        let (known, unknown) = ask(&app, probe, samples).await;
        let auc = auc(&known, &unknown);
        is_good &= (auc - 0.5).abs() <= BOUND;
        println!("{:<22} {:>11.2} ms {:>11.2} ms {:>8.3}", probe.name, median(&known), median(&unknown), auc);
    }
    println!("\n{samples} samples of each; {}", if is_good { "good: no AUC beyond 0.55" } else { "BAD: time tells" });
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn address(is_known: bool, i: usize) -> String {
    // As long as each other, so that nothing but the account differs.
    format!("{}{i}@example.com", if is_known { "known" } else { "other" })
}

async fn make_accounts(app: &std::sync::Arc<TestApp>, samples: usize) {
    for start in (0..samples).step_by(8) {
        at_once(8.min(samples - start), |i| {
            let app = app.clone();
            async move { app.account(&address(true, start + i)).await }
        })
        .await;
    }
    app.outbox_is_empty().await;
}

/// Milliseconds for known and for unknown addresses. Asserts that the answers are the same.
async fn ask(app: &TestApp, probe: &Probe, samples: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for i in 0..samples {
        // Which of the two comes first must not tell either.
        let first = shared::random::below(2) == 0;
        let (one, two) = (time(app, probe, &address(first, i)).await, time(app, probe, &address(!first, i)).await);
        // A machine that is busy with other things may be too slow to answer. That says nothing about the address.
        if [&one, &two].iter().any(|(_, answer)| answer.status == 503) {
            eprintln!("{}: a pair was left out, because it was answered 503", probe.name);
            continue;
        }
        for (is_known, (took, _)) in [(first, &one), (!first, &two)] {
            (if is_known { &mut known } else { &mut unknown }).push(took.as_secs_f64() * 1e3);
        }
        let answers = [one.1, two.1];
        assert_eq!(shape(&answers[0]), shape(&answers[1]), "{}", probe.name);
        assert_eq!(answers[0].status, probe.status, "{}: {}", probe.name, answers[0].text);
    }
    (known, unknown)
}

async fn time(app: &TestApp, probe: &Probe, email: &str) -> (Duration, Answer) {
    let request = app.request("POST", probe.path).json(&(probe.body)(email));
    let started = Instant::now();
    let answer = Answer::to(request).await;
    (started.elapsed(), answer)
}

/// What must not differ: the status, the names of the headers, and the body but for its request id.
fn shape(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut body = answer.body.clone();
    body.as_object_mut().map(|body| body.remove("requestId"));
    // A lock's remaining time is told to the minute, and the two were made a moment apart.
    body.as_object_mut().map(|body| body.remove("detail"));
    (answer.status, answer.headers.keys().map(|name| name.to_string()).collect(), body)
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The chance that a value of `a` is greater than one of `b` (Mann–Whitney).
fn auc(a: &[f64], b: &[f64]) -> f64 {
    let greater = |x: &f64| {
        b.iter()
            .map(|y| {
                if x > y {
                    1.0
                } else if x == y {
                    0.5
                } else {
                    0.0
                }
            })
            .sum::<f64>()
    };
    a.iter().map(greater).sum::<f64>() / (a.len() * b.len()) as f64
}
