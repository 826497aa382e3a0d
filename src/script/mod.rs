//! The Rhai host: handlers are scripts that run as coroutines.
//!
//! | file | what |
//! |---|---|
//! | [`coroutine`] | a synchronous handler as a future; the only `unsafe` |
//! | [`budget`] | what a handler may use, and how it is ended |
//! | [`engine`] | the engine of a worker, `sleep`, `import` |
//! | [`loader`], [`watch`], `news` | compiled scripts, what makes them stale, and who is told |
//! | [`host`] | all that together: starts handlers |
//! | [`api`] | what scripts see, one file per topic |
//! | [`run`] | answers an exchange: which function is called when |
//! | [`profile`] | shapes a connection: the same for a profile |
//! | [`hooks`] | scripts that the server calls at certain moments, whatever answers |
//! | [`flood`] | floods: sent as fast as the client reads, and what it does about them |
//! | [`handshake`] | what a profile says of the TLS handshake |
//! | [`stash`] | values that outlive their request, shared by all workers |
//! | [`octets`], `strings` | octets as a script value; texts that grow within limits |
//! | [`error`], `calls` | errors as text for people; where raw calls stand |
//! | [`check`], [`new`] | `wireserve check` and `wireserve new` |

pub mod api;
pub mod budget;
mod calls;
pub mod check;
pub mod coroutine;
pub mod engine;
pub mod error;
pub mod flood;
pub mod handshake;
pub mod hooks;
pub mod host;
pub mod loader;
mod nesting;
pub mod new;
mod news;
pub mod octets;
pub mod profile;
pub mod run;
mod similar;
pub mod stash;
mod strings;
pub mod watch;

pub use loader::ScriptSource;
pub use run::{Host, Options, Status};

#[cfg(test)]
mod tests;
