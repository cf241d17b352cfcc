//! One process of a function: its start, its events one after the other, what it took, its end.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::serve::ListenerExt;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use shared::clock::Clock;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::api::{Api, Delivery, Said, router};
use crate::failure::Failed;
use crate::function::Function;
use crate::output::Output;

/// Lambda gives a function so long before its first `next`.
const LONGEST_INIT: Duration = Duration::from_secs(10);
/// And so long between the signal to end and its end by force.
const LONGEST_SHUTDOWN: Duration = Duration::from_millis(500);

/// A running process. Dropping it ends it.
pub struct Instance {
    function: Function,
    process: Child,
    output: Output,
    events: mpsc::UnboundedSender<Delivery>,
    said: mpsc::UnboundedReceiver<Said>,
    init_time: Duration,
    /// Serves the Runtime API.
    _server: JoinSet<()>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Invoked {
    pub answer: Value,
    /// From the moment at which the process was given the event to the moment at which its answer was read whole.
    pub took: Duration,
}

impl Instance {
    /// Starts a process, and waits until it asks for an event.
    ///
    /// # Errors
    /// When it does not get so far, for whatever reason; the process has ended then.
    pub async fn start(function: Function) -> Result<Self, Failed> {
        let not_started = |error| Failed::NotStarted(function.binary.clone(), error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(not_started)?;
        let address = listener.local_addr().map_err(not_started)?.to_string();
        let (events, deliveries) = mpsc::unbounded_channel();
        let (say, said) = mpsc::unbounded_channel();
        let api = router(Arc::new(Api::new(deliveries, say)));
        let mut server = JoinSet::new();
        server.spawn(async move {
            let listener = listener.tap_io(|connection| {
                // Without it measured times are those of the kernel's patience. It fails on no live connection.
                let _ = connection.set_nodelay(true);
            });
            // Ends only with its task.
            let _ = axum::serve(listener, api).await;
        });

        let started = Instant::now();
        let mut process = spawn(&function, &address).map_err(not_started)?;
        let output = Output::of(&mut process);
        let init_time = Duration::ZERO;
        let mut instance = Self { function, process, output, events, said, init_time, _server: server };
        match instance.hear(LONGEST_INIT).await {
            Ok(Said::Ready(at)) => {
                instance.init_time = at.duration_since(started);
                Ok(instance)
            }
            Ok(Said::CannotStart(fault)) => {
                // It is of no more use, however it ends. But what it says last is worth waiting for.
                let _ = timeout(LONGEST_SHUTDOWN, instance.process.wait()).await;
                let log = instance.stop().await.map_or_else(|_| Vec::new(), |(_, log)| log);
                Err(Failed::Init { fault, log })
            }
            Ok(said) => unreachable!("no event was given: {said:?}"),
            Err(failed) => Err(failed),
        }
    }

    /// Takes one event through the process.
    ///
    /// # Errors
    /// See [`Failed`], which says whether the process takes another.
    pub async fn invoke(&mut self, event: &Value) -> Result<Invoked, Failed> {
        let patience = self.function.timeout;
        // The server holds the other end for as long as this lives.
        let _ = self.events.send(delivery(&self.function, event));
        loop {
            match self.hear(patience).await {
                Ok(Said::Ready(_)) => {}
                Ok(Said::Answered { answer, took }) => {
                    let answer = serde_json::from_slice(&answer).map_err(Failed::NotJson)?;
                    return Ok(Invoked { answer, took });
                }
                Ok(Said::FailedEvent(fault)) => return Err(Failed::Function(fault)),
                Ok(Said::AnsweredTooMuch) => return Err(Failed::TooLarge),
                Ok(Said::CannotStart(fault)) => return Err(Failed::Init { fault, log: self.log() }),
                Err(failed) => return Err(failed),
            }
        }
    }

    /// From before the process was started to its first request for an event.
    pub fn init_time(&self) -> Duration {
        self.init_time
    }

    /// The most memory that it ever had, in bytes, its code included. `None` once it has ended, and where there is no `/proc`.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// How long its threads have had a processor so far, those left out that have ended. `None` where there is no `/proc`.
    pub fn cpu_time(&self) -> Option<Duration> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id()?)).ok()?;
        // The first number is nanoseconds on a processor: https://docs.kernel.org/scheduler/sched-stats.html
        let of_thread = |folder: PathBuf| {
            let text = fs::read_to_string(folder.join("schedstat")).ok()?;
            text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        };
        Some(threads.filter_map(|thread| of_thread(thread.ok()?.path())).sum())
    }

    /// The lines that have arrived so far. One that was written just before an answer may still be on its way.
    pub fn log(&self) -> Vec<String> {
        self.output.lines()
    }

    /// Ends the process as Lambda does, by a signal first. How it ended, and all its lines.
    ///
    /// # Errors
    /// When the system does not tell how it ended.
    pub async fn stop(mut self) -> io::Result<(ExitStatus, Vec<String>)> {
        if let Some(pid) = self.process.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            // Fails only if it has ended in this very moment.
            let _ = kill_process(pid, Signal::TERM);
        }
        let status = match timeout(LONGEST_SHUTDOWN, self.process.wait()).await {
            Ok(status) => status?,
            Err(_) => {
                self.process.kill().await?;
                self.process.wait().await?
            }
        };
        Ok((status, self.output.complete().await))
    }

    /// What the process says next. It does not live on after a failure.
    async fn hear(&mut self, patience: Duration) -> Result<Said, Failed> {
        let status = tokio::select! {
            // What it said before its end counts.
            biased;
            Some(said) = self.said.recv() => return Ok(said),
            status = self.process.wait() => status,
            () = tokio::time::sleep(patience) => {
                // Fails only if it has ended in this very moment.
                let _ = self.process.kill().await;
                return Err(Failed::TimedOut(patience));
            }
        };
        let status = status.map_err(|error| Failed::NotStarted(self.function.binary.clone(), error))?;
        Err(Failed::Exited { status, log: self.output.complete().await })
    }
}

fn spawn(function: &Function, api: &str) -> io::Result<Child> {
    let binary = fs::canonicalize(&function.binary)?;
    let mut command = Command::new(&binary);
    command.env_clear().envs(function.variables(api));
    // On Lambda it is started where its package was unpacked.
    if let Some(folder) = binary.parent() {
        command.current_dir(folder).env("LAMBDA_TASK_ROOT", folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
}

fn delivery(function: &Function, event: &Value) -> Delivery {
    let now = Clock::system().now();
    let [root, parent] = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.simple().to_string());
    Delivery {
        request_id: Uuid::new_v4().to_string(),
        event: Bytes::from(event.to_string()),
        deadline_ms: (now + function.timeout).millis(),
        trace_id: format!("Root=1-{:08x}-{};Parent={};Sampled=0", now.seconds(), &root[..24], &parent[..16]),
        arn: function.arn(),
    }
}
