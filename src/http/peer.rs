//! What is known of a connection before anything is sent on it: its protocol, its ends, its TLS.

use std::fmt;

/// The protocol that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 9112, HTTP/1.0 included.
    Http1,
    /// RFC 9113.
    Http2,
}

impl Protocol {
    /// The protocol that this one is not.
    pub const fn other(self) -> Self {
        match self {
            Self::Http1 => Self::Http2,
            Self::Http2 => Self::Http1,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// Both ends of a connection, as far as they are known. Addresses are text: modules below `net` have no sockets.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// Unique in this process.
    pub id: u64,
    /// The client's address and port, `127.0.0.1:50000`.
    pub client_address: String,
    /// The address and port that it connected to.
    pub server_address: String,
    /// The port that it connected to.
    pub server_port: u16,
    /// What TLS agreed on; `None` without TLS.
    pub tls: Option<Tls>,
    /// The name of the profile that controls the connection.
    pub profile: Option<String>,
    /// HTTP/1.1 on a port that is for HTTP/2: every request is to be refused.
    pub wrong_protocol: bool,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The name that the client asked for (RFC 6066 §3).
    pub sni: Option<String>,
    /// The protocol agreed on (RFC 7301).
    pub alpn: Option<String>,
    /// `TLSv1.3` and the like.
    pub version: String,
    /// The cipher suite's registered name.
    pub cipher: String,
}
