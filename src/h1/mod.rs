//! HTTP/1.1 as a sans-IO server connection: lenient in, raw out.
//!
//! [`Connection`] takes octets and time as arguments and gives events and octets; its doc comment is the contract.
//! What the peer sent is kept to the octet (original case and order of fields, chunk-size lines, folded lines), and what
//! goes out is either checked ([`Connection::send_head`] and its kin, failing only with [`Misuse`]) or raw
//! ([`Connection::send_raw`], any octets at any point).
//!
//! | file | what |
//! |---|---|
//! | `connection` | the state, input, closing, timers; the contract |
//! | `receive` | from octets to events: heads, bodies, what follows a response |
//! | `respond` | commands that write a response |
//! | `head`, `framing`, `chunked` | the grammar of RFC 9112: heads, body lengths, chunks |
//! | `rejection` | every reason for refusing a request, with status and section |
//! | `check` | what the checked commands accept |
//! | `encode`, `output` | octets of a response; the queue, cut marks |
//! | `config`, `event`, `misuse` | the types at the surface |

mod check;
mod chunked;
mod config;
mod connection;
mod encode;
mod event;
mod framing;
mod head;
mod misuse;
mod output;
mod receive;
mod rejection;
mod respond;
#[cfg(test)]
mod tests;

pub use check::check_head;
pub use config::{Config, Limits, Timeouts};
pub use connection::Connection;
pub use encode::encode_chunk;
pub use event::{BodyFraming, BodyLength, Event, Line, RequestHead, RequestId, Version};
pub use misuse::Misuse;
pub use rejection::Rejection;
pub use respond::Track;
