//! The log on standard error.

use crate::config::{Config, LogFormat, LogLevel, Origin, Value};
use std::io::{self, IsTerminal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// The log, whose level can change while the server runs.
pub(super) struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    format: LogFormat,
}

impl Log {
    /// Logs to standard error from now on.
    pub fn to_stderr(config: &Config) -> Self {
        let format = config.log_format.value;
        let (filtered, filter) = reload::Layer::new(filter(level(&config.log), format));
        // Errors of the log itself would go to standard error, too, which panics if nothing reads it.
        let layer = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
        let layer = match format {
            LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
            LogFormat::Json => layer.json().flatten_event(true).boxed(),
        };
        // It fails if a subscriber is set already, which then stays.
        let _ = tracing_subscriber::registry().with(filtered).with(layer).try_init();
        Self { filter, format }
    }

    /// Changes the level.
    pub fn set(&self, level: LogLevel) {
        // It fails if another subscriber was set first.
        let _ = self.filter.reload(filter(level, self.format));
    }
}

/// The level that counts: by default, a person at a terminal sees each request.
pub(super) fn level(configured: &Value<LogLevel>) -> LogLevel {
    match configured.origin {
        Origin::Default if io::stderr().is_terminal() => LogLevel::Access,
        _ => configured.value,
    }
}

/// Our own words at the wanted level; those of crates only when they warn. A request is told in one of two forms, for
/// people or in fields (see `access_log`).
fn filter(level: LogLevel, format: LogFormat) -> EnvFilter {
    let own = match level {
        LogLevel::Off => return EnvFilter::new("off"),
        LogLevel::Access => LogLevel::Info.name(),
        level => level.name(),
    };
    let access = match format {
        _ if level < LogLevel::Access => "",
        LogFormat::Text => ",access=info",
        LogFormat::Json => ",request=info",
    };
    EnvFilter::new(format!("warn,wireserve={own},script={own}{access}"))
}
