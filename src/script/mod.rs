//! The Rhai host: handlers, profiles and hooks are scripts that run as coroutines.
//!
//! See README.md in this directory. Each file may use those above it:
//!
//! | file | what |
//! |---|---|
//! | [`limits`] | what a script may use, and how one that used more is ended |
//! | [`entries`] | the functions by which the server calls scripts |
//! | [`coroutine`] | a synchronous script as a future; the only `unsafe` |
//! | `types`, [`octets`], `nesting` | names of script types; octets as a value; closures in each other |
//! | [`subject`], `slots` | what a call of a script is about, and what each module keeps for it |
//! | [`budget`] | what one call used, and how it takes turns with others |
//! | `aside` | work on large values, apart from the worker |
//! | `sizes`, `octet_functions` | values that grow within limits; what scripts do with octets |
//! | [`error`], `call_sites` | errors as text for people; where raw calls stand |
//! | [`compiled`], [`handshake`], [`roles`] | a compiled script, and what it can serve as |
//! | [`loader`], [`watch`], `load_events` | the compiled scripts of a worker, and what makes them stale |
//! | [`engine`] | the engine of a worker, `sleep`, `import` |
//! | `explain` | errors of Rhai in plain words |
//! | [`runtime`] | all that together: calls functions of scripts |
//! | [`common`], [`stash`], [`values`], [`offers`], [`flood`] | what the API is about |
//! | [`api`] | what scripts see, one file per topic |
//! | [`finish`] | what follows a script's last function |
//! | [`handler`], [`profile`], [`hooks`] | answer an exchange, control a connection, are called at certain moments |
//! | [`host`] | starts them |
//! | [`check`] | `wireserve check` |
//! | [`listing`] | all that scripts can call |

pub mod api;
mod aside;
pub mod budget;
mod call_sites;
pub mod check;
pub mod common;
pub mod compiled;
pub mod coroutine;
pub mod engine;
pub mod entries;
pub mod error;
mod explain;
pub mod finish;
pub mod flood;
pub mod handler;
pub mod handshake;
pub mod hooks;
pub mod host;
pub mod limits;
pub mod listing;
mod load_events;
pub mod loader;
mod nesting;
mod octet_functions;
pub mod octets;
pub mod offers;
pub mod profile;
pub mod roles;
pub mod runtime;
mod sizes;
mod slots;
mod sorting;
pub mod stash;
pub mod subject;
mod turn;
mod types;
pub mod values;
pub mod watch;

pub use call_sites::{Place, place};
pub use compiled::ScriptSource;
pub use host::{Host, Options};

#[cfg(test)]
mod tests;
