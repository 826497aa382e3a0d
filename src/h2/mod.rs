//! A sans-IO HTTP/2 connection (RFC 9113): octets in, events out; commands in, octets out.
//!
//! Begin at [`Connection`], whose comment is the contract; `README.md` beside this file says what owns what. What can happen is the list of [`Event`]s; what a peer can
//! do wrong is the table of [`Rule`]s; what a checked command refuses is [`Misuse`].

mod config;
mod connection;
mod content;
mod ending;
mod events;
mod field_block;
mod fields;
mod flow;
mod hold;
mod inbound;
mod limits;
mod message;
mod misuse;
mod outbound;
mod output;
mod peer_view;
mod policy;
mod queue;
mod raw;
mod receive;
mod rules;
mod send;
mod settings;
mod state;
mod stream;
mod streams;
#[cfg(test)]
mod tests;
mod windows;

pub use crate::http::role::Role;
pub use config::{Auto, Config};
pub use connection::Connection;
pub use events::{
    Broken, Cause, CloseReason, Event, HeadersKind, Initiator, NotSentReason, PeerClosed, Reaction, Transmit, Unsent,
    Violation,
};
pub use fields::FieldList;
pub use inbound::PREFACE;
pub use limits::Limits;
pub use message::check_head;
pub use misuse::{CallSite, Contradiction, Misuse};
pub use outbound::MAX_DATA;
pub use peer_view::{RawCall, Track};
pub use policy::{Action, Policy};
pub use rules::{Rule, Scope};
pub use settings::Settings;
pub use state::{Effect, Input, State};
pub use streams::IdHasher;
