//! The commands: start and stop, workers, and what responds to each request.
//!
//! | module | what lives there |
//! |---|---|
//! | `commands` | each command of the program, from its arguments to an exit code |
//! | `start`, `reload` | from a configuration to open ports and to the end; edits meanwhile |
//! | `settings`, `environment` | a configuration as the options of the modules, and as templates and scripts see it |
//! | `orders`, `stats` | what the main thread sends to workers; how workers stand |
//! | `thread`, `thread_state`, `worker` | a worker's loop and its state; what it responds by, for one configuration |
//! | `handshake`, `connection`, `driver` | from a socket to a protocol; one connection, under the pump |
//! | `dispatch`, `piped`, `pages` | what responds to an exchange, through which pipes; the pages of the server itself |
//! | `profiles`, `h2c_profile`, `hooks` | which profile controls a connection; when hooks are called |
//! | `recording`, `outcomes` | what fills the transcripts; what became of requests that bear a token |
//! | `transcript_files` | transcripts as files |
//! | `reference` | what scripts can call, with the docs of it |
//! | `log`, `error` | the log on standard error; why a server does not start |
//!
//! The main thread accepts, watches for signals and hands each connection to a worker for life; a worker is an OS
//! thread with a runtime of its own and shares nothing with the others but `worker::Shared`, which never changes, but is
//! swapped whole when the configuration is edited.

mod access_log;
mod answer;
mod commands;
mod connection;
mod dispatch;
mod driver;
mod environment;
mod error;
mod greeting;
mod h2c_profile;
mod handshake;
mod hooks;
mod log;
mod orders;
mod outcomes;
mod pages;
mod piped;
mod profiles;
mod recording;
mod reference;
mod reload;
mod resolved;
mod settings;
mod start;
mod stats;
mod thread;
mod thread_state;
mod transcript_files;
mod worker;

pub use commands::run;
