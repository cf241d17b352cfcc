//! `cargo bench-audit`: how long the audit trail takes to answer over 100,000 events, over HTTP, and what that consumes
//! (AUDIT-2, AUDIT-3). Takes the number of events. Fails when a page takes 500 ms or 10,000 rows of a copy take 10 s.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use embedded_aws::Call;
use shared::audit::{Actor, Event, Kind};
use shared::clock::Timestamp;
use shared::context::RequestContext;
use shared::email::Email;
use shared::id::UserId;
use tests::{Answer, Native, TestApp, at_once, with_query, without_streams};

const ROOT: &str = "root@example.com";
const EVENTS: u64 = 100_000;
const ROWS: usize = 10_000;
const PEOPLE: u64 = 1_000;
/// Over so many days the events lie.
const DAYS: u64 = 80;
const WORKERS: u64 = 16;

#[tokio::main]
async fn main() -> ExitCode {
    let events = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(EVENTS);
    let app = TestApp::of_template(without_streams(&["AuditEvents"]), &[("AdminEmails", ROOT)]).await;
    let admin = app.native(ROOT).await;
    let now = app.stack.clock().now();
    let people: Vec<UserId> = (0..PEOPLE).map(|_| UserId::new(now)).collect();

    let started = Instant::now();
    seed(&app, events, now, people.clone()).await;
    println!("{events} events written in {:.1} s, by the store's own code\n", started.elapsed().as_secs_f64());

    let day = |ago: u64| (now - Duration::from_secs(ago * 86_400)).to_string();
    let queries: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("no filter", vec![]),
        ("a person", vec![("userId", people[7].to_string())]),
        ("a stranger's address", vec![("email", "stranger7@example.com".to_owned())]),
        ("a common kind", vec![("action", "UserLoggedIn".to_owned())]),
        ("a rare kind", vec![("action", "UserAccountLocked".to_owned())]),
        ("a kind that is not there", vec![("action", "RefreshTokenReplayed".to_owned())]),
        ("an address", vec![("ip", "198.51.100.7".to_owned())]),
        ("a request", vec![("requestId", "seeded-4711".to_owned())]),
        ("failures", vec![("outcome", "failure".to_owned())]),
        ("a day, a month ago", vec![("from", day(31)), ("to", day(30))]),
        ("failures of a day", vec![("from", day(31)), ("to", day(30)), ("outcome", "failure".to_owned())]),
        ("a person's failures", vec![("userId", people[7].to_string()), ("outcome", "failure".to_owned())]),
        ("an address and a kind", vec![("ip", "198.51.100.7".to_owned()), ("action", "UserLoginFailed".to_owned())]),
        ("a kind of a day", vec![("action", "UserLoginFailed".to_owned()), ("from", day(50)), ("to", day(49))]),
    ];
    println!(
        "{:<28} {:>7} {:>12} {:>12} {:>7} {:>11}",
        "page of 50", "events", "median", "slowest", "calls", "read units"
    );
    let mut is_good = true;
    for (name, query) in &queries {
        let (mut times, mut shown) = (Vec::new(), (0, 0, 0.0));
        for _ in 0..7 {
            let started = Instant::now();
            let answer = get(&admin, "/admin/audit-logs", query).await;
            times.push(started.elapsed());
            let calls = queries_of(&app, &answer);
            let units: f64 = calls.iter().map(|call| call.read_units).sum();
            shown = (answer.body["events"].as_array().map_or(0, Vec::len), calls.len(), units);
        }
        times.sort_unstable();
        let slowest = times[times.len() - 1];
        is_good &= slowest < Duration::from_millis(500);
        let median = format!("{:.1} ms", times[times.len() / 2].as_secs_f64() * 1e3);
        let slowest = format!("{:.1} ms", slowest.as_secs_f64() * 1e3);
        println!("{name:<28} {:>7} {median:>12} {slowest:>12} {:>7} {:>11.1}", shown.0, shown.1, shown.2);
    }

    println!("\n{:<28} {:>7} {:>12} {:>8} {:>11} {:>10}", "copy", "rows", "took", "pieces", "read units", "bytes");
    for format in ["csv", "ndjson"] {
        let started = Instant::now();
        let (rows, pieces, units, bytes) = copy(&app, &admin, format).await;
        let took = started.elapsed();
        is_good &= took < Duration::from_secs(10) && rows >= ROWS.min(usize::try_from(events).unwrap_or(ROWS));
        let took = format!("{:.0} ms", took.as_secs_f64() * 1e3);
        println!("{format:<28} {rows:>7} {took:>12} {pieces:>8} {units:>11.1} {bytes:>10}");
    }
    println!(
        "\n{}",
        if is_good { "good: pages below 500 ms, 10,000 rows below 10 s" } else { "BAD: a bound does not hold" }
    );
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn get(admin: &Native<'_>, path: &str, query: &[(&str, String)]) -> Answer {
    Answer::to(admin.app.request("GET", &with_query(path, query)).bearer_auth(&admin.access)).await.expect(200)
}

fn queries_of(app: &TestApp, answer: &Answer) -> Vec<Call> {
    let calls = app.stack.aws().calls().list(Some(answer.header("x-request-id")));
    calls
        .into_iter()
        .filter(|call| call.operation == "Query" && call.tables.iter().any(|it| it.ends_with("-events")))
        .collect()
}

/// Takes 10,000 rows at least, piece by piece. Returns rows, pieces, read units and bytes.
async fn copy(app: &TestApp, admin: &Native<'_>, format: &str) -> (usize, usize, f64, usize) {
    let mut path = format!("/admin/audit-logs/export?format={format}");
    let (mut rows, mut pieces, mut units, mut bytes) = (0, 0, 0.0, 0);
    while rows < ROWS {
        let piece = get(admin, &path, &[]).await;
        rows += piece.text.lines().count();
        bytes += piece.text.len();
        pieces += 1;
        units += queries_of(app, &piece).iter().map(|call| call.read_units).sum::<f64>();
        let link = piece.header("link");
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split('>').next()) else { break };
        path = next.to_owned();
    }
    (rows, pieces, units, bytes)
}

/// Writes the events, spread over the days, as sign-ins, failures and refreshes come.
async fn seed(app: &TestApp, events: u64, now: Timestamp, people: Vec<UserId>) {
    let shared = app.stack.app();
    let step = DAYS * 86_400_000 / events.max(1);
    at_once(usize::try_from(WORKERS).unwrap_or(1), move |worker| {
        let (shared, people) = (shared.clone(), people.clone());
        async move {
            for i in (0..events).filter(|i| i % WORKERS == worker as u64) {
                let at = now - Duration::from_millis((events - i) * step);
                let mut ctx = RequestContext::of_job(at, format!("seeded-{i}"));
                ctx.ip = format!("198.51.{}.{}", i / 256 % 4 + 100, i % 251).parse().ok();
                ctx.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned();
                if let Err(error) = shared.store.record_event(&ctx, event(i, &people)).await {
                    panic!("{error}");
                }
            }
        }
    })
    .await;
}

fn event(i: u64, people: &[UserId]) -> Event {
    let person = people[usize::try_from(i % PEOPLE).unwrap_or(0)];
    match i % 20 {
        0..=8 => Event::by_user(Kind::TokenRefreshed, person).with("how", "rotated"),
        9..=14 => Event::by_user(Kind::UserLoggedIn, person).with("method", "pwd"),
        15..=17 => Event::by_user(Kind::UserLoginFailed, person).failed("invalid credentials"),
        18 => match Email::parse(&format!("stranger{}@example.com", i / 20 % 50)) {
            Ok(email) => Event::new(Kind::UserLoginFailed, Actor::Email(email)).failed("invalid credentials"),
            Err(error) => panic!("{error}"),
        },
        _ if i % 2_000 == 19 => Event::by_user(Kind::UserAccountLocked, person),
        _ => Event::by_user(Kind::UserLogout, person),
    }
}
