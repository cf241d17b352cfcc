//! The `dynoxide` engine: opening it, serving it, and letting expired items go.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use dynoxide::storage_backend::Clock as EngineClock;
use tokio::sync::watch;

use super::Dynamodb;
use crate::clock::Clock;
use crate::server::Server;
use crate::start::StartError;

pub(crate) use dynoxide::Database;

/// How often expired items are removed. AWS promises days; the product never relies on it.
const SWEEP_EVERY: Duration = Duration::from_secs(3);

/// The stack's clock as the engine wants it.
struct MovableClock(Clock);

impl EngineClock for MovableClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from((self.0)() / 1000).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        (self.0)() as f64 / 1000.0
    }
}

/// Opens the database of a data directory, or one in memory. Only the one in memory follows `clock`: the
/// engine offers no file with a clock of one's own, so a file expires items by the machine's clock.
pub(crate) fn open(dir: Option<&Path>, clock: &Clock) -> Result<Database, StartError> {
    let failed = |error: dynoxide::DynoxideError| StartError::Database(error.to_string());
    let Some(dir) = dir else {
        return Database::memory_with_clock(Arc::new(MovableClock(Arc::clone(clock)))).map_err(failed);
    };
    let path = dir.join("dynamodb.sqlite");
    let path = path.to_str().ok_or_else(|| StartError::Database(format!("{} is not UTF-8", path.display())))?;
    let database = Database::new(path).map_err(failed)?;
    // Leaves SQLite at `synchronous = NORMAL`: a crash of the process loses nothing, one of the machine may
    // lose the last moments, and a write takes half the time.
    database.disable_bulk_loading().map_err(failed)?;
    Ok(database)
}

/// Serves the engine on a thread of its own, where SQLite may block.
pub(crate) fn spawn(listener: TcpListener, database: Database, dynamodb: &Dynamodb) -> io::Result<Server> {
    let sweeper = Sweeper::start(database.clone(), dynamodb.writes.clone())?;
    Server::spawn("aws-dynamodb", listener, move |listener| async move {
        // Stops with the server, which waits for it.
        let _sweeper = sweeper;
        // It ends only when the server is dropped: nothing asks it to shut down.
        if let Err(reason) = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await {
            eprintln!("the embedded DynamoDB stopped: {reason}");
        }
    })
}

/// Removes what has expired, until it is dropped.
///
/// On a thread of its own: a sweep reads every table that has a TTL, a few rows at a time, and lets requests pass between
/// them. On the server's only thread it would let nobody pass for as long as it takes: two seconds for 100,000 events.
struct Sweeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sweeper {
    fn start(database: Database, writes: watch::Sender<u64>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = Builder::new().name("aws-dynamodb-ttl".to_owned()).spawn(move || {
            while stopped.recv_timeout(SWEEP_EVERY) == Err(RecvTimeoutError::Timeout) {
                // A failed sweep is tried again at the next turn.
                if database.sweep_ttl().is_ok_and(|removed| removed > 0) {
                    writes.send_modify(|count| *count += 1);
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has already been printed.
            let _ = thread.join();
        }
    }
}
