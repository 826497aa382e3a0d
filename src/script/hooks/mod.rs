//! Hooks: server-wide scripts, whose functions the server calls at certain moments, whatever answers a request.
//!
//! | file | what |
//! |---|---|
//! | [`worker`] | one worker's hooks: which scripts are loaded, and how one of their functions is called |
//! | `events` | connections; the status page |
//! | `requests` | requests and responses |
//! | [`shared`] | what the hooks of all workers share: failures, what was started |
//!
//! Each call is a coroutine of its own, with a budget of its own. What fails is named in the log and remembered for the
//! status page; everything else continues as if that hook did not exist. A worker has its own hooks, as it has its own
//! handlers: what stands outside of functions runs on each worker when the script is loaded there.

mod events;
mod requests;
pub mod shared;
pub mod worker;

pub use self::requests::Asked;
pub use self::shared::Options;
pub use self::worker::Hooks;
