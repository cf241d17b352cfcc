//! The hasher under load, cancellation and unknown accounts, mostly with trifling parameters.

use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use super::*;

/// How many computations run, and how many ever did at once.
#[derive(Default)]
pub(super) struct Gauge {
    running: AtomicUsize,
    peak: AtomicUsize,
}

pub(super) struct Running<'a>(&'a Gauge);

impl Gauge {
    pub(super) fn enter(&self) -> Running<'_> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(running, Ordering::SeqCst);
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn quick() -> Hasher {
    Hasher::with_params(Params::new(64, 1, 1, None).unwrap(), 2)
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

async fn matches(hasher: &Hasher, stored: &str, text: &str) -> bool {
    hasher.verify(Some(stored), &password(text)).await.unwrap_or_else(|e| panic!("{e}")).matches
}

#[tokio::test]
async fn a_hash_is_a_phc_string_of_the_owasp_parameters_and_verifies() {
    let hasher = Hasher::new(1);
    let stored = hasher.hash(&password("moss lamp kayak")).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, hasher.hash(&password("moss lamp kayak")).await.unwrap());
    let verdict = hasher.verify(Some(&stored), &password("moss lamp kayak")).await.unwrap();
    assert!(verdict.matches && verdict.rehash.is_none());
    assert!(!matches(&hasher, &stored, "moss lamp kayal").await);
    assert_eq!(hasher.computed(), 2);
}

#[tokio::test]
async fn case_004_and_007_and_008_every_code_point_counts() {
    let hasher = quick();
    for (text, other) in [
        ("🦀".repeat(128), "🦀".repeat(127) + "🐢"),
        ("  two  words ".to_owned(), "two  words".to_owned()),
        ("  two  words ".to_owned(), "  two words ".to_owned()),
        ("left\0right".to_owned(), "left".to_owned()),
        ("\u{feff}left\u{202e}".to_owned(), "left".to_owned()),
        ("\u{fb01}n".to_owned(), "fin".to_owned()),
    ] {
        let stored = hasher.hash(&password(&text)).await.unwrap();
        assert!(matches(&hasher, &stored, &text).await && !matches(&hasher, &stored, &other).await, "{text:?}");
    }
}

#[tokio::test]
async fn case_006_a_decomposed_letter_verifies_composed() {
    let hasher = quick();
    let stored = hasher.hash(&password("cafe\u{301} lamp")).await.unwrap();
    assert!(matches(&hasher, &stored, "caf\u{e9} lamp").await);
}

#[tokio::test]
async fn an_unknown_account_costs_one_hash_and_never_matches() {
    let hasher = quick();
    for text in ["", "anything", "\u{d5}"] {
        let verdict = hasher.verify(None, &password(text)).await.unwrap();
        assert!(!verdict.matches && verdict.rehash.is_none());
    }
    assert_eq!(hasher.computed(), 3);
}

#[tokio::test]
async fn an_unknown_account_takes_the_time_of_a_known_one() {
    let hasher = Hasher::new(1);
    let stored = hasher.hash(&password("moss lamp kayak")).await.unwrap();
    let mut best = [Duration::MAX; 2];
    for _ in 0..5 {
        for (best, stored) in best.iter_mut().zip([None, Some(stored.as_str())]) {
            let start = Instant::now();
            hasher.verify(stored, &password("wrong")).await.unwrap_or_else(|e| panic!("{e}"));
            *best = start.elapsed().min(*best);
        }
    }
    assert!(best[0] < best[1] * 2 && best[1] < best[0] * 2, "{best:?}");
}

#[tokio::test]
async fn foreign_and_weaker_hashes_are_replaced_at_a_match_only() {
    let hasher = quick();
    let weaker = Hasher::with_params(Params::new(32, 1, 1, None).unwrap(), 1);
    let weaker = weaker.hash(&password("U*U")).await.unwrap();
    for stored in ["$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", weaker.as_str()] {
        let verdict = hasher.verify(Some(stored), &password("U*U")).await.unwrap();
        let rehash = verdict.rehash.unwrap();
        assert!(verdict.matches && rehash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{rehash}");
        let again = hasher.verify(Some(&rehash), &password("U*U")).await.unwrap();
        assert!(again.matches && again.rehash.is_none());
        let wrong = hasher.verify(Some(stored), &password("U*V")).await.unwrap();
        assert!(!wrong.matches && wrong.rehash.is_none());
    }
    // A verification counts once, whatever it makes besides.
    assert_eq!(hasher.computed(), 6);
}

#[tokio::test]
async fn a_stored_hash_over_the_caps_is_a_fault_and_costs_nothing() {
    let hasher = quick();
    let stored = "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_eq!(hasher.verify(Some(stored), &password("x")).await.err(), Some(HashFault::TooCostly));
    assert_eq!(hasher.computed(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_parallel_verifications_with_two_permits_two_run_at_once() {
    let hasher = Arc::new(Hasher::new(2));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.verify(None, &password("moss lamp kayak")).await })
        })
        .collect();
    for task in tasks {
        assert!(!task.await.unwrap().unwrap().matches);
    }
    assert_eq!((hasher.computed(), hasher.inner.gauge.peak.load(Ordering::SeqCst)), (8, 2));
}

#[tokio::test]
async fn a_cancelled_verification_leaves_permits_and_memory_whole() {
    let hasher = Arc::new(Hasher::new(2));
    let stored = hasher.hash(&password("moss lamp kayak")).await.unwrap();
    for wait in [0, 1, 5, 9] {
        let abandoned: Vec<_> = (0..4)
            .map(|_| {
                let (hasher, stored) = (Arc::clone(&hasher), stored.clone());
                tokio::spawn(async move { hasher.verify(Some(&stored), &password("wrong")).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        abandoned.iter().for_each(|task| task.abort());
        assert!(matches(&hasher, &stored, "moss lamp kayak").await);
        assert!(!matches(&hasher, &stored, "moss lamp kayal").await);
    }
    // Both permits come back once the abandoned work is done.
    let all = hasher.permits.acquire_many(2).await.unwrap();
    assert!(hasher.inner.gauge.peak.load(Ordering::SeqCst) <= 2);
    drop(all);
}

#[tokio::test]
async fn hashing_leaves_the_runtime_free_for_other_work() {
    let hasher = Hasher::new(1);
    let (moss, ticks) = (password("moss"), AtomicUsize::new(0));
    let ticking = async {
        loop {
            tokio::task::yield_now().await;
            ticks.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::select! {
        done = hasher.hash(&moss) => assert!(done.is_ok()),
        () = ticking => {}
    }
    assert!(ticks.into_inner() > 10);
}
