//! What is known of one attempt, as its JSON shows it. Every `time` is in seconds since its connection began.

use crate::transcript::{Closed, Expected, Frame, Violation};
use crate::wire::frame::{ErrorCode, FrameType, GoAway, flag};
use serde::Serialize;
use std::time::Duration;

/// Bytes of a GOAWAY's debug data that are kept.
const MAX_DEBUG: usize = 1_000;

/// Why an outcome, or an attempt, resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::server) enum Why {
    /// Request and response are complete.
    StreamEnded,
    /// The client sent RST_STREAM.
    ClientReset,
    /// The server sent RST_STREAM, or closed the connection before the response was complete.
    ServerReset,
    /// A GOAWAY ended it: the client's with an error code, or the server's that leaves the stream out.
    Goaway,
    /// The client closed the connection, or it broke, before the response was complete.
    ConnectionLost,
    /// The wait is over, and an attempt is still in progress, or what was waited for has not happened.
    Deadline,
    /// No request had the token.
    NeverCame,
}

/// What one end sent of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Half {
    /// Frames on the stream; `None` over HTTP/1.1.
    pub frames: Option<u64>,
    /// Bytes of them, frame headers included; over HTTP/1.1 all bytes of the message.
    pub octets: u64,
    /// Bytes of content; `None` for a response over HTTP/1.1.
    pub content: Option<u64>,
    /// Whether the message is complete.
    pub ended: bool,
    /// END_STREAM came with HEADERS, and the field block goes on.
    #[serde(skip)]
    ends_with_block: bool,
}

impl Half {
    /// Of a message over HTTP/2.
    pub fn of_stream() -> Self {
        Self { frames: Some(0), content: Some(0), ..Self::default() }
    }

    /// Counts bytes, and a frame that begins.
    pub fn count(&mut self, octets: u64, frames: u64) {
        self.octets += octets;
        self.frames = self.frames.map(|count| count + frames);
    }

    /// Counts content.
    pub fn add_content(&mut self, octets: u64) {
        self.content = self.content.map(|count| count + octets);
    }

    /// Notes what a frame's type and flags say of the end. END_STREAM on HEADERS takes effect with the end of the field
    /// block (RFC 9113 §6.2).
    pub fn end_by(&mut self, frame_type: FrameType, flags: u8) {
        let (ends_stream, ends_block) = (flags & flag::END_STREAM != 0, flags & flag::END_HEADERS != 0);
        match frame_type {
            FrameType::DATA => self.ended |= ends_stream,
            FrameType::HEADERS => {
                self.ended |= ends_stream && ends_block;
                self.ends_with_block = ends_stream && !ends_block;
            }
            FrameType::CONTINUATION => self.ended |= self.ends_with_block && ends_block,
            _ => {}
        }
    }

    /// Takes a whole frame.
    pub fn take(&mut self, frame: &Frame) {
        let header = frame.header();
        self.count(9 + u64::from(header.length), 1);
        if let Some((content, _)) = frame.data_lengths() {
            self.add_content(u64::from(content));
        }
        self.end_by(header.frame_type, header.flags);
    }
}

/// A RST_STREAM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Reset {
    pub code: String,
    pub code_number: u32,
    pub time: f64,
}

impl Reset {
    pub fn new(code: ErrorCode, time: Duration) -> Self {
        Self { code: code.to_string(), code_number: code.0, time: time.as_secs_f64() }
    }

    /// Whether it says that nothing is wrong, as after a complete response (RFC 9113 §8.1).
    pub const fn is_no_error(&self) -> bool {
        self.code_number == ErrorCode::NO_ERROR.0
    }
}

/// A GOAWAY.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Goaway {
    pub code: String,
    pub code_number: u32,
    pub last_stream: u32,
    /// One character per byte.
    pub debug: String,
    pub time: f64,
}

impl Goaway {
    pub fn new(goaway: &GoAway, time: Duration) -> Self {
        let debug = goaway.debug.get(..MAX_DEBUG).unwrap_or(&goaway.debug);
        Self {
            code: goaway.code.to_string(),
            code_number: goaway.code.0,
            last_stream: goaway.last_stream_id,
            debug: crate::http::latin1::latin1(debug),
            time: time.as_secs_f64(),
        }
    }

    pub const fn is_error(&self) -> bool {
        self.code_number != ErrorCode::NO_ERROR.0
    }
}

/// What the server sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Sent {
    /// Of the final response.
    pub status: Option<u16>,
    /// Statuses of the responses before it, the first ones.
    pub informational: Vec<u16>,
    #[serde(flatten)]
    pub half: Half,
    /// Bytes of content that were queued and never sent.
    pub not_sent: u64,
    pub reset: Option<Reset>,
    pub goaway: Option<Goaway>,
}

/// What the client did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Client {
    #[serde(flatten)]
    pub half: Half,
    pub reset: Option<Reset>,
    pub goaway: Option<Goaway>,
    /// When and why the connection was closed, by either end.
    pub closed: Option<Ended>,
    /// What it has certainly read; `None` over HTTP/1.1.
    pub read: Option<Read>,
    /// What the server could still send when the attempt was over; `None` over HTTP/1.1, and where the transcript does
    /// not have the beginning of the connection.
    pub window_left: Option<Windows>,
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Ended {
    pub time: f64,
    #[serde(flatten)]
    pub closed: Closed,
}

/// What went out on the stream before a PING that the client acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Read {
    pub frames: u64,
    pub content: u64,
}

/// Windows, in bytes; below zero where more was sent than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Windows {
    pub stream: i64,
    pub connection: i64,
}

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Timed<T> {
    pub time: f64,
    #[serde(flatten)]
    pub what: T,
}

/// When things happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Times {
    /// When the request came, in seconds since 1970.
    pub began: f64,
    /// The same since the connection began, and all that follows too.
    pub request: f64,
    /// The first bytes of the response.
    pub response: Option<f64>,
    /// When it was over.
    pub over: Option<f64>,
}

/// What changes of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Facts {
    pub times: Times,
    pub sent: Sent,
    pub client: Client,
    pub expectations: Vec<Timed<Expected>>,
    pub violations: Vec<Timed<Violation>>,
    /// Expectations and violations that there was no room for.
    pub more: u64,
    /// Records that were gone before they could be counted.
    pub missed: u64,
}
