//! Foreign clients: each fetches one URL and says what happened in one [`Outcome`].
//!
//! A client is a process with a time limit of its own (the crate `h2` is in this one). Its words are put beside what
//! a [`Relay`] saw it send, since not every client tells the code it judged with.

#![allow(dead_code, reason = "a vocabulary for tests: not each word is used yet by one")]

pub mod command_lines;
pub mod cookbook;
pub mod crate_h2;
pub mod engine;
pub mod exports;
pub mod fetch;
pub mod files;
pub mod grpc;
pub mod hooks;
pub mod hpack_python;
pub mod inspector;
pub mod lanes;
pub mod malformed;
pub mod pipes;
pub mod profiles;
pub mod readme;
pub mod redis;
pub mod runners;
pub mod scripts;
pub mod selftest;
pub mod shipped;
pub mod verdicts;
pub mod wire_js;
pub mod witnesses;
pub mod wptserve;

use crate::support::relay::{Recorded, Relay};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use wireserve::wire::frame::{ErrorCode, FrameType};

/// How a fetch ended, from the client's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A final response to its end.
    Complete,
    /// The stream was reset, by either side, with [`Outcome::code`].
    StreamError,
    /// The connection was ended by GOAWAY, by either side, with [`Outcome::code`].
    ConnectionError,
    /// Nothing more came, and the client gave up.
    Timeout,
    /// What [`Outcome::detail`] says.
    #[default]
    Other,
}

/// What one client made of one URL.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Outcome {
    pub client: String,
    pub version: String,
    pub result: Ending,
    /// The error code of `StreamError` and `ConnectionError`, where known.
    pub code: Option<u32>,
    /// Whose frame carried it, `client` or `server`, where known.
    pub by: Option<String>,
    /// As the client gives it: httpx takes `-200` for a status.
    pub status: Option<i32>,
    pub headers: Vec<(String, String)>,
    pub informational: Vec<Informational>,
    pub trailers: Vec<(String, String)>,
    pub pushes: Vec<serde_json::Value>,
    pub body_octets: u64,
    pub body_sha256: Option<String>,
    /// It judged the connection on the wire and still waited to its time limit (Node does).
    pub waited: bool,
    /// The client's own words about an error.
    pub detail: String,
    /// Counted by the driver of Python's h2.
    pub data_frames: u64,
    pub empty_data_frames: u64,
    pub complete_streams: u64,
    pub ping_acks: u64,
    pub settings_acks: u64,
}

/// A 1xx response.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Informational {
    pub status: i32,
    pub headers: Vec<(String, String)>,
}

impl Outcome {
    /// The first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// `complete 200, 5 octets`, `connection-error FRAME_SIZE_ERROR by client`: what `fixtures/` keep. Nothing that
    /// differs from run to run (ports, times, texts of messages).
    pub fn summary(&self) -> String {
        let mut words = match self.result {
            Ending::Complete => "complete".to_owned(),
            Ending::StreamError => "stream-error".to_owned(),
            Ending::ConnectionError => "connection-error".to_owned(),
            Ending::Timeout => "timeout".to_owned(),
            Ending::Other => "other".to_owned(),
        };
        if let Some(code) = self.code {
            words += &format!(" {}", error_name(code));
        }
        if let Some(by) = &self.by {
            words += &format!(" by {by}");
        }
        if self.waited {
            words += ", then waits";
        }
        // Of a response that broke off, how much the client still saw is a matter of how the octets were cut.
        if let (Ending::Complete, Some(status)) = (self.result, self.status) {
            words += &format!(", status {status}, {} octets", self.body_octets);
        }
        words
    }

    /// Puts what the wire shows over what the client said: its own GOAWAY or RST_STREAM names the code it judged with.
    fn with_wire(mut self, records: &[Recorded]) -> Self {
        if self.result == Ending::Complete {
            return self;
        }
        let gave_up = self.result == Ending::Timeout;
        let word = |payload: &[u8], at: usize| {
            payload.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
        };
        let client = records.iter().flat_map(|record| record.client_frames()).map(|frame| ("client", frame));
        let server = records.iter().flat_map(|record| record.server_frames()).map(|frame| ("server", frame));
        let frames: Vec<_> = client.chain(server).collect();
        for (ending, frame_type, at) in
            [(Ending::ConnectionError, FrameType::GOAWAY, 4), (Ending::StreamError, FrameType::RST_STREAM, 0)]
        {
            let judged = frames.iter().find_map(|(by, frame)| {
                let code = (frame.header.frame_type == frame_type).then(|| word(&frame.payload, at)).flatten()?;
                (code != 0 || frame_type == FrameType::RST_STREAM).then_some((*by, code))
            });
            // The RST_STREAM of a client that gives up is its good-bye, not its judgement.
            let judged = judged.filter(|_| !gave_up || ending == Ending::ConnectionError);
            if let Some((by, code)) = judged {
                self.waited = gave_up;
                (self.result, self.code, self.by) = (ending, Some(code), Some(by.to_owned()));
                return self;
            }
        }
        self
    }
}

/// The registered name of an error code (RFC 9113 §7), or its number.
pub fn error_name(code: u32) -> String {
    ErrorCode(code).name().map_or_else(|| format!("{code:#x}"), str::to_owned)
}

pub fn sha256(octets: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, octets).as_ref())
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What to fetch.
#[derive(Clone, Debug)]
pub struct Request {
    pub url: String,
    pub method: &'static str,
    pub headers: Vec<(String, String)>,
    /// Octets of body.
    pub upload: u64,
    /// The authority to trust on `https` URLs.
    pub ca: Option<PathBuf>,
    /// Seconds until the client gives up.
    pub max_time: u32,
    /// Arguments that only this client's driver knows.
    pub extra: Vec<&'static str>,
}

impl Request {
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: "GET",
            headers: Vec::new(),
            upload: 0,
            ca: None,
            max_time: 15,
            extra: Vec::new(),
        }
    }

    pub fn post(url: impl Into<String>, octets: u64) -> Self {
        Self { method: "POST", upload: octets, ..Self::get(url) }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn trusting(mut self, ca: PathBuf) -> Self {
        self.ca = Some(ca);
        self
    }

    pub fn within(mut self, seconds: u32) -> Self {
        self.max_time = seconds;
        self
    }

    pub fn extra(mut self, arguments: &[&'static str]) -> Self {
        self.extra.extend_from_slice(arguments);
        self
    }
}

/// A client by its name in records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Client {
    Curl,
    Nghttp,
    PythonH2,
    Httpx,
    Node,
    CrateH2,
}

impl Client {
    pub const ALL: [Self; 6] = [Self::Curl, Self::Nghttp, Self::PythonH2, Self::Httpx, Self::Node, Self::CrateH2];
    /// Those whose driver verifies TLS.
    pub const WITH_TLS: [Self; 5] = [Self::Curl, Self::Nghttp, Self::Httpx, Self::Node, Self::CrateH2];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Nghttp => "nghttp",
            Self::PythonH2 => "python-h2",
            Self::Httpx => "httpx",
            Self::Node => "node",
            Self::CrateH2 => "crate-h2",
        }
    }

    /// Fetches; `None` when the client is not installed (see `support::programs`).
    pub fn fetch(self, request: &Request) -> Option<Outcome> {
        match self {
            Self::Curl => command_lines::curl(request),
            Self::Nghttp => command_lines::nghttp(request),
            Self::PythonH2 => scripts::python_h2(request),
            Self::Httpx => scripts::httpx(request),
            Self::Node => scripts::node(request),
            Self::CrateH2 => Some(crate_h2::fetch(request)),
        }
    }

    /// Fetches `path` from a clear-text server through a relay, which tells what the client sent.
    pub fn fetch_recorded(self, server: SocketAddr, path: &str, max_time: u32) -> Option<Outcome> {
        self.fetch_through(server, path, |url| Request::get(url).within(max_time))
    }

    /// As [`Client::fetch_recorded`], with a request that is made of the relay's URL.
    pub fn fetch_through(
        self,
        server: SocketAddr,
        path: &str,
        request: impl FnOnce(String) -> Request,
    ) -> Option<Outcome> {
        let relay = Relay::start(server);
        let outcome = self.fetch(&request(format!("http://{}{path}", relay.address())))?;
        Some(outcome.with_wire(&relay.records()))
    }
}
