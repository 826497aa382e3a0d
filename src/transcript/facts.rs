//! What is known of a connection beside its records.

use super::codec::{milliseconds, seconds};
use super::moment::compact;
use super::record::{Closed, Expected, Side};
use crate::http::peer::{Peer, Protocol, Tls};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::time::Duration;

/// What is known of a connection, without its records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The connection's number in the process that recorded it.
    pub id: u64,
    /// The protocol spoken.
    #[serde(with = "protocol")]
    pub protocol: Protocol,
    /// The end that recorded.
    pub recorded_by: Side,
    /// The client's address and port.
    pub client_address: String,
    /// The server's address and port.
    pub server_address: String,
    /// The server's port.
    pub server_port: u16,
    /// What TLS agreed on; `None` without TLS.
    pub tls: Option<TlsFacts>,
    /// The profile that controls the connection.
    pub profile: Option<String>,
    /// When it began, since 1970.
    #[serde(with = "seconds")]
    pub opened: Duration,
    /// When and why it ended; `None` while it is open.
    pub closed: Option<Ending>,
    /// How many requests there were.
    pub requests_total: u64,
    /// The newest of them, up to a hundred, as far as their records are there.
    pub requests: Vec<RequestFacts>,
    /// The client's newest GOAWAY; `None` if there is no record of one.
    pub client_goaway: Option<GoAwayFacts>,
    /// The newest resets of streams, up to a hundred, as far as their records are there.
    pub resets: Vec<ResetFacts>,
    /// What went wrong.
    pub errors: Errors,
    /// What scripts expected.
    pub expectations: Vec<TimedExpectation>,
    /// How many of these were not so.
    pub expectations_failed: u64,
    /// Expectations that there was no room for.
    pub expectations_dropped: u64,
    /// Records that had to go, the oldest ones.
    pub records_dropped: u64,
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFacts {
    /// The name that the client asked for (RFC 6066 §3).
    pub sni: Option<String>,
    /// The protocol agreed on (RFC 7301).
    pub alpn: Option<String>,
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: String,
    /// The cipher suite's registered name.
    pub cipher: String,
}

/// When and why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Why.
    #[serde(flatten)]
    pub closed: Closed,
}

/// A request of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// When its headers were complete, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Its stream, or over HTTP/1.1 its number.
    pub stream: u64,
    /// The method, one character per byte.
    pub method: String,
    /// The target, one character per byte.
    pub path: String,
    /// The protocol that it came over.
    #[serde(with = "protocol")]
    pub protocol: Protocol,
    /// The status of its final response; `None` if there is none yet.
    pub status: Option<u16>,
    /// From its headers to the end of the response; `None` if that has not ended.
    #[serde(rename = "ms", with = "milliseconds")]
    pub took: Option<Duration>,
}

/// A reset of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetFacts {
    /// When, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// Which stream.
    pub stream: u32,
    /// The code, by name.
    pub code: String,
    /// The end that sent it.
    pub by: Side,
}

/// A GOAWAY.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAwayFacts {
    /// When, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// The code, by name.
    pub code: String,
    /// The last stream ID.
    pub last_stream: u32,
    /// Its debug data, one character per byte.
    pub debug: String,
}

/// How often what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// Rules that the peer broke.
    pub violations: u64,
    /// Streams that the peer reset.
    pub peer_resets: u64,
    /// The code of the peer's newest GOAWAY, by name.
    pub peer_goaway: Option<String>,
}

/// What a script expected, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedExpectation {
    /// When, since the connection began.
    #[serde(with = "seconds")]
    pub time: Duration,
    /// What.
    #[serde(flatten)]
    pub expected: Expected,
}

impl From<&Tls> for TlsFacts {
    fn from(tls: &Tls) -> Self {
        let Tls { sni, alpn, version, cipher } = tls;
        Self { sni: sni.clone(), alpn: alpn.clone(), version: version.clone(), cipher: cipher.clone() }
    }
}

impl Facts {
    /// Those of a connection that begins.
    pub(super) fn of(peer: &Peer, protocol: Protocol, recorded_by: Side, opened: Duration) -> Self {
        Self {
            id: peer.id,
            protocol,
            recorded_by,
            client_address: peer.client_address.clone(),
            server_address: peer.server_address.clone(),
            server_port: peer.server_port,
            tls: peer.tls.as_ref().map(TlsFacts::from),
            profile: peer.profile.clone(),
            opened,
            closed: None,
            requests_total: 0,
            requests: Vec::new(),
            client_goaway: None,
            resets: Vec::new(),
            errors: Errors::default(),
            expectations: Vec::new(),
            expectations_failed: 0,
            expectations_dropped: 0,
            records_dropped: 0,
        }
    }
}

impl Facts {
    /// What a file with the transcript is called, without a suffix: `20261201-003011-000007-h2`. Names sort by time.
    pub fn file_name(&self) -> String {
        let protocol = match self.protocol {
            Protocol::Http1 => "h1",
            Protocol::Http2 => "h2",
        };
        format!("{}-{:06}-{protocol}", compact(self.opened), self.id)
    }
}

/// A protocol by its name, for `#[serde(with)]`.
mod protocol {
    use super::*;

    pub fn serialize<S: Serializer>(protocol: &Protocol, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(protocol)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = [Protocol::Http1, Protocol::Http2].into_iter().find(|protocol| protocol.to_string() == name);
        found.ok_or_else(|| D::Error::custom(format!("expected HTTP/1.1 or HTTP/2, not {name:?}")))
    }
}
