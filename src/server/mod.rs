//! Start and stop, workers, and who answers what.
//!
//! The main thread accepts, watches for signals and hands each connection to a worker for life; a worker is an OS
//! thread with a runtime of its own and shares nothing with the others but `worker::Shared`, which never changes, but is swapped whole when the
//! configuration is edited.

mod browsers;
mod certs;
mod commands;
mod dispatch;
mod driver;
mod environment;
mod error;
mod inspect;
mod log;
mod names;
mod open;
mod pages;
mod piped;
mod reload;
mod settings;
mod start;
mod status;
mod thread;
mod worker;

pub use commands::run;
pub use error::StartError;
