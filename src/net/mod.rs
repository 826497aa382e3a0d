//! The only sockets, TLS, clock and tasks for connections.
//!
//! | module | what lives there |
//! |---|---|
//! | [`dial`] | opening connections, with TLS or without |
//! | [`listen`] | binding ports and accepting connections |
//! | [`tls`] | the TLS handshake: ALPN, SNI, what was agreed |
//! | [`certificates`] | the certificate authority, the leaf certificates, or the user's own |
//! | [`lookup`] | where a host name leads to, and whether somebody listens there |
//! | [`opening`] | what a client says first, looked at before anybody answers it |
//! | [`pump`] | moves octets between a stream and a protocol engine |
//! | [`transport`] | what the pump needs of a stream |
//! | [`signals`] | Ctrl-C, SIGTERM, SIGHUP, and the end of standard input |
//!
//! Nothing here knows a protocol: the pump sees an [`pump::Engine`], which `server` provides.

pub mod certificates;
pub mod dial;
pub mod listen;
pub mod lookup;
pub mod opening;
pub mod pump;
pub mod signals;
pub mod tls;
pub mod transport;

use std::time::{Instant, SystemTime};

/// The monotonic clock: the one place where it is read.
#[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for certificates, dates and logs: the one place where it is read.
#[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
pub fn wall_clock() -> SystemTime {
    SystemTime::now()
}
