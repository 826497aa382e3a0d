//! The vocabulary of transport, for every version: how a peer's octets ended, how a connection is to be closed, what is
//! to be written, what caused it, and why a connection ended.

use super::role::Role;
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

/// Why a connection ended.
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
    /// Its name for programs, as the end `here` sees it; a rule's id stands for itself.
    pub const fn id(self, here: Role) -> &'static str {
        match (self, here) {
            (Self::Violation { rule }, _) => rule,
            (Self::Peer(PeerClosed::Clean), Role::Server) => "client-closed",
            (Self::Peer(PeerClosed::Clean), Role::Client) => "server-closed",
            (Self::Peer(PeerClosed::Truncated), Role::Server) => "client-truncated",
            (Self::Peer(PeerClosed::Truncated), Role::Client) => "server-truncated",
            (Self::Peer(PeerClosed::Reset), Role::Server) => "client-reset",
            (Self::Peer(PeerClosed::Reset), Role::Client) => "server-reset",
            (Self::Peer(PeerClosed::Failed(_)), _) => "transport-failed",
            (Self::ShutDown, _) => "shut-down",
            (Self::Local(Close::Graceful), _) => "closed",
            (Self::Local(Close::Truncate), _) => "truncated",
            (Self::Local(Close::Half), _) => "half-closed",
            (Self::Local(Close::Abort), _) => "aborted",
            (Self::Idle, _) => "idle",
            (Self::Stalled, _) => "stalled",
        }
    }

    /// For people, as a clause that names both ends: `the client reset the connection`. `here` is the end that says so.
    pub fn text(self, here: Role) -> String {
        let (own, peer) = (here.name(), here.peer().name());
        let truncated = |end| format!("the {end} closed the connection without the close_notify alert of TLS");
        match self {
            Self::Violation { rule } => format!("the {peer} broke a rule: {rule}"),
            Self::Peer(PeerClosed::Clean) => format!("the {peer} closed the connection"),
            Self::Peer(PeerClosed::Truncated) => truncated(peer),
            Self::Peer(PeerClosed::Reset) => format!("the {peer} reset the connection"),
            Self::Peer(PeerClosed::Failed(kind)) => format!("the connection failed: {kind}"),
            Self::ShutDown => format!("the {own} ended"),
            Self::Local(Close::Graceful) => format!("the {own} closed the connection"),
            Self::Local(Close::Truncate) => truncated(own),
            Self::Local(Close::Half) => format!("the {own} closed its side of the connection"),
            Self::Local(Close::Abort) => format!("the {own} reset the connection"),
            Self::Idle => "nothing happened for too long".to_owned(),
            Self::Stalled => format!("the {peer} read nothing for too long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_names_itself_and_the_other() {
        let texts = |reason: CloseReason| [Role::Client, Role::Server].map(|role| reason.text(role));
        for (reason, client, server) in [
            (CloseReason::Local(Close::Abort), "the client reset the connection", "the server reset the connection"),
            (CloseReason::Stalled, "the server read nothing for too long", "the client read nothing for too long"),
            (CloseReason::ShutDown, "the client ended", "the server ended"),
        ] {
            assert_eq!(texts(reason), [client, server]);
            assert_eq!(reason.id(Role::Client), reason.id(Role::Server));
        }
    }

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
            assert_eq!(reason.id(Role::Server), id, "{kind}");
            assert!(reason.text(Role::Server).contains(text), "{kind}: {reason:?}");
            assert_eq!(reason.id(Role::Client), id.replace("client", "server"), "{kind}");
            assert_eq!(reason.text(Role::Client), reason.text(Role::Server).replace("client", "server"), "{kind}");
        }
    }
}
