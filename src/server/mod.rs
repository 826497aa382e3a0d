//! The commands: start and stop, workers, and who answers what.
//!
//! | module | what lives there |
//! |---|---|
//! | `commands` | each command of the program, from its arguments to an exit code |
//! | `start`, `reload` | from a configuration to open ports and to the end; edits meanwhile |
//! | `settings`, `environment` | a configuration as the options of the rooms, and as templates and scripts see it |
//! | `thread`, `worker`, `driver` | a worker's thread, what it answers by, its connections under the pump |
//! | `dispatch`, `piped`, `pages` | who answers an exchange, through which pipes, or in which words |
//! | `profiles`, `asked`, `hooks` | which profile shapes a connection; when hooks are called |
//! | `names` | lines for a hosts file, a look whether names lead here |
//! | `browsers`, `certs`, `open` | what browsers have to be told, printed or done |
//! | `log`, `error` | the log on standard error; why a server does not start |
//!
//! The main thread accepts, watches for signals and hands each connection to a worker for life; a worker is an OS
//! thread with a runtime of its own and shares nothing with the others but `worker::Shared`, which never changes, but is
//! swapped whole when the configuration is edited.

mod asked;
mod browsers;
mod certs;
mod commands;
mod dispatch;
mod driver;
mod environment;
mod error;
mod hooks;
mod inspect;
mod log;
mod names;
mod open;
mod pages;
mod piped;
mod profiles;
mod reload;
mod settings;
mod start;
mod status;
mod thread;
mod worker;

pub use commands::run;
pub use error::StartError;
