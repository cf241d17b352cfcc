//! Ctrl-C: the first asks a long command to come to an end in order, the second ends it where it stands.

use tokio::sync::watch;

use crate::exit::Exit;

/// Whether somebody has pressed Ctrl-C.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on, on another thread: also while this one waits for its input.
    pub(crate) fn listen() -> Self {
        let (pressed, heard) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            pressed.send_replace(true);
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        Self(heard)
    }

    pub(crate) fn is_heard(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the first.
    pub(crate) async fn heard(&mut self) {
        if self.0.wait_for(|is_pressed| *is_pressed).await.is_err() {
            // This machine has no such signal.
            std::future::pending().await
        }
    }
}
