//! A server on a thread of its own, with a runtime of its own, that stops when its handle is dropped.
//!
//! Not on the caller's runtime: SQLite blocks the thread that runs it, and a test whose own code blocks a
//! single-threaded runtime must not starve the services it waits for.

use std::future::Future;
use std::io;
use std::net::TcpListener as StdListener;
use std::thread::{Builder, JoinHandle};

use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;

/// A running server; dropping it stops the server and waits for its thread.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Runs `serve` on a new thread until it ends or the handle is dropped.
    pub(crate) fn spawn<F>(
        name: &str,
        listener: StdListener,
        serve: impl FnOnce(TcpListener) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()>,
    {
        listener.set_nonblocking(true)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async {
                // The listener is made where its runtime is.
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = serve(listener) => {}
                    // A sender that was dropped asks for the same.
                    _ = stopped => {}
                }
            });
            // A key that is still being generated is nobody's any more: do not wait for it.
            runtime.shutdown_background();
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Waiting makes "drop, then start again on the same directory" safe. A panic in there has
            // already been printed.
            let _ = thread.join();
        }
    }
}
