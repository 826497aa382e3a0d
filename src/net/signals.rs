//! Ctrl-C and SIGTERM.

use std::io;

/// A wish of the user that the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// From its creation on, signals no longer end the process but come out of [`Signals::next`].
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// To be called within a tokio runtime, before the first port is open.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub fn listen() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next signal; those that come in close succession may come out as one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// From its creation on, Ctrl-C no longer ends the process but comes out of [`Signals::next`].
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// To be called within a tokio runtime, before the first port is open.
    ///
    /// # Errors
    /// The operating system refuses the handler.
    pub fn listen() -> io::Result<Signals> {
        tokio::signal::windows::ctrl_c().map(Signals)
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        self.0.recv().await;
        Signal::Interrupt
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn signals_come_out_one_by_one_and_end_nothing() {
        let mut signals = Signals::listen().unwrap();
        let pid = std::process::id().to_string();
        for (name, signal) in [("-TERM", Signal::Terminate), ("-INT", Signal::Interrupt), ("-TERM", Signal::Terminate)]
        {
            assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
            assert_eq!(signals.next().await, signal);
        }
    }
}
