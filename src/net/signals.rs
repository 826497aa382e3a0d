//! Why a server that runs in the foreground is to end: signals, the end of standard input, the end of its parent.

use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A second signal within this time is the same: npm's shims and others send each twice.
const SAME: Duration = Duration::from_millis(300);

/// Why the server is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal was closed (SIGHUP).
    HangUp,
    /// Standard input ended: the parent process closed it, or is gone.
    InputEnd,
    /// The process that started this one has ended.
    ParentEnd,
}

/// From its creation on, signals no longer end the process but come out of [`Signals::next`].
#[derive(Debug)]
pub struct Signals {
    system: system::Signals,
    input_end: Option<mpsc::Receiver<()>>,
    /// The parent process, if its end is one of the signals.
    parent: Option<u32>,
    last: Option<Instant>,
}

impl Signals {
    /// To be called within a tokio runtime, before the first port is open.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals { system: system::Signals::listen()?, input_end: None, parent: None, last: None })
    }

    /// Reads standard input from now on, whose end is one of the signals.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn watch_input(&mut self) -> io::Result<()> {
        let (sender, receiver) = mpsc::channel(1);
        let read = move || {
            // What comes is of no interest. An error is an end, too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _ = sender.blocking_send(());
        };
        std::thread::Builder::new().name("stdin".to_owned()).spawn(read)?;
        self.input_end = Some(receiver);
        Ok(())
    }

    /// Watches the process that started this one from now on: its end is one of the signals.
    #[cfg(unix)]
    pub fn watch_parent(&mut self) {
        self.parent = Some(std::os::unix::process::parent_id());
    }

    /// The next signal; those that come in close succession may come out as one.
    pub async fn next(&mut self) -> Signal {
        let Self { system, input_end, parent, .. } = self;
        let input_ends = async {
            if let Some(receiver) = input_end {
                let _ = receiver.recv().await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let signal = tokio::select! {
            signal = system.next() => signal,
            () = input_ends => Signal::InputEnd,
            () = parent_ends(*parent) => Signal::ParentEnd,
        };
        // These have no second one.
        match signal {
            Signal::InputEnd => self.input_end = None,
            Signal::ParentEnd => self.parent = None,
            _ => {}
        }
        self.last = Some(Instant::now());
        signal
    }

    /// Another signal than the one before, not the same sent twice.
    pub async fn another(&mut self) -> Signal {
        let first = self.last;
        loop {
            let signal = self.next().await;
            if first.is_none_or(|first| first.elapsed() >= SAME) {
                return signal;
            }
        }
    }
}

/// How often it is asked whether the parent is still there: no system tells it in a way that all have.
const PARENT_LOOK: Duration = Duration::from_millis(250);

/// Waits until this process has another parent; for ever without one to watch.
async fn parent_ends(parent: Option<u32>) {
    #[cfg(unix)]
    if let Some(parent) = parent {
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(PARENT_LOOK).await;
        }
        return;
    }
    let _ = parent;
    std::future::pending().await
}

#[cfg(unix)]
mod system {
    use super::Signal;
    use std::io;
    use tokio::signal::unix::{self, SignalKind, signal};

    #[derive(Debug)]
    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        /// `None` if it was ignored from the start, as `nohup` wants.
        hang_up: Option<unix::Signal>,
    }

    impl Signals {
        pub fn listen() -> io::Result<Signals> {
            Ok(Signals {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: if hang_up_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
            })
        }

        pub async fn next(&mut self) -> Signal {
            let Self { interrupt, terminate, hang_up } = self;
            let hangs_up = async {
                match hang_up {
                    Some(hang_up) => drop(hang_up.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
                () = hangs_up => Signal::HangUp,
            }
        }
    }

    /// Whether SIGHUP is ignored, where the system tells (Linux): bit 0 of the mask is signal 1.
    fn hang_up_is_ignored() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
    }
}

#[cfg(windows)]
mod system {
    use super::Signal;
    use std::io;
    use tokio::signal::windows::{CtrlC, ctrl_c};

    #[derive(Debug)]
    pub struct Signals(CtrlC);

    impl Signals {
        pub fn listen() -> io::Result<Signals> {
            ctrl_c().map(Signals)
        }

        pub async fn next(&mut self) -> Signal {
            self.0.recv().await;
            Signal::Interrupt
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn signals_come_out_one_by_one_and_end_nothing() {
        let mut signals = Signals::listen().unwrap();
        let pid = std::process::id().to_string();
        for (name, signal) in [
            ("-TERM", Signal::Terminate),
            ("-INT", Signal::Interrupt),
            ("-HUP", Signal::HangUp),
            ("-TERM", Signal::Terminate),
        ] {
            assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
            assert_eq!(signals.next().await, signal);
        }
    }
}
