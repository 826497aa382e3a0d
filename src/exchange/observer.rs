//! What keeps a record of a connection.

use crate::h2::CallSite;
use crate::{h1, h2};
use std::time::Instant;

/// Sees everything that happens on a connection, in its order, before anything acts on it. An instant is that of the
/// turn of the connection; `None` outside of turns. `call` is the call of a script that sent it; 0 for none.
pub trait Observer {
    /// An event of the HTTP/2 engine.
    fn http2(&self, now: Option<Instant>, call: CallSite, event: &h2::Event);

    /// An event of the HTTP/1.1 engine.
    fn http1(&self, now: Option<Instant>, call: CallSite, event: &h1::Event);

    /// Octets that arrived over HTTP/1.1, whatever they are.
    fn received(&self, now: Option<Instant>, octets: &[u8]);

    /// The response to a request is complete (HTTP/1.1). Over HTTP/2, frames say so.
    fn response_ended(&self, request: u64);

    /// What a script expected of the client.
    fn expected(&self, now: Option<Instant>, call: CallSite, expectation: Expectation<'_>);

    /// Something worth knowing that is no event of an engine, on a stream or on the connection.
    fn notice(&self, now: Option<Instant>, stream: Option<u64>, text: &str);
}

/// Something that a script expected of the client.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// By what name.
    pub name: &'a str,
    /// Whether it was so.
    pub passed: bool,
    /// What more there is to say; may be empty.
    pub detail: &'a str,
}
