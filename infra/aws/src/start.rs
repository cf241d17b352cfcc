//! Starting a stack, and the handle that keeps it running.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::calls::CallLog;
use crate::clock::{Clock, system_clock};
use crate::codedeploy::{Codedeploy, HookStatus};
use crate::dynamodb::{self, Changes, Database, Dynamodb, StreamError};
use crate::engine::Engine;
use crate::faults::Faults;
use crate::front::{self, Stack};
use crate::kms::Kms;
use crate::lambda::{DeployedFunction, Lambda, Run};
use crate::server::Server;
use crate::ses::{Mailbox, Ses};

/// What a stack is started with.
pub struct Options {
    /// Where everything is kept; in memory if absent.
    pub data_dir: Option<PathBuf>,
    /// The time the services see.
    pub clock: Clock,
    /// Who may send mail: addresses and domains. `None` lets everyone.
    pub verified_senders: Option<Vec<String>>,
    /// Another emulator that plays DynamoDB and KMS instead, for a second opinion. What is asked of it still passes the
    /// log of calls and the faults. `data_dir` and `clock` are none of its business.
    pub elsewhere: Option<SocketAddr>,
}

impl Default for Options {
    /// In memory, on the machine's clock, everyone may send mail.
    fn default() -> Self {
        Self { data_dir: None, clock: system_clock(), verified_senders: None, elsewhere: None }
    }
}

/// Why a stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No port, no thread, or a file that could not be read or written.
    #[error("cannot start the embedded AWS: {0}")]
    Io(#[from] io::Error),
    /// The DynamoDB file could not be opened.
    #[error("cannot open the embedded DynamoDB: {0}")]
    Database(String),
    /// A file of the data directory holds something else.
    #[error("{file} is not readable by this version; delete it to start afresh: {reason}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A running stack. Dropping it stops its servers and their threads.
pub struct EmbeddedAws {
    endpoint: String,
    stack: Arc<Stack>,
    streams: Streams,
    /// Stopped in this order, so that the front never asks an engine that is gone.
    _servers: Vec<Server>,
}

/// Who keeps the tables' streams.
enum Streams {
    Here(Database),
    Elsewhere(Arc<Engine>),
}

impl EmbeddedAws {
    /// Starts a stack on a free loopback port.
    ///
    /// # Errors
    /// [`StartError`] if there is no port or thread to be had, or the data directory is not usable.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Opening SQLite blocks.
        tokio::task::spawn_blocking(move || Self::start_blocking(options)).await.map_err(io::Error::other)?
    }

    fn start_blocking(options: Options) -> Result<Self, StartError> {
        let Options { data_dir, clock, verified_senders, elsewhere } = options;
        if let Some(dir) = &data_dir {
            std::fs::create_dir_all(dir)?;
        }
        let dir = data_dir.as_deref();

        let mut servers = Vec::new();
        let elsewhere = elsewhere.map(|address| Arc::new(Engine::elsewhere(address)));
        let (dynamodb, streams) = match &elsewhere {
            Some(engine) => (Dynamodb::elsewhere(Arc::clone(engine)), Streams::Elsewhere(Arc::clone(engine))),
            None => {
                let database = dynamodb::open(dir, &clock)?;
                let listener = bind()?;
                let engine = Engine::of_this_process(listener.local_addr()?);
                let dynamodb = Dynamodb::new(engine, Arc::clone(&clock));
                servers.push(dynamodb::spawn(listener, database.clone(), &dynamodb)?);
                (dynamodb, Streams::Here(database))
            }
        };

        let kms = Arc::new(Kms::open(file(dir, "kms.json"), Arc::clone(&clock))?);
        let mailbox = Mailbox::open(file(dir, "mail.jsonl"))?;
        let ses = Ses::new(mailbox, Arc::clone(&clock), verified_senders);

        let stack = Arc::new(Stack {
            faults: Faults::default(),
            calls: CallLog::new(),
            dynamodb,
            kms,
            elsewhere,
            ses,
            lambda: Lambda::default(),
            codedeploy: Codedeploy::default(),
            clock,
        });
        let listener = bind()?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let served = Arc::clone(&stack);
        let front =
            Server::spawn(
                "aws-front",
                listener,
                |listener| async move { match front::serve(listener, served).await {} },
            )?;
        servers.insert(0, front);
        Ok(Self { endpoint, stack, streams, _servers: servers })
    }

    /// Where it listens: `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The mails that were sent.
    pub fn mailbox(&self) -> &Mailbox {
        self.stack.ses.mailbox()
    }

    /// Puts the functions of a stack behind Lambda's API, once: `run` runs them. False if that has been done before.
    pub fn deploy(&self, functions: Vec<DeployedFunction>, run: Run) -> bool {
        self.stack.lambda.deploy(functions, run)
    }

    /// What hooks have told CodeDeploy, oldest first.
    pub fn hook_statuses(&self) -> Vec<HookStatus> {
        self.stack.codedeploy.told().clone()
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.stack.faults
    }

    /// The calls that were made.
    pub fn calls(&self) -> &CallLog {
        &self.stack.calls
    }

    /// The next records of a table's stream, in order, each as a Lambda event carries it. `after` is the
    /// `SequenceNumber` of the last record already seen; without it the stream is read from its beginning.
    /// This is not a call of the product, so the call log does not show it.
    ///
    /// # Errors
    /// [`StreamError`] if the table has no stream, or there is no such table or sequence number.
    pub async fn stream_records(
        &self,
        table: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Value>, StreamError> {
        match &self.streams {
            Streams::Here(database) => {
                dynamodb::records(database.clone(), table.to_owned(), after.map(str::to_owned), limit).await
            }
            Streams::Elsewhere(engine) => dynamodb::records_elsewhere(engine, table, after, limit).await,
        }
    }

    /// A watch on writes to DynamoDB: what is written after this call is not missed. Take it before reading
    /// the stream, then read until nothing comes, then wait.
    pub fn changes(&self) -> Changes {
        self.stack.dynamodb.changes()
    }

    /// Waits for the next write to DynamoDB. A write before the call is missed; a loop uses
    /// [`changes`](Self::changes).
    pub async fn changed(&self) {
        self.changes().changed().await;
    }
}

fn bind() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

fn file(dir: Option<&Path>, name: &str) -> Option<PathBuf> {
    dir.map(|dir| dir.join(name))
}
