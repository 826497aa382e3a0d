//! The log on standard error.

use crate::config::LogLevel;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The log's level, which can change while the server runs.
pub(super) struct Log(Box<dyn Fn(LogLevel)>);

impl Log {
    /// Logs to standard error from now on.
    pub fn to_stderr(level: LogLevel) -> Self {
        let builder = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            // Told on standard error too, which panics where nobody reads that.
            .log_internal_errors(false)
            .with_env_filter(filter(level))
            .with_filter_reloading();
        let handle = builder.reload_handle();
        // Whoever set another subscriber before wants that one.
        let _ = builder.try_init();
        Self(Box::new(move |level| {
            // It fails if that other subscriber is the one that counts.
            let _ = handle.reload(filter(level));
        }))
    }

    /// Changes the level.
    pub fn set(&self, level: LogLevel) {
        (self.0)(level);
    }
}

/// Our own words at the wanted level; those of crates only when they warn.
fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(match level {
        LogLevel::Off => "off".to_owned(),
        level => format!("warn,wireserve={0},script={0}", level.name()),
    })
}
