//! What HTTP messages of every version have in common: ordered field lists and the views on them.
//!
//! Everything here is a total function over octets: no socket, no file, no clock (times are arguments). Raw first:
//! names and values stay the octets that were on the wire, in their order, and what they mean is computed from them.
//!
//! | module | what |
//! |---|---|
//! | [`fields`] | [`Field`], [`Fields`]: the ordered list with case-insensitive look-up |
//! | [`latin1`] | octets ⇄ text with one character per octet |
//! | [`status`] | reason phrases, classes of status codes |
//! | [`content`] | whether a response has content, and what it may say about the length |
//! | [`target`] | request targets in all four forms |
//! | [`authority`] | hosts with their ports, and whether two are the same |
//! | [`path`] | percent-decoding, safe resolution of a path into segments |
//! | [`form`] | queries and `application/x-www-form-urlencoded` |
//! | [`multipart`] | `multipart/form-data` |
//! | [`cookies`] | `cookie` and `set-cookie` |
//! | [`authorization`] | the Basic scheme |
//! | [`date`] | HTTP dates |
//! | [`ranges`] | byte ranges |
//! | [`conditional`] | entity tags and preconditions |
//! | [`media_type`] | media types by file extension, parameters of a `content-type` |
//! | [`parameters`] | `value; name=value` lists |
//! | [`accept`] | which media types a client would rather have |
//! | [`peer`] | the ends of a connection, its protocol, its TLS |
//! | [`role`] | client or server |
//! | [`transport`] | how a peer closed, how to close, what to transmit, what caused it |
//! | [`words`] | similar names, hexadecimal digits |

pub mod accept;
pub mod authority;
pub mod authorization;
pub mod conditional;
pub mod content;
pub mod cookies;
pub mod date;
pub mod fields;
pub mod form;
pub mod latin1;
pub mod media_type;
pub mod multipart;
pub mod parameters;
pub mod path;
pub mod peer;
pub mod ranges;
pub mod role;
pub mod status;
pub mod target;
#[cfg(test)]
mod tests;
pub mod transport;
pub mod words;

pub use authority::{Authority, TargetError};
pub use content::ContentRule;
pub use fields::{Field, Fields, is_token_octet};
pub use target::{Target, TargetForm};
