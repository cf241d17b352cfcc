//! RSA-2048 keys made ahead of need, so that a test stack does not wait for them.
//!
//! They are ordinary keys, each handed out once: a background thread of the process keeps a few ready. It
//! starts with the first stack that has no keys yet, and sleeps while enough are there.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use aws_lc_rs::rsa::{KeyPair, KeySize};

/// Two stacks' worth.
const READY: usize = 4;

static POOL: Pool =
    Pool { inner: Mutex::new(Inner { ready: VecDeque::new(), is_running: false }), taken: Condvar::new() };

struct Pool {
    inner: Mutex<Inner>,
    taken: Condvar,
}

struct Inner {
    ready: VecDeque<KeyPair>,
    is_running: bool,
}

/// Starts the background thread, once for the process.
pub(super) fn warm() -> io::Result<()> {
    let mut inner = POOL.inner();
    if !inner.is_running {
        Builder::new().name("aws-rsa-pool".to_owned()).spawn(fill)?;
        inner.is_running = true;
    }
    Ok(())
}

/// A key that is ready, if there is one.
pub(super) fn take() -> Option<KeyPair> {
    let key = POOL.inner().ready.pop_front()?;
    POOL.taken.notify_one();
    Some(key)
}

fn fill() {
    loop {
        drop(
            POOL.taken
                .wait_while(POOL.inner(), |inner| inner.ready.len() >= READY)
                .unwrap_or_else(PoisonError::into_inner),
        );
        // Generated without the lock, so that others can take what is ready.
        match KeyPair::generate(KeySize::Rsa2048) {
            Ok(key) => POOL.inner().ready.push_back(key),
            // Whoever needs a key makes it himself, and reports what is wrong.
            Err(_) => return,
        }
    }
}

impl Pool {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
