//! What HTTP messages of every version have in common: ordered field lists and the views on them.
//!
//! Everything here is a total function over octets: no socket, no file, no clock (times are arguments). Raw first:
//! names and values stay the octets that were on the wire, in their order, and what they mean is computed from them.
//!
//! | module | what |
//! |---|---|
//! | [`fields`] | [`Field`], [`Fields`]: the ordered list with case-insensitive look-up |
//! | [`latin1`] | octets ⇄ text with one character per octet |
//! | [`status`] | reason phrases, what a status code says about its content |
//! | [`target`] | request targets in all four forms, authorities |
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
//! | [`peer`] | the ends of a connection, its protocol, its TLS |
//! | [`transport`] | how a peer closed, how to close, what to transmit, what caused it |
//! | [`words`] | similar names, hexadecimal digits |

pub mod authorization;
pub mod conditional;
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
pub mod status;
pub mod target;
#[cfg(test)]
mod tests;
pub mod transport;
pub mod words;

pub use fields::{Field, Fields, is_token_octet};
pub use target::{Authority, Target, TargetError, TargetForm};
