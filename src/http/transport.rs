//! The vocabulary of transport, for every version: how a peer's octets ended, how a connection is to be closed, what is
//! to be written, what caused it, and why a connection ended.

use std::fmt;
use std::io::ErrorKind;

/// How the peer's octets ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerClosed {
    /// End of the stream; over TLS after a close_notify alert. The peer may still read.
    Clean,
    /// End of the stream without the close_notify alert of TLS (RFC 8446 §6.1). The peer may still read.
    Truncated,
    /// The peer reset the connection: RST, or a write to a socket that it had closed.
    Reset,
    /// The transport failed in another way. `InvalidData` is a broken TLS record.
    Failed(ErrorKind),
}

impl PeerClosed {
    /// Whether the peer may still read what is sent to it.
    pub const fn may_still_read(self) -> bool {
        matches!(self, Self::Clean | Self::Truncated)
    }
}

impl From<ErrorKind> for PeerClosed {
    /// What an error of reading or writing means.
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::UnexpectedEof => Self::Truncated,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Reset,
            kind => Self::Failed(kind),
        }
    }
}

impl fmt::Display for PeerClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => f.write_str("the client closed the connection"),
            Self::Truncated => f.write_str("the client closed the connection without the close_notify alert of TLS"),
            Self::Reset => f.write_str("the client reset the connection"),
            Self::Failed(kind) => write!(f, "the connection failed: {kind}"),
        }
    }
}

/// How a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// Send what is queued and end our side, then wait briefly for the peer to end, so that it gets our last octets.
    Graceful,
    /// As `Graceful`, but over TLS without its close_notify alert (RFC 8446 §6.1): TCP ends, and nothing says so before.
    Truncate,
    /// Send what is queued and end our side, and continue to read.
    Half,
    /// Reset at once, whatever is queued.
    Abort,
}

/// The next octets to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// At least one octet. The number of those that were written is to be reported back.
    pub octets: &'a [u8],
    /// After the last of them, everything must be pushed through TLS and TCP before any more octets are written.
    pub flush: bool,
}

/// How far the octets to be written are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transmitted {
    /// None are left, or all are held back.
    Idle,
    /// Some are left, or may be.
    More,
    /// All up to a cut mark are written: push them through TLS and TCP before the next ones.
    Flush,
}

/// What caused octets to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A checked command.
    Checked,
    /// A raw command.
    Raw,
    /// The engine itself.
    Automatic,
}

/// Why a connection ended. Displays as a clause, `the client reset the connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The peer broke a rule that ends the connection.
    Violation {
        /// The rule's stable id, `h2.ping.length`; `bad-request` over HTTP/1.1.
        rule: &'static str,
    },
    /// The peer's octets ended.
    Peer(PeerClosed),
    /// All exchanges ended after a command to shut down.
    ShutDown,
    /// We closed it: by a command, or because it was not to persist.
    Local(Close),
    /// Nothing happened for too long.
    Idle,
    /// The peer read nothing for too long, although octets waited for it.
    Stalled,
}

impl CloseReason {
    /// Its name for programs; a rule's id stands for itself.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Violation { rule } => rule,
            Self::Peer(PeerClosed::Clean) => "client-closed",
            Self::Peer(PeerClosed::Truncated) => "client-truncated",
            Self::Peer(PeerClosed::Reset) => "client-reset",
            Self::Peer(PeerClosed::Failed(_)) => "transport-failed",
            Self::ShutDown => "shut-down",
            Self::Local(Close::Graceful) => "closed",
            Self::Local(Close::Truncate) => "truncated",
            Self::Local(Close::Half) => "half-closed",
            Self::Local(Close::Abort) => "aborted",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation { rule } => write!(f, "the client broke a rule: {rule}"),
            Self::Peer(how) => how.fmt(f),
            Self::ShutDown => f.write_str("the server ended"),
            Self::Local(Close::Graceful) => f.write_str("the server closed the connection"),
            Self::Local(Close::Truncate) => {
                f.write_str("the server closed the connection without the close_notify alert of TLS")
            }
            Self::Local(Close::Half) => f.write_str("the server closed its side of the connection"),
            Self::Local(Close::Abort) => f.write_str("the server reset the connection"),
            Self::Idle => f.write_str("nothing happened for too long"),
            Self::Stalled => f.write_str("the client read nothing for too long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_of_a_peer_has_its_own_name_and_text() {
        for (kind, id, text) in [
            (ErrorKind::UnexpectedEof, "client-truncated", "without the close_notify"),
            (ErrorKind::ConnectionReset, "client-reset", "the client reset the connection"),
            (ErrorKind::ConnectionAborted, "client-reset", "the client reset the connection"),
            (ErrorKind::BrokenPipe, "client-reset", "the client reset the connection"),
            (ErrorKind::TimedOut, "transport-failed", "the connection failed: timed out"),
            (ErrorKind::InvalidData, "transport-failed", "the connection failed: invalid data"),
        ] {
            let reason = CloseReason::Peer(PeerClosed::from(kind));
            assert_eq!(reason.id(), id, "{kind}");
            assert!(reason.to_string().contains(text), "{kind}: {reason}");
        }
    }
}
