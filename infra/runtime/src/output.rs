//! What a process writes: every line of its standard output and standard error, as CloudWatch would get them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;

/// The lines of one process, those of both its outputs.
#[derive(Default)]
pub(crate) struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    readers: JoinSet<()>,
}

impl Output {
    /// Reads on for as long as the process lives.
    pub(crate) fn of(child: &mut Child) -> Self {
        let mut output = Self::default();
        if let Some(standard) = child.stdout.take() {
            output.readers.spawn(read(standard, output.lines.clone()));
        }
        if let Some(error) = child.stderr.take() {
            output.readers.spawn(read(error, output.lines.clone()));
        }
        output
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All lines, once the process has ended.
    pub(crate) async fn complete(&mut self) -> Vec<String> {
        while self.readers.join_next().await.is_some() {}
        self.lines()
    }
}

async fn read(from: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>) {
    let mut from = BufReader::new(from).lines();
    // Bytes that are no text end the reading, and whoever looks for a line misses it.
    while let Ok(Some(line)) = from.next_line().await {
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
