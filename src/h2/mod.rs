//! A sans-IO HTTP/2 connection (RFC 9113): octets in, events out; commands in, octets out.
//!
//! Begin at [`Connection`], whose comment is the contract. What can happen is the list of [`Event`]s; what a peer can
//! do wrong is the table of [`Rule`]s; what a checked command refuses is [`Misuse`].

mod config;
mod connection;
mod events;
mod limits;
mod misuse;
mod policy;
mod rules;

pub use config::{Auto, Config};
pub use connection::{Connection, FieldList, Settings, Track};
pub use events::{
    Cause, CloseReason, Event, HeadersKind, Initiator, NotSentReason, PeerClosed, Reaction, Transmit, Unsent, Violation,
};
pub use limits::Limits;
pub use misuse::Misuse;
pub use policy::{Action, Policy};
pub use rules::{Rule, Scope};
