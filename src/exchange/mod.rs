//! One request and its response as a conversation, the same for HTTP/1.1 and HTTP/2.
//!
//! [`Connection`] owns a protocol engine and turns its events into [`Exchange`]s; an [`Exchange`] is what handlers
//! and files answer to. Everything lives on one worker thread, in `Rc` and `RefCell`, and no borrow outlives a call:
//! whatever wakes a waiter does so after the borrow is released.
//!
//! The order of calls for the owner of the socket: [`Connection::receive`], then [`Connection::next_exchange`] until
//! it is `None`, then [`Connection::next_notice`] until it is `None`, then [`Connection::transmit`].

mod body;
mod connection;
mod conversation;
mod delivery;
mod error;
mod http1;
mod http2;
mod levers;
mod observer;
pub mod pace;
mod plan;
mod prepared;
mod request;
mod respond;
mod review;
mod shaping;
#[cfg(test)]
mod tests;
mod wait;
mod writing;

pub use connection::{Connection, Limits, Notice};
pub use conversation::{Exchange, Input, Interest, Outcome};
pub use delivery::{Delivering, Delivery};
pub use error::SendError;
pub use levers::{Pauses, Subscription};
pub use observer::{Expectation, Observer};

pub use plan::Plan;
pub use prepared::{Content, ContentError, NextPiece, Pieces, Prepared};
pub use request::{Mount, RawHead, Request, RouteMatch, Routing};
pub use respond::ResponseHead;
pub use review::{Reviewer, Reviewing};

// What the engines' own words mean here too: the rooms above speak of engines through this one.
pub use crate::h1::{Line, Version, encode_chunk};
pub use crate::h2::{Auto, CallSite, MAX_DATA, RawCall, Settings, Track};
pub use crate::http::peer::{Peer, Protocol, Tls};
pub use crate::http::transport::{Close, CloseReason};
pub use crate::wire::frame::ErrorCode;
