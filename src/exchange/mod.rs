//! One request and its response as a conversation, the same for HTTP/1.1 and HTTP/2.
//!
//! [`Connection`] owns a protocol engine and turns its events into [`Exchange`]s; an [`Exchange`] is what handlers
//! and files answer to. Everything lives on one worker thread, in `Rc` and `RefCell`, and no borrow outlives a call:
//! whatever wakes a waiter does so after the borrow is released.
//!
//! The owner of the socket has a [`Socket`], and calls in this order: [`Socket::receive`], then
//! [`Socket::next_exchange`] until it is `None`, then [`Socket::next_notice`] until it is `None`, then
//! [`Socket::transmit`]. Exchanges and scripts have a [`Connection`].

mod account;
mod body;
mod check;
mod connection;
mod control;
mod conversation;
mod delivery;
mod ended;
mod engine;
mod error;
mod flow;
mod http1;
mod http2;
mod inbox;
mod input;
mod limits;
mod observer;
mod output_gate;
pub mod pace;
mod pings;
mod plan;
mod preface;
mod prepared;
mod progress;
mod push;
mod raw;
mod request;
mod respond;
mod restore;
mod socket;
mod subscription;
#[cfg(test)]
mod tests;
mod wait;

pub use connection::{Connection, Notice};
pub use conversation::{Exchange, Outcome, Reviewer, Reviewing};
pub use delivery::{Delivering, Delivery};
pub use ended::{End, Ended};
pub use error::SendError;
pub use input::{Input, Interest};
pub use limits::Limits;
pub use observer::{Expectation, Observer};
pub use plan::Plan;
pub use prepared::{Content, ContentError, Excerpt, NextPiece, Pieces, Prepared, ResponseHead, Words};
#[cfg(test)]
pub use request::Routing;
pub use request::{Mount, RawHead, Request, RouteMatch};
pub use socket::Socket;
pub use subscription::Subscription;

// What the engines' own words mean here too: the modules above speak of engines through this one.
pub use crate::h1::{Line, Version, encode_chunk};
pub use crate::h2::{Action, Auto, CallSite, MAX_DATA, RawCall, Rule, Settings, Track};
pub use crate::http::peer::{Peer, Protocol};
pub use crate::http::transport::{Close, CloseReason};
pub use crate::wire::frame::ErrorCode;
